/** Describes what a compaction did, as the record says it, and sums two of them. */
import type { MaintainRecord } from '../model/maintain-record.ts';

export type Compacted = NonNullable<MaintainRecord['compacted']>;
export const NOTHING_DONE: Compacted = {
  files_before: 0,
  files_after: 0,
  delete_files_applied: 0,
  rows: '0',
  bytes_before: '0',
  bytes_after: '0',
};

export const sumOf = (left: Compacted, right: Compacted): Compacted => ({
  files_before: left.files_before + right.files_before,
  files_after: left.files_after + right.files_after,
  delete_files_applied: left.delete_files_applied + right.delete_files_applied,
  rows: String(BigInt(left.rows) + BigInt(right.rows)),
  bytes_before: String(BigInt(left.bytes_before) + BigInt(right.bytes_before)),
  bytes_after: String(BigInt(left.bytes_after) + BigInt(right.bytes_after)),
});
