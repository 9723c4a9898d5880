// Goal: formatting changes how SQL and YAML look, and nothing else. Method: every SQL text of templates, sample
// world and documents, awkward ones, and generated ones; each is its own formatted text afterwards, and DuckDB's
// parser and this file's own comparison of comments say that it is the same.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openParser, type Parser } from '../../src/engine/open-parser.ts';
import { parseTableName } from '../../src/model/names.ts';
import { PATTERN_NAMES } from '../../src/model/process-spec.ts';
import { filesToFormat } from '../../src/project/format/files-to-format.ts';
import { formatFile } from '../../src/project/format/format-file.ts';
import { formatSql } from '../../src/project/format/format-sql.ts';
import { formatYaml } from '../../src/project/format/format-yaml.ts';
import { readProject } from '../../src/project/read-project.ts';
import { newProcess, newProject } from '../../src/project/scaffold.ts';
import { parseSrcTables } from '../../src/project/src-tables.ts';
import { blocksOf, pages, ROOT } from '../docs/pages.ts';
import { generatedSql } from './generated-sql.ts';

let parser: Parser;
beforeAll(async () => {
  parser = await openParser();
});
afterAll(() => parser.close());
const parse = <T>(sql: string): Promise<T> => parser.parse<T>(sql);

/** Of a text that must be formatted; formatting it again changes nothing. */
async function formattedSql(sql: string): Promise<string> {
  const done = await formatSql(sql, parse);
  if (done.kind !== 'formatted') throw new Error(`${JSON.stringify(done)} of ${sql}`);
  expect(await formatSql(done.text, parse)).toEqual(done);
  return done.text;
}
async function formattedFile(name: string, text: string): Promise<string> {
  const done = await formatFile(name, text, parse);
  if (done.kind !== 'formatted') throw new Error(`${JSON.stringify(done)} of ${name}`);
  expect(await formatFile(name, done.text, parse)).toEqual(done);
  return done.text;
}
/** Comments without their white space, in order. None of the texts here has `--` or a star in a string. */
const commentsOf = (sql: string): string[] =>
  [...sql.matchAll(/--[^\n]*|\/\*[\s\S]*?\*\//g)].map(([text]) => text.replaceAll(/\s+/g, ' ').trim());
const tree = async (sql: string): Promise<string> =>
  JSON.stringify(await parse(sql), (key, value) => (key === 'query_location' ? undefined : value));

describe('a query', () => {
  it.each([
    [
      'has its clauses beside their words',
      'SELECT a, LOWER(b) AS c FROM t LEFT JOIN u USING (a) WHERE a > 1 AND (b = 2 OR c) GROUP BY ALL',
      'select a,\n       lower(b) as c\nfrom t\nleft join u using (a)\nwhere a > 1\n  and (b = 2 or c)\ngroup by all',
    ],
    [
      'has a CTE a step each',
      'with a as (select x, y from t), b as (select 1) select * from a, b',
      'with a as (\n  select x, y\n  from t\n),\nb as (\n  select 1\n)\nselect *\nfrom a,\n     b',
    ],
    [
      'keeps brackets of calls, lists and filters together',
      "select my_macro(a), ['x', 'y'][1], count(*) filter(where b), - a, sum(c) over (partition by d order by e) from t",
      "select my_macro(a),\n       ['x', 'y'][1],\n       count(*) filter (where b),\n       -a,\n       sum(c) over (partition by d order by e)\nfrom t",
    ],
    [
      'puts a comma before a comment, not behind it',
      'select a -- the first\n, b -- the second\nfrom t',
      'select a, -- the first\n       b -- the second\nfrom t',
    ],
    [
      'leaves the case of names',
      'select Date, Value as Name from T',
      'select Date,\n       Value as Name\nfrom T',
    ],
    [
      'leaves what is in strings',
      "select 'a\n   b', $$c\n d$$, $x$ -- no comment $x$, E'\\'' from t",
      "select 'a\n   b',\n       $$c\n d$$,\n       $x$ -- no comment $x$,\n       E'\\''\nfrom t",
    ],
    [
      'takes parameters and the identifiers of an audit',
      'select {{column}} from staged where {{column}}<$range_start::timestamptz',
      'select {{column}}\nfrom staged\nwhere {{column}} < $range_start::timestamptz',
    ],
    ['that begins with from', 'from t select a', 'from t\nselect a'],
    ['of union by name', 'select a union all by name select b', 'select a\nunion all by name\nselect b'],
  ])('%s', async (_what, sql, expected) => {
    expect(await formattedSql(sql)).toBe(expected);
  });

  it('keeps its words where lower case would rename a column', async () => {
    // By the name of a type: lower case would make the field another one.
    const sql = 'SELECT {\'VALUE\': 1}::STRUCT("VALUE" INT) AS x, T.Select FROM T';
    expect(await tree(await formattedSql(sql))).toBe(await tree(sql));
  });

  it('that cannot be parsed names its place, in characters', async () => {
    expect(await formatSql("select 'ü' from t wher )", parse)).toEqual({
      kind: 'invalid',
      message: 'syntax error at or near ")"',
      offset: 22,
    });
    expect(await formatSql('select 1 /* open', parse)).toMatchObject({ kind: 'invalid', offset: 9 });
  });

  it('stays as it is when the parser does not say the same afterwards', async () => {
    let asked = 0;
    const forgetful = async <T>(sql: string): Promise<T> => {
      asked += 1;
      return asked === 1 ? parse<T>(sql) : parse<T>(sql.replaceAll('a', 'b'));
    };
    expect(await formatSql('select   a from t', forgetful as typeof parse)).toMatchObject({ kind: 'kept' });
    expect(asked).toBe(3);
  });

  it('of any kind means the same and keeps its comments, also where they stand in odd places', async () => {
    let count = 0;
    for (let seed = 1; seed <= 25; seed += 1) {
      const sql = generatedSql(seed);
      if ((await parse<{ error?: boolean }>(sql)).error === true) continue;
      const text = await formattedSql(sql);
      expect(await tree(text)).toBe(await tree(sql));
      expect(commentsOf(text)).toEqual(commentsOf(sql));
      count += 1;
    }
    expect(count).toBeGreaterThan(20);
  });
});

describe('other statements', () => {
  it('keep the case of every word, which may be a name', async () => {
    expect(
      await formattedSql(
        'CREATE MACRO f(Day) AS TABLE SELECT * FROM t WHERE d=Day; create table raw.T (Id bigint, Name varchar) partitioned by (hour(ts))',
      ),
    ).toBe(
      'CREATE MACRO f(Day) AS TABLE\nSELECT *\nFROM t\nWHERE d = Day;\n\ncreate table raw.T (Id bigint, Name varchar) partitioned by (hour(ts))',
    );
  });
  it('that cannot be parsed are refused', async () => {
    expect(await formatSql('create table t (a int', parse)).toMatchObject({ kind: 'invalid', offset: 21 });
  });
});

describe('a file', () => {
  const head =
    '/*---\nprocess_name:   a_load   # why\npattern: stateless\nsources: [{table: raw.a}]\n---*/\n';
  it('has its header and its SQL formatted, and keeps what stands before', async () => {
    expect(await formattedFile('a.sql', `-- Owner: lake\n\n${head}\n\nselect  1\n\n`)).toBe(
      '-- Owner: lake\n/*---\nprocess_name: a_load   # why\npattern: stateless\nsources: [{ table: raw.a }]\n---*/\nselect 1\n',
    );
  });
  it('keeps its ends of lines and its byte order mark', async () => {
    const text = await formattedFile('a.sql', `\uFEFF${head}select  1,\n 2 as b`.replaceAll('\n', '\r\n'));
    expect(text.startsWith('\uFEFF/*---\r\n')).toBe(true);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(text).toContain('select 1,\r\n       2 as b\r\n');
  });
  it('with a mistake names its place in the file', async () => {
    expect(await formatFile('a.sql', `${head}select )`, parse)).toMatchObject({
      kind: 'invalid',
      offset: head.length + 7,
    });
    const windows = `${head}select )`.replaceAll('\n', '\r\n');
    expect(await formatFile('a.sql', windows, parse)).toMatchObject({ offset: windows.indexOf(')', 90) });
    expect(await formatFile('a.sql', '/*---\na: [1\n---*/\nselect 1', parse)).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('not valid YAML'),
    });
  });
  it('that psyberg writes is formatted already', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'psyberg-format-'));
    try {
      const root = join(folder, 'lake');
      newProject({ directory: root });
      for (const pattern of PATTERN_NAMES)
        for (const [sources, columns] of [
          ['raw.a|ts', { 'raw.a': ['event_id', 'account_id', 'ts'] }],
          ['raw.a|ts,raw.b|ts', { 'raw.a': ['account_id', 'ts'], 'raw.b': ['account_id', 'ts', 'order'] }],
          ['raw.a|ts,raw.b|ts', {}],
        ] as const) {
          const name = `${pattern}_${sources.length}_${Object.keys(columns).length}`;
          const project = readProject({ root });
          const target = parseTableName(`facts.${name}`);
          newProcess({ project, name, pattern, sources: parseSrcTables(sources), target, columns });
        }
      for (const file of filesToFormat(root)) {
        const text = readFileSync(file, 'utf8');
        expect(await formatFile(file, text, parse), file).toEqual({ kind: 'formatted', text });
      }
      expect(filesToFormat(root).length).toBeGreaterThan(13);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  it('of the templates, the sample world and the documents can be formatted', async () => {
    const files = ['templates/project', 'warehouse'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true })
        .map((name) => join(folder, String(name)))
        .filter((name) => /\.(sql|yaml)$/.test(name) && !/\.data|node_modules/.test(name)),
    );
    expect(files.length).toBeGreaterThan(40);
    for (const file of files) await formattedFile(file, readFileSync(join(ROOT, file), 'utf8'));
    const shown = pages.flatMap((page) => blocksOf(page, 'sql'));
    expect(shown.length).toBeGreaterThan(0);
    for (const sql of shown) await formattedFile('shown.sql', sql);
  });
});

