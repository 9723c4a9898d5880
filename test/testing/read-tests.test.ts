// Goal: what is wrong with a test is said with file, line, column and a hint, and the other tests still run. Method:
// files with one mistake each, through the real reader.
import { describe, expect, it } from 'vitest';
import { readProject } from '../../src/project/read-project.ts';
import { readTests, testFilesOf } from '../../src/testing/read/read-tests.ts';
import { makeTestProject, processText } from './project.ts';

const PROCESSES = {
  'processes/cancel.sql': processText('cancel_load', {
    sql: 'select event_id, cancel_ts from cancels',
    more: 'audits: [{ not_null: { columns: [event_id] } }]\n',
  }),
};

/** A test of which one line is another one. */
const ENTRY = `tests:
  - name: it works
    process: cancel_load
    arrivals:
      - rows: { raw.cancels: [{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }] }
        expect: { row_count: 1 }
`;

function problemsOf(text: string): string[] {
  const { root } = makeTestProject({ ...PROCESSES, 'tests/bad.yaml': text });
  const project = readProject({ root });
  return readTests(project, testFilesOf(project)).unread.flatMap(({ problems }) =>
    problems.map(
      ({ file, line, column, message, hint }) =>
        `${file}:${line}:${column} ${message}${hint === null ? '' : ` | ${hint}`}`,
    ),
  );
}

describe('a test file', () => {
  it('that is right has no problem', () => expect(problemsOf(ENTRY)).toEqual([]));
  it.each([
    ['an unknown key', ['expect:', 'expects:'], "6:9 unknown key 'expects'"],
    ['an unknown expectation', ['row_count', 'rowcount'], "6:19 unknown key 'rowcount'"],
    [
      'an unknown process',
      ['process: cancel_load', 'process: cancel_lod'],
      "3:14 the project has no process 'cancel_lod' | did you mean 'cancel_load'?",
    ],
    ['no process', ['    process: cancel_load\n', ''], "2:5 missing key 'process'"],
    [
      'a table that nobody reads',
      ['raw.cancels', 'raw.cancel'],
      "5:17 no process of this test reads raw.cancel | did you mean 'raw.cancels'?",
    ],
    [
      'rows of the target',
      ['raw.cancels', 'facts.cancel_load'],
      "5:17 facts.cancel_load is written by this test's processes",
    ],
    [
      'no name of a table',
      ['raw.cancels', 'cancels'],
      "5:17 a table is named namespace.table, found 'cancels' | did you mean 'raw.cancels'?",
    ],
    [
      'an audit that the process has not',
      ['row_count: 1', 'audits: { uniqe: passed }'],
      "6:29 cancel_load has no audit 'uniqe': nothing checks this",
    ],
    ['an empty expectation', ['{ row_count: 1 }', '{}'], '6:17 nothing is expected here'],
    [
      'an expectation of another process',
      ['expect: { row_count: 1 }', 'expect_of: { other_load: { row_count: 1 } }'],
      "6:22 'other_load' is no process of this test: nothing checks this",
    ],
    ['an unknown error code', ['row_count: 1', 'error: source-chnged'], '6:26'],
    [
      'a status that does not go with an error',
      ['row_count: 1', 'status: published, error: source-changed'],
      '6:45 a run that is published has no error',
    ],
    ['no hour', ['row_count: 1', 'hours: [yesterday]'], '6:27'],
    ['no time', ['      - rows', '      - at: soon\n        rows'], '5:13'],
    [
      'a file that is not there',
      ['[{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }]', '{ file: no.csv }'],
      '5:38 the file no.csv does not exist',
    ],
    [
      'an unknown form of rows',
      ['[{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }]', '{ cvs: "a" }'],
      "5:30 unknown key 'cvs' in rows | did you mean 'csv'?",
    ],
    [
      'orders that nothing judges',
      ['    arrivals', '    equals_recompute: false\n    orders: 3\n    arrivals'],
      '5:5 other orders are judged by equals_recompute alone',
    ],
    [
      'nothing that is checked',
      ['        expect: { row_count: 1 }\n', '    equals_recompute: false\n'],
      '6:5 nothing is checked',
    ],
    [
      'nothing that arrives',
      [
        'rows: { raw.cancels: [{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z }] }',
        'complete_to: 2023-09-14T05',
      ],
      '5:9 nothing arrives',
    ],
    [
      'complete_to without effect',
      [
        '    arrivals:\n      - rows',
        '    vtts: real\n    arrivals:\n      - complete_to: 2023-09-14T05\n        rows',
      ],
      '6:9 complete_to says nothing',
    ],
  ] as const)('%s', (_what, [from, to], expected) => {
    expect(ENTRY).toContain(from);
    const [problem = 'no problem'] = problemsOf(ENTRY.replace(from, to));
    expect(problem).toContain(`tests/bad.yaml:${expected}`);
  });
  it.each([
    ['without tests', 'tests: []\n', '1:8 the file has no tests'],
    ['that is empty', '', '1:1 the file has no tests'],
    ['of something else', 'name: x\n', "1:1 unknown key 'name'"],
    ['that is no YAML', 'tests:\n\t- a\n', '2:1 not valid YAML'],
  ])('%s', (_what, text, expected) => {
    expect(problemsOf(text)[0]).toContain(`tests/bad.yaml:${expected}`);
  });
  it('two tests of one name', () => {
    expect(problemsOf(ENTRY + ENTRY.replace('tests:\n', ''))[0]).toContain(
      "two tests have the name 'it works'",
    );
  });
  it('one wrong test leaves the others', () => {
    const { root } = makeTestProject({
      ...PROCESSES,
      'tests/bad.yaml':
        ENTRY + ENTRY.replace('tests:\n', '').replace('it works', 'bad').replace('expect:', 'expct:'),
    });
    const project = readProject({ root });
    const read = readTests(project, testFilesOf(project));
    expect(read.tests.map(({ name }) => name)).toEqual(['it works']);
    expect(read.unread.map(({ name }) => name)).toEqual(['bad']);
  });
});
