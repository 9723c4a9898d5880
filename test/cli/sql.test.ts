// Goal: what `psyberg sql` prints is what the query returns, to people and to programs. Method: the command.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson, makeProject, type Project, removeFolders } from './fixture.ts';

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
      "create temp table t (n int); select null as a, '' as b, -0.0::double as c; select timestamp '2026-01-01' as plain, timestamptz '2026-01-01 00:00:00Z' as zoned; show tables",
    );
    expect([code, stdout.split('\n')]).toEqual([
      0,
      [
        'done',
        '',
        '   a  b   c',
        'NULL     -0',
        '1 row',
        '',
        'plain                zoned',
        '2026-01-01T00:00:00  2026-01-01T00:00:00Z',
        '1 row',
        '',
        'name',
        'raw.a',
        't',
        '2 rows',
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
});
