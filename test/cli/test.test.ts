// Goal: psyberg test as a person and as a CI server see it. Method: the command as a child process over one project.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, cli, makeProject, type Project, removeFolders } from './fixture.ts';

const PROCESS = `/*---
process_name: cancel_load
pattern: stateful
sources: [{ table: raw.cancels, event_time: cancel_ts }]
target: { table: facts.cancel, event_time: cancel_ts }
---*/
select event_id, cancel_ts, upper(kind) as kind from cancels
`;
const test = (name: string, kind: string): string => `  - name: ${name}
    process: cancel_load
    arrivals:
      - rows: { raw.cancels: [{ event_id: 1, cancel_ts: 2023-09-14T05:30:00Z, kind: a }] }
        expect: { rows: [{ event_id: 1, kind: ${kind} }] }
`;

let project: Project;
let all: CliResult & { readonly junit: string };
let json: CliResult;

beforeAll(async () => {
  project = makeProject({
    'processes/cancel_load.sql': PROCESS,
    'tables/raw/cancels.sql':
      'create table raw.cancels (event_id bigint, cancel_ts timestamptz, kind varchar, unread blob);\n',
    'tests/good.yaml': `tests:\n${test('kinds are upper case', 'A')}`,
    'tests/bad.yaml': `tests:\n${test('kinds stay <as> they are', 'a')}`,
    'tests/unread.yaml': 'tests: []\n',
  });
  const junit = join(project.root, 'report.xml');
  const result = await cli('test', '--project', project.root, '--junit', junit);
  all = { ...result, junit: readFileSync(junit, 'utf8') };
  json = await cli('test', 'tests/bad.yaml', '--project', project.root, '--keep', '--json');
});
afterAll(removeFolders);

describe('psyberg test', () => {
  it('says per test what came of it, cell by cell, with the plan and the command that plays it again', () => {
    expect(all.stdout).toMatch(/pass {3}tests\/good\.yaml {2}kinds are upper case/);
    expect(all.stdout).toMatch(/FAIL {3}tests\/bad\.yaml {2}kinds stay <as> they are/);
    expect(all.stdout).toContain(
      'after arrival 1: rows of the target of cancel_load: 1 row missing, 1 not expected',
    );
    expect(all.stdout).toMatch(/~ {2}1 +A, not a\n/);
    expect(all.stdout).toContain('plan of cancel_load at that step: overwrite facts.cancel, 2023-09-14 05h');
    expect(all.stdout).toContain("again: psyberg test tests/bad.yaml 'kinds stay <as> they are'");
    expect(all.stdout).toContain('tests/unread.yaml:1:8 the file has no tests');
    expect(all.stdout).toMatch(/3 tests: 1 passed, 1 failed, 1 could not be run/);
  });
  it('ends with 2 when one could not be read, with 3 when one failed', () => {
    expect(all.code).toBe(2);
    expect(json.code).toBe(3);
  });
  it('writes JUnit XML', () => {
    expect(all.junit).toContain('<testsuites name="psyberg" tests="3" failures="1" errors="1"');
    expect(all.junit).toContain('<testcase name="kinds stay &lt;as&gt; they are" classname="tests/bad.yaml"');
    expect(all.junit).toMatch(/<failure message="rows after arrival 1 in the order 1">/);
    expect(all.junit).not.toMatch(/<as>/);
  });
  it('prints one document with --json, and leaves the warehouse with --keep', async () => {
    const document = JSON.parse(json.stdout) as { tests: { folder: string }[] };
    expect(document).toMatchObject({
      tests: [
        {
          name: 'kinds stay <as> they are',
          file: 'tests/bad.yaml',
          process_names: ['cancel_load'],
          status: 'failed',
          orders: 1,
          failures: [
            {
              arrival: 1,
              order: [1],
              what: 'rows',
              missing: [{ event_id: '1', kind: 'a' }],
              extra: [{ event_id: '1', kind: 'A' }],
            },
          ],
          error: null,
        },
      ],
      passed: 0,
      failed: 1,
    });
    const folder = document.tests[0]?.folder as string;
    const kept = await cli('sql', 'select kind from facts.cancel', '--project', folder, '--json');
    expect(JSON.parse(kept.stdout)).toMatchObject({ rows: [{ kind: 'A' }] });
    rmSync(folder, { recursive: true });
  });
  it('never touches the warehouse of the project', () => {
    expect(existsSync(join(project.root, 'warehouse'))).toBe(false);
  });
  it('says which name it does not know', async () => {
    const result = await cli('test', 'kinds are uper case', '--project', project.root);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain("no test has 'kinds are uper case' in its name");
    expect(result.stderr).toContain("did you mean 'kinds are upper case'?");
  });
});

describe('psyberg test --create', () => {
  it('takes rows of the warehouse, in the columns that the query reads, and the test passes', async () => {
    const ddl = await cli(
      'sql',
      '--file',
      join(project.root, 'tables/raw/cancels.sql'),
      '--project',
      project.root,
    );
    expect(ddl.code).toBe(0);
    await project.sql(
      "insert into raw.cancels select n, timestamptz '2023-09-14 05:00:00+00' + to_minutes(n), 'k' || n, null from range(90) as t(n)",
    );
    const created = await cli('test', '--create', 'cancel_load', '--project', project.root);
    expect(created.stdout).toBe('created tests/cancel_load.yaml\n');
    const text = readFileSync(join(project.root, 'tests/cancel_load.yaml'), 'utf8');
    expect(text).toContain('- { event_id: 60, cancel_ts: 2023-09-14T06:00:00Z, kind: k60 }');
    expect(text).toContain('- { event_id: 62, cancel_ts: 2023-09-14T06:02:00Z, kind: K62 }');
    expect(text).not.toContain('unread');
    const played = await cli('test', 'cancel_load.yaml', '--project', project.root);
    expect(played.stdout).toContain('1 test: 1 passed');
    const again = await cli('test', '--create', 'cancel_load', '--project', project.root);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('never overwritten');
  });
});
