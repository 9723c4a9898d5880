/*---
process_name: click_load
pattern: stateless
sources:
  - table: raw.clicks
    start: '4'
  - table: raw.views
    start: '2023-09-14T05:00:00Z'
    vtts: { property: complete-to }
target:
  table: facts.click
---*/
select url from clicks union all select url from views
