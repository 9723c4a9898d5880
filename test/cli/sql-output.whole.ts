// Goal: what `psyberg sql --output` writes is the whole result, or nothing, in as much memory as a small one takes.
// Method: the command, and the files it leaves.
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCopyToFile } from '../../src/run/sql/copy-to-file.ts';
import { cli, cliJson, makeProject, type Project, removeFolders, startCli } from './fixture.ts';

afterAll(removeFolders);

let project: Project;
beforeAll(() => {
  project = makeProject({});
});
const sql = (...argv: string[]) => cli('sql', ...argv, '--project', project.root);
const json = (...argv: string[]) => cliJson('sql', ...argv, '--project', project.root);

describe('psyberg sql --output', () => {
  const at = (name: string): string => `${project.root}/${name}`;
  const text = (name: string): string => readFileSync(at(name), 'utf8');

  it('takes the format from the extension, and writes a file that is whole or not there', async () => {
    expect(await sql("select 1 as a, '' as b", '--output', at('a.csv'))).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `wrote ${at('a.csv')}\n`,
    });
    expect(text('a.csv')).toBe('a,b\n1,""\n');
    expect((await sql('select 2 as a; from nowhere', '--output', at('a.csv'))).code).toBe(2);
    expect(text('a.csv')).toBe('a,b\n1,""\n');
    expect(readdirSync(project.root).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await sql('select 3 as a', '--output', at('a.csv'), '--format', 'markdown');
    expect(text('a.csv')).toBe('| a |\n| ---: |\n| 3 |\n');
  });

  it('writes Parquet of the last statement, columns of one name told apart', async () => {
    const file = at('a.parquet');
    expect(
      await json(
        'create temp table t as from range(9); select range as a, 1 as a from t order by range desc',
        '--output',
        file,
        '--limit',
        '3',
      ),
    ).toMatchObject({ code: 0, json: { file, format: 'parquet', rows: '3' } });
    expect((await json(`from '${file}'`)).json).toMatchObject({
      rows: [{ a: '8', a_1: 1 }, { a: '7' }, { a: '6' }],
    });
    expect(await json('select 1; select 2', '--output', file)).toMatchObject({
      code: 2,
      json: { error: { code: 'output-without-rows' } },
    });
    expect(() => withCopyToFile('insert into t values (1)', { file })).toThrow('begins with insert');
    expect(await json(`select count(*) as n from '${file}'`)).toMatchObject({ json: { rows: [{ n: '3' }] } });
  });

  it('leaves nothing where it is interrupted', async () => {
    const run = startCli([
      'sql',
      'from range(10000000000)',
      '--output',
      at('b.csv'),
      '--project',
      project.root,
    ]);
    while (!readdirSync(project.root).some((name) => name.endsWith('.tmp')))
      await new Promise((done) => setTimeout(done, 20));
    await new Promise((done) => setTimeout(done, 500));
    run.child.kill('SIGINT');
    expect((await run.done).code).toBe(130);
    expect(readdirSync(project.root).filter((name) => /^\.?b\.csv/.test(name))).toEqual([]);
  });

  it('holds of 10,000,000 rows no more than of 1,000,000', async () => {
    const peakOf = async (rows: number): Promise<number> => {
      const run = startCli(
        [
          'sql',
          `select range as id, 7 as n from range(${rows})`,
          '--output',
          at('c.csv'),
          '--project',
          project.root,
        ],
        {},
      );
      let peak = 0;
      const watch = setInterval(() => {
        try {
          const status = readFileSync(`/proc/${run.child.pid}/status`, 'utf8');
          peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
        } catch {
          // It has ended.
        }
      }, 50);
      expect((await run.done).code).toBe(0);
      clearInterval(watch);
      return peak;
    };
    const small = await peakOf(1_000_000);
    // 10,000,000 rows of two numbers are 160 MB and more.
    expect((await peakOf(10_000_000)) - small).toBeLessThan(80 * 1024);
  });
});