describe('YAML', () => {
  it('is laid out in one way, and keeps its comments and the spaces before them', () => {
    const text =
      '# head\na:   1        # one\nb:\n- x\n- {c: 2,d: [ 3,4 ]}\n\n\n# last\ne: "q"\nlong: [\n  1,\n  2]\n';
    const expected =
      '# head\na: 1        # one\nb:\n  - x\n  - { c: 2, d: [3, 4] }\n\n# last\ne: "q"\nlong: [1, 2]\n';
    expect(formatYaml(text)).toEqual({ kind: 'formatted', text: expected });
    expect(formatYaml(expected)).toEqual({ kind: 'formatted', text: expected });
  });
  it('keeps texts of several lines, anchors and numbers as they are written', () => {
    const text =
      'csv: |\n  a,b  # no comment\n  1,2\nfolded: >-\n  one two\nanchor: &x { k: 0x10 }\nagain: *x\nversion: 1.0\nwhen: 2023-09-14T05:00:00Z\n';
    expect(formatYaml(text)).toEqual({ kind: 'formatted', text });
  });
  it('that is none is refused with its place', () => {
    expect(formatYaml('a: 1\na: 2\n')).toMatchObject({ kind: 'invalid', offset: 5 });
    expect(formatYaml('a: *nobody\n')).toMatchObject({ kind: 'invalid' });
  });
});
