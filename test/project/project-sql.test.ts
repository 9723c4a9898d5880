// Goal: what SQL may use of its project is read once and rightly: variables with types, macros in an order in
// which each can be defined, audits with arguments; and the fingerprint follows what a process uses.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PsybergError } from '../../src/model/errors.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { withValues } from '../../src/project/process-sql.ts';
import { readProject } from '../../src/project/read-project.ts';
import type { GivenVariables } from '../../src/project/read-variables.ts';

const HEAD =
  'process_name: a\npattern: stateless\nsources: [{ table: raw.events }]\ntarget: { table: facts.a }';

/** A project in a folder: `vars` as YAML, SQL and audits of its one process, other files by path. */
function projectWith(parts: {
  readonly vars?: string;
  readonly sql?: string;
  readonly audits?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly given?: GivenVariables;
}) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-sql-'));
  onTestFinished(() => fs.rmSync(root, { recursive: true }));
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  write(
    'psyberg.yaml',
    `name: p\ncatalog: { warehouse: w }\n${parts.vars === undefined ? '' : `vars: ${parts.vars}\n`}`,
  );
  const audits = parts.audits === undefined ? '' : `\naudits:\n${parts.audits}`;
  write('processes/a.sql', `/*---\n${HEAD}${audits}\n---*/\n${parts.sql ?? 'select * from events'}`);
  for (const [file, text] of Object.entries(parts.files ?? {})) write(file, text);
  const project = readProject({ root, environment: {}, variables: parts.given ?? {} });
  return { ...project, spec: project.processes[0] as ProcessSpec };
}

const problemsOf = (parts: Parameters<typeof projectWith>[0]): string => {
  try {
    projectWith(parts);
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'project-invalid') return error.message;
    throw error;
  }
  return 'accepted';
};

describe('variables', () => {
  const VARS = `{ n: 30, big: 9007199254740991, x: 1.0, e: 1e3, yes: true, day: 2024-01-31, text: "2024-01-31", words: two words }`;
  const USED = 'select $n, $big, $x, $e, $yes, $day, $text, $words from events';

  it('have the types that YAML spells, a date only without quotes', () => {
    expect(projectWith({ vars: VARS, sql: USED }).spec.variables).toEqual({
      n: { type: 'BIGINT', value: 30 },
      big: { type: 'BIGINT', value: 9007199254740991 },
      x: { type: 'DOUBLE', value: 1 },
      e: { type: 'DOUBLE', value: 1000 },
      yes: { type: 'BOOLEAN', value: true },
      day: { type: 'DATE', value: '2024-01-31' },
      text: { type: 'VARCHAR', value: '2024-01-31' },
      words: { type: 'VARCHAR', value: 'two words' },
    });
  });

  it('are given other values of the same types, exactly', () => {
    const given = {
      n: '-7',
      big: '9223372036854775807',
      x: '0.5',
      yes: 'false',
      day: '2024-02-29',
      text: '',
    };
    expect(projectWith({ vars: VARS, sql: USED, given }).spec.variables).toMatchObject({
      n: { type: 'BIGINT', value: -7 },
      big: { type: 'BIGINT', value: '9223372036854775807' },
      x: { type: 'DOUBLE', value: 0.5 },
      yes: { value: false },
      day: { type: 'DATE', value: '2024-02-29' },
      text: { type: 'VARCHAR', value: '' },
    });
  });

  it.each<[GivenVariables, string]>([
    [{ n: '7.5' }, 'psyberg.yaml:3:9 --var n=7.5: n is a whole number'],
    [{ n: '' }, '--var n=: n is a whole number'],
    [{ big: '9223372036854775808' }, 'big is a whole number'],
    [{ x: 'much' }, 'psyberg.yaml:3:39 --var x=much: x is a number'],
    [{ yes: 'on' }, 'yes is true or false'],
    [{ day: '2024-02-30' }, 'day is a date'],
    [{ m: '1' }, 'psyberg.yaml:3:1 vars has no variable m, which --var sets'],
  ])('a value that does not fit is refused: %j', (given, problem) => {
    expect(problemsOf({ vars: VARS, sql: USED, given })).toContain(problem);
  });

  it('that are set and named nowhere are refused; an audit, or an expression of one, names them as well', () => {
    const vars = '{ a: 1, b: 2, c: 3 }';
    const given = { a: '1', b: '1', c: '1' };
    const audits = '  - sql: audits/own.sql\n  - expression: { sql: "id > $c" }';
    const files = { 'audits/own.sql': 'select $b from staged' };
    expect(problemsOf({ vars, given, sql: 'select $a from events' })).toMatch(
      /psyberg.yaml:3:15 no query and no audit names \$b, which --var sets[\s\S]*3:21 .*\$c/,
    );
    const { spec } = projectWith({ vars, given, audits, files, sql: 'select $a from events' });
    expect(Object.keys(spec.variables ?? {})).toEqual(['a', 'b', 'c']);
  });
});

