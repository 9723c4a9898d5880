// Goal: a snippet says where the catalog is, hides what is secret elsewhere, and names with quotes stay names.
// Method: places as values; clients run the snippets in `test/cli/connect.whole.ts`.
import { describe, expect, it } from 'vitest';
import { type CatalogPlace, CLIENTS, connectSnippet, snippetText } from '../../src/report/connect.ts';

const served: CatalogPlace = {
  uri: 'http://127.0.0.1:8181',
  warehouse: undefined,
  token: { from: 'given', text: "to'ken" },
  table: 'facts.o"ne',
  serve: 'psyberg catalog serve --port 8181',
};
const foreign: CatalogPlace = {
  ...served,
  uri: 'https://catalog.example/rest',
  warehouse: 'lake',
  token: { from: 'environment', text: 'ICEBERG_TOKEN' },
  serve: undefined,
};

describe('a snippet', () => {
  it('of a served catalog begins with what has to run meanwhile, as a comment', () => {
    for (const client of CLIENTS) {
      const text = snippetText(connectSnippet(client, served));
      expect(text.split('\n')[0]).toMatch(/^(--|#) meanwhile, .*: psyberg catalog serve --port 8181$/);
      expect(text).toContain('http://127.0.0.1:8181');
    }
  });
  it('keeps quotes in names and tokens what they are', () => {
    const { snippet } = connectSnippet('duckdb', served);
    expect(snippet).toContain(`token 'to''ken'`);
    expect(snippet).toContain('from lake."facts"."o""ne" limit 10;');
    expect(connectSnippet('pyiceberg', served).snippet).toContain('load_table("facts.o\\"ne")');
  });
  it('of a foreign catalog reads the token from the environment, and names its warehouse', () => {
    const told = {
      duckdb: ["getenv('ICEBERG_TOKEN')", "attach 'lake'"],
      pyiceberg: ['os.environ["ICEBERG_TOKEN"]', 'warehouse="lake"'],
      polars: ['os.environ["ICEBERG_TOKEN"]', 'warehouse="lake"'],
      spark: ['os.environ["ICEBERG_TOKEN"]', `.warehouse', "lake"`],
      trino: ['$' + '{ENV:ICEBERG_TOKEN}', 'iceberg.rest-catalog.warehouse=lake'],
    };
    for (const client of CLIENTS) {
      const text = snippetText(connectSnippet(client, foreign));
      for (const each of told[client]) expect(text).toContain(each);
      expect(text).not.toContain('meanwhile');
    }
  });
  it('of a warehouse without a table lists what there is', () => {
    for (const client of ['duckdb', 'pyiceberg', 'polars', 'spark'] as const)
      expect(connectSnippet(client, { ...served, table: undefined }).snippet).toMatch(
        /information_schema\.tables|list_tables|show namespaces/,
      );
  });
});
