// Goal: what `psyberg check` prints is for people, programs and GitHub. Method: the real command line.
import { afterAll, expect, it } from 'vitest';
import { cli, cliJson, makeProject, removeFolders } from './fixture.ts';

afterAll(removeFolders);

const PROCESS = `/*---
process_name: a_load
pattern: stateless
sources:
  - { table: raw.events, event_time: event_ts, alias: e }
target: { table: facts.a }
---*/
select evnt_id, now() as at from e
`;

it('prints lines, one document, or annotations, and exits with 2 for an error', async () => {
  const { root, write } = makeProject({
    'tables/raw/events.sql': 'create table raw.events (event_id bigint, event_ts timestamptz);\n',
    'processes/a.sql': PROCESS,
  });
  const text = await cli('check', '--project', root);
  expect(text.code).toBe(2);
  expect(text.stderr).toBe('');
  expect(text.stdout.split('\n')).toEqual([
    'processes/a.sql:8:8: error process-sql-failed there is no column evnt_id',
    '    hint: did you mean event_id?',
    expect.stringMatching(/^processes\/a\.sql:8:17: warning non-deterministic now\(\) /),
    expect.stringMatching(/^ {4}hint: /),
    '',
    '1 error, 1 warning',
    '',
  ]);
  const { code, json } = await cliJson('check', '--project', root);
  expect(code).toBe(2);
  expect(json).toEqual({
    problems: [
      {
        file: 'processes/a.sql',
        line: 8,
        column: 8,
        severity: 'error',
        code: 'process-sql-failed',
        message: 'there is no column evnt_id',
        hint: 'did you mean event_id?',
      },
      expect.objectContaining({ severity: 'warning', code: 'non-deterministic' }),
    ],
  });
  const github = await cli('check', '--project', root, '--format', 'github');
  expect(github.stdout.split('\n')[0]).toMatch(
    /^::error file=.*processes\/a\.sql,line=8,col=8,title=process-sql-failed::there is no column evnt_id%0Ahint: did you mean event_id\?$/,
  );
  write('processes/a.sql', PROCESS.replace('evnt_id', 'event_id'));
  const warned = await cli('check', '--project', root);
  expect(warned).toMatchObject({ code: 0, stdout: expect.stringContaining('0 errors, 1 warning\n') });
  write('processes/a.sql', PROCESS.replace('evnt_id, now() as at', 'event_id'));
  expect(await cli('check', '--project', root)).toMatchObject({ code: 0, stdout: 'nothing found\n' });
}, 60_000);