describe('macros', () => {
  it('come behind those that they use, whatever their files are called; a word in a text is no use', () => {
    const { macros, spec } = projectWith({
      sql: "select Top(id) from events where kind = 'unused(x)'",
      files: {
        'macros/a.sql': '-- uses b\ncreate macro top(x) as "mid"(x) + 1;\ncreate macro unused(x) as top(x)',
        'macros/b.sql':
          'CREATE OR REPLACE MACRO "mid" (x) AS TABLE select base (x) -- top(x)\n; create function base(x) as x, (x, y) as x + y;',
        'macros/notes.txt': 'no macro',
      },
    });
    expect(macros.map(({ name }) => name)).toEqual(['base', 'mid', 'top', 'unused']);
    expect(spec.macros?.map(({ name }) => name)).toEqual(['base', 'mid', 'top']);
    expect(macros[0]).toMatchObject({
      place: { line: 2, column: 19 },
      definition: 'base(x) as x, (x, y) as x + y',
    });
  });
});

describe('the fingerprint', () => {
  const files = {
    'macros/m.sql':
      'create macro used(x) as deeper(x); create macro deeper(x) as x; create macro other(x) as x;',
  };
  const parts = { vars: '{ n: 1, m: 2 }', sql: 'select used($n) from events', files };
  const sha256Of = (other: Partial<typeof parts> & { readonly given?: GivenVariables } = {}): string =>
    projectWith({ ...parts, ...other }).spec.sqlSha256;
  const changed = (text: string) => ({ 'macros/m.sql': text });

  it('of SQL that uses nothing is that of its text', () => {
    const plain = projectWith({}).spec.sqlSha256;
    expect(projectWith({ ...parts, sql: 'select * from events' }).spec.sqlSha256).toBe(plain);
  });
  it('follows the macros and variables that the query uses, and no others', () => {
    const macro = files['macros/m.sql'];
    const before = sha256Of();
    expect(projectWith({ ...parts, given: { n: 2 } }).spec.sqlSha256).not.toBe(before);
    expect(
      projectWith({ ...parts, files: changed(macro.replace('deeper(x) as x', 'deeper(x) as -x')) }).spec
        .sqlSha256,
    ).not.toBe(before);
    expect(projectWith({ ...parts, vars: '{ n: 1, m: 3 }' }).spec.sqlSha256).toBe(before);
    expect(
      projectWith({ ...parts, files: changed(macro.replace('other(x) as x', 'other(x) as -x')) }).spec
        .sqlSha256,
    ).toBe(before);
    const audits = '  - expression: { sql: "other(id) > $m" }';
    expect(projectWith({ ...parts, audits }).spec.sqlSha256).toBe(before);
  });
  it('is that of the values that a plan holds, once they are put in', () => {
    const { spec } = projectWith({ ...parts, given: { n: 5 } });
    expect(withValues(spec, { n: 1 })?.sqlSha256).toBe(sha256Of());
    expect(withValues(spec, { n: 'x' })).toBeUndefined();
    expect(withValues(spec, {})).toMatchObject({ sqlSha256: spec.sqlSha256 });
  });
});

describe('audits with parameters', () => {
  it('have their names quoted and put in, and their values typed', () => {
    const { spec } = projectWith({
      files: {
        'audits/known.sql':
          "-- What a column may hold.\n-- @param column IDENTIFIER its name\n-- @param keys IDENTIFIER[]\n-- @param values text[]\n-- @param least int\n-- @param since TIMESTAMP\n\nselect {{keys}}, '{{column}}' from staged\nwhere {{column}} not in (select unnest($values)) and n >= $least and ts >= $since;\n",
      },
      audits:
        '  - known: { column: my "col", keys: [a, b], values: [x, "1"], least: -3, since: 2024-01-31 05:00:00 }\n  - sql: audits/known.sql\n    parameters: { column: c, keys: [k], values: [], least: 0, since: "2024-01-31T05:00:00.5Z" }\n    severity: warn',
    });
    expect(spec.audits).toMatchObject([
      {
        kind: 'sql',
        name: 'known',
        severity: 'block',
        place: { line: 1, column: 1 },
        sql: expect.stringMatching(/^-- What/),
        template: expect.stringContaining('{{keys}}, '),
        values: {
          values: { type: 'VARCHAR[]', value: ['x', '1'] },
          least: { type: 'INTEGER', value: -3 },
          since: { type: 'TIMESTAMP', value: '2024-01-31T05:00:00Z' },
        },
      },
      { name: 'known_2', severity: 'warn', values: { values: { type: 'VARCHAR[]', value: [] } } },
    ]);
    expect(spec.audits[0]?.sql?.split('\n\n')[1]).toBe(
      `select "a", "b", '{{column}}' from staged\nwhere "my ""col""" not in (select unnest($values)) and n >= $least and ts >= $since`,
    );
  });

  it('one of a built-in name takes its place only where it declares parameters', () => {
    const file = 'select * from staged where false';
    const audits = '  - unique: { columns: [id] }\n  - sql: audits/unique.sql\n  - plain';
    const files = { 'audits/unique.sql': file, 'audits/plain.sql': file };
    expect(projectWith({ audits, files }).spec.audits).toMatchObject([
      { kind: 'unique', name: 'unique' },
      { kind: 'sql', name: 'unique_2' },
      { kind: 'sql', name: 'plain' },
    ]);
  });
});
