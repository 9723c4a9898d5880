/**
 * Says what every key of a test file means, by its path; the reference page and the schema are made from it.
 */
export const TESTS_KEYS: Readonly<Record<string, string>> = {
  tests: 'The tests. Each runs in a warehouse of its own, in a temporary folder.',
  'tests[].name':
    'Says what is claimed; unique in the file. `psyberg test NAME` runs the tests that hold it.',
  'tests[].process': 'The process that is tested.',
  'tests[].processes': 'In place of `process`: a chain, run in dependency order after each arrival.',
  'tests[].arrivals': 'What lands, one after the other; after each of them the processes run.',
  'tests[].arrivals[].at':
    'The clock of that run. Default: an hour after the newest event time so far. It never goes back.',
  'tests[].arrivals[].complete_to':
    'How far the sources are complete: an hour, a day (to its last hour), or a map of tables to these. Default: the hour before the clock. Not for tables that the chain writes: these are complete as the process says.',
  'tests[].arrivals[].delete':
    'Rows that are deleted first, by table: a condition in SQL. With `rows` of the same table, both are one commit: a rewrite. Not of files.',
  'tests[].arrivals[].rows':
    'Rows that land, by table, or in a folder of files by the alias of its source or by its glob: a list of maps (columns that are left out are NULL), `{ csv: TEXT }` with a head, `{ sql: QUERY }`, or `{ file: PATH }` (CSV, JSON or Parquet, relative to the test).',
  'tests[].arrivals[].expect': 'What is expected of the last process. Judged in the given order only.',
  'tests[].arrivals[].expect.status': 'How its run ended.',
  'tests[].arrivals[].expect.operation': 'What it did to the target.',
  'tests[].arrivals[].expect.hours':
    'The hours that it loaded: of a stateless process those in which its new rows lie. A day is all of its hours; of a process of days each hour is its day.',
  'tests[].arrivals[].expect.owed_hours': 'The hours that it still owes.',
  'tests[].arrivals[].expect.audits': 'Audits by name: `passed` or `failed`.',
  'tests[].arrivals[].expect.row_count': 'How many rows the target has.',
  'tests[].arrivals[].expect.rows':
    'All rows of the target, in any order; of each only the columns that it names are compared.',
  'tests[].arrivals[].expect.error': 'An [error code](error-codes.md), or `null`: none.',
  'tests[].arrivals[].expect_of':
    'The same as `expect`, by process: for those of a chain that are not its last.',
  'tests[].equals_recompute':
    'After the last arrival each target equals its SQL over whole tables, in all complete hours. Default: `true`.',
  'tests[].orders':
    'In which orders the arrivals are played. `all`: in every one while there are at most 5, else in 24 of them; a number: in that many; `given`: as they stand. Default: `all`.',
  'tests[].seed': 'Chooses the orders where not all are played. Default: 1.',
  'tests[].vtts': '`real`: the sources are complete as the process says, and not as `complete_to` does.',
};

/** The forms in which rows may be written, which the reference describes in one sentence. */
export const ROW_FORM_KEYS: Readonly<Record<string, string>> = {
  'tests[].arrivals[].rows.*.csv': 'The rows as CSV, with a head of column names.',
  'tests[].arrivals[].rows.*.sql': 'A query that gives the rows.',
  'tests[].arrivals[].rows.*.file': 'A CSV, JSON or Parquet file, relative to the folder of the test.',
};

/** Sample values, for editors. */
export const TESTS_EXAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  'tests[].name': ['a late request turns a cancel voluntary'],
  'tests[].process': ['cancel_fact_load'],
  'tests[].processes': [['event_fact_load', 'event_count_load']],
  'tests[].arrivals[].at': ['2023-09-14T06:05:00Z'],
  'tests[].arrivals[].complete_to': ['2023-09-14T05', { 'facts.cancel_request_fact': '2023-09-14T04' }],
  'tests[].arrivals[].delete': [{ 'raw.raw_cancels': 'event_id = 3' }],
  'tests[].arrivals[].rows': [
    { 'raw.raw_cancels': [{ event_id: 1, account_id: 7 }] },
    { 'raw.raw_cancels': { file: 'cancels.csv' } },
  ],
  'tests[].arrivals[].expect.hours': [['2023-09-14T05']],
  'tests[].arrivals[].expect.owed_hours': [['2023-09-14T06']],
  'tests[].arrivals[].expect.audits': [{ unique: 'passed' }],
  'tests[].arrivals[].expect.rows': [[{ event_id: 1, churn_type: 'voluntary' }]],
  'tests[].orders': ['all', 'given', 10],
};
