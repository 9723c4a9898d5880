// Goal: the fingerprint of a process tells what decides on its rows, and nothing else. Method: projects on disk that
// differ in one thing, against the first one, through DuckDB's own parser.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openParser, type Parser } from '../../src/engine/open-parser.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { processSqlOf, sqlTextOf, textSha256Of } from '../../src/project/process-fingerprint.ts';
import { readProject } from '../../src/project/read-project.ts';

let parser: Parser;
beforeAll(async () => {
  parser = await openParser();
});
afterAll(() => parser.close());

const HEADER = {
  process_name: 'cancel_load',
  pattern: 'stateful',
  sources: [
    { table: 'raw.cancels', event_time: 'ts', alias: 'c' },
    { table: 'raw.requests', event_time: 'ts', alias: 'r', window: { before: '6h' } },
  ],
  target: { table: 'facts.cancel', event_time: 'ts', partition_by: ['hour(ts)'] },
  audits: [{ not_null: { columns: ['id'] } }] as unknown[],
};
type Header = typeof HEADER;
const SQL = `select c.id, c.ts, halved(c.amount) as amount, r.id is null as is_sudden
from c left join r on r.id = c.id and r.ts > c.ts - to_days($churn_days)
where c.amount > 10 and c.country <> 'x y'`;

interface Change {
  readonly header?: (header: Header) => unknown;
  readonly sql?: string;
  readonly macros?: string;
  readonly churnDays?: number;
  readonly variables?: Record<string, string>;
}

async function specOf(change: Change = {}): Promise<ProcessSpec> {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-fingerprint-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    const header = change.header?.(structuredClone(HEADER)) ?? HEADER;
    write(
      'psyberg.yaml',
      `name: p\ncatalog: { warehouse: w }\nvars: { churn_days: ${change.churnDays ?? 30}, other: 1 }\n`,
    );
    write('macros/m.sql', change.macros ?? 'create macro halved(x) as x / 2;\ncreate macro unused(x) as x;');
    write('processes/p.sql', `/*---\n${JSON.stringify(header)}\n---*/\n${change.sql ?? SQL}\n`);
    const { processes } = readProject({ root, variables: change.variables ?? {} });
    return processes[0] as ProcessSpec;
  } finally {
    rmSync(root, { recursive: true });
  }
}

const fingerprintOf = async (change?: Change): Promise<string> => {
  const spec = await specOf(change);
  return processSqlOf(spec, await parser.parse(spec.sql)).fingerprint;
};
const withSources = (change: (sources: Header['sources']) => unknown) => (header: Header) => ({
  ...header,
  sources: change(header.sources),
});

describe('tells', () => {
  const changes: Readonly<Record<string, Change>> = {
    'another number': { sql: SQL.replace('> 10', '> 11') },
    'another digit of a long number': { sql: SQL.replace('> 10', '> 9007199254740993') },
    'white space in a text': { sql: SQL.replace('x y', 'x  y') },
    'another join': { sql: SQL.replace('left join', 'join') },
    'another name of a column': { sql: SQL.replace('is_sudden', 'sudden') },
    'another case of the name of a column': { sql: SQL.replace('is_sudden', 'Is_Sudden') },
    'the case of a text': { sql: SQL.replace('x y', 'X y') },
    'a macro that it uses': { macros: 'create macro halved(x) as x / 3;' },
    'the value of a variable': { churnDays: 31 },
    'a value of --var': { variables: { churn_days: '7' } },
    'an added window': {
      header: withSources(([c, r]) => [{ ...c, window: { before: '1h' } }, r]),
    },
    'a longer window': { header: withSources(([c, r]) => [c, { ...r, window: { before: '7h' } }]) },
    'no window': { header: withSources(([c, r]) => [c, { ...r, window: undefined }]) },
    'another table': { header: withSources(([c, r]) => [{ ...c, table: 'raw.other' }, r]) },
    'another event time of a source': { header: withSources(([c, r]) => [{ ...c, event_time: 'at' }, r]) },
    'another event time of the target': {
      header: (header) => ({ ...header, target: { ...header.target, event_time: 'at' } }),
    },
    'other partitions': {
      header: (header) => ({ ...header, target: { ...header.target, partition_by: ['day(ts)'] } }),
    },
    'a pattern that computes hour by hour': { header: (header) => ({ ...header, pattern: 'dimension' }) },
  };
  it.each(Object.entries(changes))('%s', async (_what, change) => {
    expect(await fingerprintOf(change)).not.toBe(await fingerprintOf());
  });

  it('two long numbers that JavaScript takes for one', async () => {
    const of = (digits: string) => fingerprintOf({ sql: SQL.replace('> 10', `> ${digits}`) });
    expect(await of('9007199254740993')).not.toBe(await of('9007199254740992'));
  });
  it('another alias', async () => {
    const header = withSources(([c, r]) => [{ ...c, alias: 'k' }, r]);
    expect(await fingerprintOf({ header, sql: SQL.replaceAll(/\bc\b/g, 'k') })).not.toBe(
      await fingerprintOf(),
    );
  });
});

