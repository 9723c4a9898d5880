// Goal: macros, variables and audits of a project mean in its tests what they mean in its sessions; a part of the
// project that is wrong does not keep the tests of the others from running. Method: projects in a folder.
import { expect, it } from 'vitest';
import { readSoundParts } from '../../src/project/read-project.ts';
import { runTests } from '../../src/testing/run-tests.ts';
import { makeTestProject, processText } from './project.ts';

const TEST = (process: string, expected: string): string => `  - name: of ${process}
    process: ${process}
    arrivals:
      - rows:
          raw.cancels:
            sql: "select i as event_id, plus_one(i) as account_id, timestamptz '2023-09-14 05:10:00+00' as cancel_ts, ' Note ' as note from range(4) t(i)"
        expect: { rows: ${expected} }
      - rows: { raw.cancels: [ { event_id: 9, account_id: 9, cancel_ts: 2023-09-14T06:10:00Z, note: n } ] }
`;
const SQL = `select event_id, cancel_ts, clean(note) as note from recent('cancels', $day) where event_id >= $least`;
const AUDITS = 'audits:\n  - held: { column: note, values: [note, n] }\n  - row_count: { min: 1 }\n';
const FILES = {
  'psyberg.yaml': 'name: p\ncatalog: { warehouse: w }\nvars: { least: 3, day: 2023-09-14 }\n',
  'macros/m.sql':
    'create macro clean(x) as lower(trim(x)); create macro plus_one(x) as x + 1;\ncreate macro recent(rows, day) as table from query_table(rows) where cancel_ts >= day;',
  'audits/held.sql':
    '-- @param column IDENTIFIER\n-- @param values VARCHAR[]\nselect * from staged where {{column}} not in (select unnest($values))',
  'processes/good.sql': processText('good', { sql: SQL, more: AUDITS }),
  'tests/good.yaml': `tests:\n${TEST('good', '[ { event_id: 3, note: note } ]')}`,
};

it('a test plays and rehearses with them, also in its own rows', async () => {
  const project = makeTestProject(FILES);
  expect(await project.run()).toMatchObject({ passed: 1, failed: 0, tests: [{ orders: 2 }] });
  const parts = readSoundParts({ root: project.root, variables: { least: '2' } });
  const { tests } = await runTests(parts.project, { unusable: parts.unusable });
  expect(tests).toMatchObject([{ status: 'failed', failures: [{ what: 'rows', missing: [] }] }]);
  expect(tests[0]?.failures[0]?.extra).toHaveLength(1);
});

it('what is wrong is an error of the tests that use it, with its place; the others are played', async () => {
  const wrong = {
    'macros/circle.sql': 'create macro ring(x) as ring(x);',
    'macros/unparsed.sql': 'create macro broken(x) as\n  x +;\ncreate macro upon(x) as broken(x);',
    'macros/unused.sql': 'select 1',
    'processes/circular.sql': processText('circular', {
      sql: 'select ring(event_id) as e, cancel_ts from cancels',
    }),
    'processes/unparsed.sql': processText('unparsed', {
      sql: 'select upon(event_id) as e, cancel_ts from cancels',
    }),
    'processes/unset.sql': processText('unset', { sql: 'select $unset as e, cancel_ts from cancels' }),
    'tests/wrong.yaml': `tests:\n${['circular', 'unparsed', 'unset'].map((name) => TEST(name, '[]')).join('')}`,
  };
  const project = makeTestProject({ ...FILES, ...wrong });
  const parts = readSoundParts({ root: project.root });
  const { tests, passed, failed } = await runTests(parts.project, { unusable: parts.unusable });
  expect([passed, failed]).toEqual([1, 4]);
  const found = tests.map(({ name, status, error }) => [name, status, error?.message.split('\n')[0]]);
  expect(found.sort()).toEqual([
    [
      'macros/unused.sql',
      'error',
      expect.stringContaining('macros/unused.sql:1:1 a file of macros/ holds only'),
    ],
    ['of circular', 'error', 'macros/circle.sql:1:14 the macro ring uses itself'],
    ['of good', 'passed', undefined],
    [
      'of unparsed',
      'error',
      expect.stringContaining('macros/unparsed.sql:1:14 the macro broken cannot be defined: Parser Error'),
    ],
    ['of unset', 'error', 'processes/unset.sql:8:8 unknown parameter $unset'],
  ]);
});
