/*---
process_name: readers_load
pattern: stateless
sources:
  - files: landing/*.jsonl
  - { files: landing/orders/*, alias: unknown }
  - { files: [landing/*.csv, landing/*.jsonl], alias: several }
  - { files: landing/*.parquet, alias: typed, columns: { id: bigint }, on_bad_rows: quarantine }
  - { files: landing/*.csv, alias: options, options: { delim: ";", columns: { id: bigint }, filename: true } }
  - { files: landing/*.txt, alias: shapes, format: text, settle: 30, on_file_change: append }
  - { files: https://example.com/2023/*.csv, alias: web }
target: { table: raw.readers }
---*/
select 1 as one
