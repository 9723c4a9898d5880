-- @name state/audit_failure_rows
-- What: rows that an audit found wrong, as `psyberg_audit_failure` holds them.
-- @param $rows JSON an array
select
  process_name,
  psyberg_session_id,
  audit_name,
  severity,
  target_table,
  failing_rows::bigint as failing_rows,
  failing_row,
  created_at::timestamptz as created_at
from (
  select unnest(from_json($rows, '[{
    "process_name": "VARCHAR", "psyberg_session_id": "VARCHAR", "audit_name": "VARCHAR", "severity": "VARCHAR", "target_table": "VARCHAR",
    "failing_rows": "VARCHAR", "failing_row": "VARCHAR", "created_at": "VARCHAR"
  }]'), recursive := true)
)