describe('does not tell', () => {
  const changes: Readonly<Record<string, Change>> = {
    comments: { sql: `-- why\n${SQL.replace('from c', '/* (of */ from c -- here)\n')}` },
    'white space and line ends': { sql: SQL.replaceAll(/\s+(?=(?:[^']*'[^']*')*[^']*$)/g, '\r\n   ') },
    'the case of keywords and functions': {
      sql: SQL.replace('select', 'SELECT').replace('left join', 'LEFT JOIN').replace('halved', 'HALVED'),
    },
    'the case of names that refer to something': {
      sql: SQL.replace('select c.id', 'select C.Id').replace('from c left join r', 'from C left join R'),
    },
    'words that may be left out': {
      sql: SQL.replace('left join', 'left outer join').replace(' as amount', ' amount'),
    },
    'brackets that change nothing': { sql: SQL.replace('c.amount > 10', '(c.amount > 10)') },
    'the layout of a macro': { macros: 'CREATE MACRO halved( X )   as\n  x /* by two */ / 2;' },
    'a macro that it does not use': { macros: 'create macro a(x) as 7;\ncreate macro halved(x) as x / 2;' },
    audits: { header: (header) => ({ ...header, audits: [{ unique: { columns: ['id'] } }] }) },
    'the order of the keys of its header': {
      header: (header) => Object.fromEntries(Object.entries(header).reverse()),
    },
    'the order of its sources': { header: withSources(([c, r]) => [r, c]) },
    'its name': { header: (header) => ({ ...header, process_name: 'cancel_fact_load' }) },
    'the name of its target': {
      header: (header) => ({ ...header, target: { ...header.target, table: 'facts.cancel_fact' } }),
    },
    'a window that is written otherwise': {
      header: withSources(([c, r]) => [c, { ...r, window: { before: '6h', after: '0h' } }]),
    },
  };
  it.each(Object.entries(changes))('%s', async (_what, change) => {
    expect(await fingerprintOf(change)).toBe(await fingerprintOf());
  });

  it('a variable of another name and the same value', async () => {
    const sql = SQL.replace('to_days($churn_days)', 'to_days($other)');
    expect(await fingerprintOf({ sql })).toBe(await fingerprintOf({ churnDays: 1 }));
  });
  it('another order of macros that stand in files of other names', async () => {
    const [a, b] = ['create macro halved(x) as part(x, 2);', 'create macro part(x, n) as x / n;'];
    expect(await fingerprintOf({ macros: `${a}\n${b}` })).toBe(await fingerprintOf({ macros: `${b}\n${a}` }));
  });
});

it('is the same value on every machine', async () => {
  // Other parsers of later releases of DuckDB may change it; then hours count as made by other SQL whose text changed.
  expect(await fingerprintOf()).toMatchInlineSnapshot(
    `"33bca18527c3b8cffd976dbac48f91f8e9c85045ee1500260c558ab83f2a7f82"`,
  );
});

it('compares a query that DuckDB does not serialize by its words', async () => {
  const spec = await specOf();
  const of = (sql: string) => processSqlOf({ ...spec, sql }, { error: true }).fingerprint;
  expect(of('pivot c on A using sum(b)')).toBe(of('PIVOT c  ON a -- x\n USING sum(b)'));
  expect(of('pivot c on a using sum(b)')).not.toBe(of('pivot c on a using max(b)'));
});

it('knows a text that did not change by its hash alone', async () => {
  const [spec, laidOut] = [await specOf(), await specOf({ sql: `${SQL} -- x` })];
  expect(textSha256Of(spec)).toBe(
    textSha256Of(await specOf({ header: (header) => ({ ...header, audits: [] }) })),
  );
  expect(textSha256Of(spec)).not.toBe(textSha256Of(laidOut));
  expect(textSha256Of(spec)).not.toBe(textSha256Of(await specOf({ churnDays: 31 })));
});

it('keeps a text with the macros and variables that the query uses', async () => {
  expect(sqlTextOf(await specOf())).toBe(`-- $churn_days = 30\ncreate macro halved(x) as x / 2;\n${SQL}`);
});
