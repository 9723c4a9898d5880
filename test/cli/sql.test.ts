// Goal: what `psyberg sql` prints is what the query returns, to people and to programs. Method: the command.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { placeOf } from '../../src/cli/result-sink.ts';
import { resultRequest, type SqlOptions } from '../../src/cli/sql-options.ts';
import { cli, cliJson, makeProject, type Project, removeFolders, startCli } from './fixture.ts';

afterAll(removeFolders);

let project: Project;
beforeAll(async () => {
  project = makeProject({});
  await project.sql('create schema raw', 'create table raw.a (id bigint)', 'insert into raw.a values (1)');
});
const sql = (...argv: string[]) => cli('sql', ...argv, '--project', project.root);
const json = (...argv: string[]) => cliJson('sql', ...argv, '--project', project.root);

describe('psyberg sql', () => {
  it('shows each result, NULL unlike an empty text, and timestamps with the zone that they have', async () => {
    const { code, stdout } = await sql(
      "create temp table t (n int); insert into t values (1); select null as a, '' as b, -0.0::double as c; select timestamp '2026-01-01' as plain, timestamptz '2026-01-01 00:00:00Z' as zoned",
    );
    expect([code, stdout.split('\n')]).toEqual([
      0,
      [
        'done',
        '',
        '1 row changed',
        '',
        '┌─────────┬─────────┬────────┐',
        '│       a │ b       │      c │',
        '│ INTEGER │ VARCHAR │ DOUBLE │',
        '├─────────┼─────────┼────────┤',
        '│    NULL │         │     -0 │',
        '└─────────┴─────────┴────────┘',
        '1 row',
        '',
        '┌─────────────────────┬──────────────────────┐',
        '│ plain               │ zoned                │',
        '│ TIMESTAMP           │ TIMESTAMPTZ          │',
        '├─────────────────────┼──────────────────────┤',
        '│ 2026-01-01T00:00:00 │ 2026-01-01T00:00:00Z │',
        '└─────────────────────┴──────────────────────┘',
        '1 row',
        '',
      ],
    ]);
  });

  it('gives programs every result, column and number', async () => {
    const { code, json: found } = await json(
      "select 1 as x, 2 as x; select 9007199254740993 as big, 'nan'::double as nan, -0.0::double as zero",
    );
    expect(code).toBe(0);
    expect(found).toMatchObject({
      results: [
        { columns: [{ name: 'x' }, { name: 'x_1' }], rows: [{ x: 1, x_1: 2 }] },
        { rows: [{ big: '9007199254740993', nan: 'NaN', zero: -0 }] },
      ],
    });
  });

  it('reads its statements from a file', async () => {
    project.write('query.sql', '-- two\nselect 1 as n; -- and\nselect 2 as n\n');
    const { json: found } = await json('--file', `${project.root}/query.sql`);
    expect(found).toMatchObject({ results: [{ rows: [{ n: 1 }] }, { rows: [{ n: 2 }] }] });
    for (const argv of [[], ['select 1', '--file', 'x'], ['--file', `${project.root}/none.sql`]])
      expect((await sql(...argv)).code).toBe(2);
  });

  it('says which branches there are, where the one that was named is not', async () => {
    const { code, json: found } = await json('select * from raw.a', '--branch', 'nonsense');
    expect([code, found]).toMatchObject([2, { error: { code: 'branch-unknown' } }]);
    const { stderr } = await sql('select * from raw.a', '--branch', 'main');
    expect(stderr).toBe('read from main: raw.a\n');
  });

  it('writes each format to stdout, cut by a limit where there is one', async () => {
    const formats = async (...argv: string[]) => (await sql('select 1 as a, null as b', ...argv)).stdout;
    expect(await formats('--format', 'csv')).toBe('a,b\n1,\n');
    expect(JSON.parse(await formats('--format', 'json'))).toEqual([{ a: 1, b: null }]);
    const { stdout, stderr } = await sql('from range(5)', '--format', 'jsonl', '--limit', '2');
    expect([stdout, stderr]).toEqual([
      '{"range":"0"}\n{"range":"1"}\n',
      'the first 2 rows; there are more\n',
    ]);
  });

  it('gives programs the error and nothing of the result, where a statement fails after its first rows', async () => {
    const late =
      "select 1; select case when range = 900000 then error('too far') else range end from range(1000000)";
    expect(await json(late)).toMatchObject({
      code: 2,
      json: { error: { code: 'sql-failed', message: 'Invalid Input Error: too far' } },
    });
  });

  it('ends without a word when nobody reads on', async () => {
    const run = startCli(['sql', 'from range(1000000000)', '--format', 'csv', '--project', project.root]);
    run.child.stdout?.once('data', () => run.child.stdout?.destroy());
    expect(await run.done).toMatchObject({ code: 0, stderr: '' });
  });

  it('takes statements from a pipe without a prompt, commands among them', async () => {
    const run = startCli(['sql', '--project', project.root], {
      input: '.mode csv\nselec;\nselect 2 as two;\n.nope\nselect 3 as three',
    });
    const { code, stdout, stderr } = await run.done;
    expect([code, stdout]).toEqual([2, 'two\n2\nthree\n3\n']);
    expect(stderr).toContain('there is no command .nope');
  });

  it('makes a table of tables/ from its DDL', async () => {
    project.write('tables/fresh/events.sql', 'create table fresh.events (id bigint, ts timestamptz);\n');
    const { code } = await sql('--file', `${project.root}/tables/fresh/events.sql`);
    expect([code, (await json('from fresh.events')).json]).toMatchObject([0, { rows: [] }]);
  });
});

describe('psyberg sql --output', () => {
  const at = (name: string): string => `${project.root}/${name}`;

  it.each<[string, SqlOptions, string]>([
    ['Parquet on stdout', { format: 'parquet' }, '--format parquet needs a file to write to'],
    ['an unknown format', { format: 'xml' }, "there is no format 'xml'"],
    ['two formats of stdout', { format: 'csv' }, 'both say what stdout holds'],
    ['a limit that is none', { limit: 'x' }, '--limit must be a whole number'],
  ])('refuses %s', (_what, options, message) => {
    expect(() => resultRequest(options, true)).toThrow(message);
  });
  it('refuses a folder, and a folder that is not there', () => {
    expect(() => placeOf(project.root)).toThrow('it is a folder');
    expect(() => placeOf(at('none/a.csv'))).toThrow('its folder does not exist');
    // What is no file is written to as it is: a rename would take its place.
    expect(placeOf('/dev/null').written).toBe('/dev/null');
  });
});
