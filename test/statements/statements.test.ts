// Goal: the engine's SQL and its headers agree, and nothing is spliced that was not declared. Method: every
// file of sql/ is parsed; its code is prepared by DuckDB where it stands alone.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { avroName } from '../../src/model/avro-name.ts';
import { ENGINE_PARAMETERS } from '../../src/model/process-spec.ts';
import {
  identifierFragment,
  listStatement,
  parseStatement,
  quoteIdentifier,
  quoteLiteral,
  renderStatement,
  statementFile,
  statementFragment,
  tableFragment,
} from '../../src/statements/index.ts';

const SQL = fileURLToPath(new URL('../../sql', import.meta.url));
const names = readdirSync(SQL, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.sql'))
  .map((name) => name.slice(0, -'.sql'.length))
  .sort();
const files = names.map(statementFile);
const connection = await (await DuckDBInstance.create(':memory:')).connect();

describe('sql/', () => {
  it.each(names)('%s: header and statement agree', (name) => {
    const text = readFileSync(join(SQL, `${name}.sql`), 'utf8');
    expect(statementFile(name)).toMatchObject({ name });
    expect(text).toMatch(/^-- @name \S+\n-- What: \S/);
    expect(text.endsWith('\n')).toBe(true);
    // Keywords are lower case, so that a reader tells them from values.
    const code = text
      .replace(/--.*$/gm, '')
      .replace(/'[^']*'/g, '')
      .replace(/"[^"]*"/g, '');
    expect(code.match(/\b(SELECT|FROM|WHERE|INSERT|CREATE|JOIN|GROUP BY|COPY|WITH)\b/g)).toBeNull();
  });
  it('has every name once', () => {
    const basenames = names.map((name) => basename(name));
    expect(basenames.filter((name, index) => basenames.indexOf(name) !== index)).toEqual([]);
  });
  it.each(files.filter((file) => file.placeholders.length === 0 && file.into.length === 0))(
    '$name: is one statement to DuckDB',
    async ({ body }) => {
      const { count } = await connection.extractStatements(body);
      expect(count).toBe(1);
    },
  );
  it.each(files.filter((file) => file.into.length > 0))(
    '$name: goes where it says, and what it binds is declared there',
    ({ into, parameters }) => {
      for (const place of into) {
        const [, name = '', placeholder = ''] = /^(\S+) \{\{(\w+)\}\}$/.exec(place) ?? [];
        const outer = statementFile(name);
        expect(outer.placeholders, place).toContain(placeholder);
        for (const inner of parameters) {
          const declared = outer.parameters.find((each) => each.name === inner.name);
          if (declared !== undefined || !inner.optional)
            expect(declared, `${place} binds $${inner.name}`).toMatchObject({ type: inner.type });
        }
      }
    },
  );
  it('is cast nowhere to the type that its header declares', () => {
    // NULL is bound without a type, and a column has to have one.
    const allowed = ['tables/write_file_manifest $sort_order_id::integer'];
    // A statement that stays prepared is planned before a value is bound: DuckDB has to know its type.
    const kept = [
      'fragments/bounds_of_known',
      'fragments/hours_of_known',
      'tables/data_files',
      'tables/files_in_hours',
      'tables/list_totals',
      'tables/misleading_bounds',
      'tables/misleading_manifests',
      'tables/write_inserts_list',
      'tables/write_manifest_list',
    ];
    const others = files.filter(({ name }) => !kept.includes(name));
    const casts = others.flatMap(({ name, body }) =>
      [...body.matchAll(/\$\w+::\w+/g)].map(([cast]) => `${name} ${cast}`),
    );
    expect(casts.filter((cast) => !allowed.includes(cast))).toEqual([]);
  });
  it('is used: no file lies there for nothing', () => {
    const source = fileURLToPath(new URL('../../src', import.meta.url));
    const code = readdirSync(source, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(source, name), 'utf8'))
      .join('\n');
    expect(names.filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });
});

describe('avroName', () => {
  // Of Apache Iceberg's AvroSchemaUtil, but for letters that are not ASCII, which DuckDB's Avro does not take.
  it.each([
    ['region', 'region'],
    ['_1', '_1'],
    ['1st', '_1st'],
    ['a key', 'a_x20key'],
    ['da#a', 'da_x23a'],
    ['my.col', 'my_x2Ecol'],
    ['größe', 'gr_xF6_xDFe'],
    ['地区', '_x5730_x533A'],
    ['😎', '_xD83D_xDE0E'],
    ['a"b', 'a_x22b'],
  ])('%s', (name, expected) => {
    expect(avroName(name)).toBe(expected);
  });
});

describe('parseStatement', () => {
  const header = '-- @name a/b\n-- What: something.\n';
  it.each([
    [`${header}select $x`, '$x is not declared'],
    [`${header}-- @param $x VARCHAR\nselect 1`, '$x is not used'],
    ['-- @name a/c\n-- What: something.\nselect 1', '@name is a/c'],
    ['select 1', '@name is undefined'],
  ])('refuses a header that does not agree: %s', (text, problem) => {
    expect(() => parseStatement('a/b', text)).toThrow(
      expect.objectContaining({ code: 'statement-invalid', message: expect.stringContaining(problem) }),
    );
  });
  it('finds parameters and placeholders, and none in comments', () => {
    expect(
      parseStatement(
        'a/b',
        `${header}-- @param $x VARCHAR\n-- @param $y TIMESTAMP (inside {{z}})\nselect $x, {{z}} -- $w`,
      ),
    ).toMatchObject({
      parameters: [
        { name: 'x', inside: [], optional: false },
        { name: 'y', inside: ['z'], optional: false },
      ],
      placeholders: ['z'],
      body: 'select $x, {{z}} -- $w',
    });
  });
});

describe('renderStatement', () => {
  it('refuses a placeholder that is missing, and one that is unknown', () => {
    // @ts-expect-error: the compiler knows both.
    expect(() => renderStatement('compile/source_changes')).toThrow(
      /placeholders missing or unknown: columns, source/,
    );
    const fragments = { columns: statementFragment('*'), source: identifierFragment('a') };
    expect(() =>
      // @ts-expect-error
      renderStatement('compile/source_changes', { ...fragments, other: identifierFragment('b') }),
    ).toThrow(/other/);
  });
  it('leaves $ and & in a fragment alone', () => {
    expect(
      renderStatement('compile/source_changes', {
        columns: statementFragment('*'),
        source: identifierFragment('a$&b$1'),
      }),
    ).toBe('select * from "a$&b$1"');
  });
  it('fills in the format of a manifest list', () => {
    expect(listStatement('tables/write_empty_list', 'none').sql).toContain("root_name 'manifest_file'");
  });
});

describe('quoting', () => {
  it('doubles quotes', () => {
    expect([
      quoteIdentifier('a"b'),
      quoteLiteral("a'b"),
      tableFragment('lake', { namespace: ['r"w'], name: 't' }).sql,
    ]).toEqual(['"a""b"', "'a''b'", '"lake"."r""w"."t"']);
  });
});

describe('statements around SQL of a project', () => {
  it('bind nothing whose name a variable could take', () => {
    const around = [
      ...(['compile/create_target', 'compile/describe_query', 'compile/column_types'] as const),
      ...(['compile/compute_hour', 'compile/write_files', 'compile/write_first_files'] as const),
      ...(['look/query_rows', 'look/own_query', 'look/begin_rows', 'look/widened_shape'] as const),
      ...(['look/previous_rows', 'look/whole_target', 'look/whole_target_beside_hours'] as const),
      'audit/verdict',
    ] as const;
    const names = around.flatMap((name) => statementFile(name).parameters.map((each) => each.name));
    // Of the built-in audits, whose own types these are.
    const free = names.filter(
      (name) => !ENGINE_PARAMETERS.has(name) && !['values', 'fresh_from'].includes(name),
    );
    expect(free).toEqual([]);
  });
});
