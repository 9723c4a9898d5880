// Goal: the engine's SQL and its headers agree, and nothing is spliced that was not declared. Method: every
// file of sql/ is parsed; its code is prepared by DuckDB where it stands alone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { avroName } from '../../src/model/avro-name.ts';
import {
  identifierFragment,
  manifestListStatement,
  parseStatement,
  quoteIdentifier,
  quoteLiteral,
  renderStatement,
  statement,
  statementFragment,
  tableFragment,
} from '../../src/statements/index.ts';

const SQL = fileURLToPath(new URL('../../sql', import.meta.url));
const names = readdirSync(SQL, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.sql'))
  .map((name) => name.slice(0, -'.sql'.length))
  .sort();

describe('sql/', () => {
  it.each(names)('%s: header and statement agree', (name) => {
    const text = readFileSync(join(SQL, `${name}.sql`), 'utf8');
    expect(statement(name)).toMatchObject({ name });
    expect(text).toMatch(/^-- @name \S+\n-- What: \S/);
    expect(text.endsWith('\n')).toBe(true);
    // Keywords are lower case, so that a reader tells them from values.
    const code = text
      .replace(/--.*$/gm, '')
      .replace(/'[^']*'/g, '')
      .replace(/"[^"]*"/g, '');
    expect(code.match(/\b(SELECT|FROM|WHERE|INSERT|CREATE|JOIN|GROUP BY|COPY|WITH)\b/g)).toBeNull();
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
      parameters: ['x', 'y'],
      placeholders: ['z'],
      body: 'select $x, {{z}} -- $w',
    });
  });
});

describe('renderStatement', () => {
  it('refuses a placeholder that is missing, and one that is unknown', () => {
    expect(() => renderStatement('load/source_changes')).toThrow(
      /placeholders missing or unknown: columns, source/,
    );
    expect(() =>
      renderStatement('load/source_changes', {
        columns: statementFragment('*'),
        source: identifierFragment('a'),
        other: identifierFragment('b'),
      }),
    ).toThrow(/other/);
  });
  it('leaves $ and & in a fragment alone', () => {
    expect(
      renderStatement('load/source_changes', {
        columns: statementFragment('*'),
        source: identifierFragment('a$&b$1'),
      }),
    ).toBe('select * from "a$&b$1"');
  });
  it('fills in the format of a manifest list', () => {
    expect(manifestListStatement('tables/write_empty_list')).toContain("root_name 'manifest_file'");
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
