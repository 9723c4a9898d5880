// Goal: providers of VTTS ask what they say, and refuse what is no instant. Method: sources and answers as short
// data behind the port that a session fills; no DuckDB.
import { describe, expect, it } from 'vitest';
import { type AskedSource, type AskedWarehouse, vttsKind } from '../../src/kinds/vtts/index.ts';
import type { VttsSpec } from '../../src/model/process-spec.ts';
import { tableFragment } from '../../src/statements/index.ts';
import { hour } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';

const warehouse = (answers: Partial<AskedWarehouse>): (() => Promise<AskedWarehouse>) => {
  return async () => answers as AskedWarehouse;
};
const source: AskedSource = {
  processName: 'a_load',
  file: 'processes/a_load.sql',
  table: { namespace: ['raw'], name: 'events' },
  newestHour: hour(7),
  snapshots: () => [],
  signals: async () => undefined,
  warehouse: () => Promise.reject(new Error('DuckDB was started')),
};
const ask = async (vtts: VttsSpec & Record<string, unknown>, more: Partial<AskedSource> = {}) =>
  vttsKind(vtts.kind).ask(vtts, { ...source, ...more });
const error = (message: string) =>
  expect.objectContaining({ code: 'vtts-invalid', message: expect.stringContaining(message) });

it('bounds: the newest hour with rows, without asking anybody', async () => {
  expect(await ask({ kind: 'bounds' })).toBe(hour(7));
});

it('signal: the row of the source, where there are signals', async () => {
  expect(await ask({ kind: 'signal' })).toBeUndefined();
  const asked: unknown[] = [];
  const query: AskedWarehouse['query'] = async (...statement) => {
    asked.push(statement);
    return [{ hour: hour(4) }] as never;
  };
  const signals = {
    relation: tableFragment('lake', { namespace: ['psyberg'], name: 'psyberg_signal' }),
    parameters: { state_files: ['a.parquet'] },
  };
  const more = { signals: async () => signals, warehouse: warehouse({ query }) };
  expect(await ask({ kind: 'signal' }, more)).toBe(hour(4));
  expect(asked).toEqual([
    [
      { name: 'session/signalled_hour', sql: expect.stringContaining('"psyberg_signal"') },
      { signal_name: 'raw.events', state_files: ['a.parquet'] },
    ],
  ]);
  const asOf = { committedAtMs: 5, psybergSessionId: undefined };
  expect(await ask({ kind: 'signal' }, { ...more, asOf })).toBe(hour(4));
  expect(asked[1]).toEqual([
    { name: 'session/signalled_hour_then', sql: expect.stringContaining('"psyberg_signal"') },
    { signal_name: 'raw.events', state_files: ['a.parquet'], committed_at_ms: 5n, psyberg_session_id: null },
  ]);
});

describe('property', () => {
  const vtts = { kind: 'property', key: 'through' };
  /** Head first. */
  const said = (...texts: (string | undefined)[]) => ({
    snapshots: () =>
      texts.map((through, index) => ({
        'snapshot-id': BigInt(index),
        summary: { operation: 'append', ...(through === undefined ? {} : { through }) },
      })) as never,
  });
  it.each([
    ['the nearest commit that says it', [undefined, hourAt(5), hourAt(3)], hour(4)],
    ['milliseconds', [String(Date.parse(hourAt(5)) + 1)], hour(4)],
    ['no commit', [undefined], undefined],
  ])('%s', async (_name, texts, expected) => {
    expect(await ask(vtts, said(...texts))).toBe(expected);
  });
  it.each(['1694649600', '1694649600000000', 'tomorrow', ''])('refuses %j', async (text) => {
    await expect(ask(vtts, said(text, hourAt(3)))).rejects.toEqual(error(`is '${text}' (snapshot 0)`));
  });
});

describe('sql', () => {
  const vtts = { kind: 'sql', query: 'select max(ts) from events', place: { line: 7, column: 9 } };
  const answering = (type: string, ...values: unknown[]) => ({
    parse: async () => ({ statements: [{}] }),
    answer: async () => ({ columns: [{ name: 'ts', type }], rows: values.map((value) => [value]) }),
  });
  it.each([
    ['the hour that ends there or before', answering('TIMESTAMP WITH TIME ZONE', hourAt(5)), hour(4)],
    ['NULL', answering('TIMESTAMP', null), undefined],
    ['no row', answering('DATE'), undefined],
  ])('%s', async (_name, answers, expected) => {
    expect(await ask(vtts, { warehouse: warehouse(answers) })).toBe(expected);
  });
  it.each([
    ['at the most the hours before the newest with rows', hour(3), hourAt(9), hour(2)],
    ['and those that were over by then', hour(7), hourAt(3), hour(2)],
    ['and what it says now', hour(7), hourAt(9), hour(4)],
    ['none without rows', undefined, hourAt(9), undefined],
  ])('of an older place: %s', async (_name, newestHour, committed, expected) => {
    const asOf = { committedAtMs: Date.parse(committed), psybergSessionId: undefined };
    const answers = warehouse(answering('TIMESTAMP', hourAt(5)));
    expect(await ask(vtts, { warehouse: answers, newestHour, asOf })).toBe(expected);
  });
  it.each<[Partial<AskedWarehouse>, string]>([
    [answering('BIGINT', 5n), 'returned a value of type BIGINT: 5'],
    [answering('TIMESTAMP', 'infinity'), 'returned infinity, expected a timestamp of the years'],
    [answering('TIMESTAMP', hourAt(1), hourAt(2)), 'returned 2 rows of 1 columns'],
    [
      { parse: async () => ({ error: true, position: '3', error_message: 'oops' }) },
      'cannot be parsed: oops',
    ],
    [{ parse: async () => ({ error: true, error_message: 'Only SELECT' }) }, 'is not a single SELECT'],
    [{ parse: async () => ({ statements: [{}, {}] }) }, 'is not a single SELECT'],
  ])('refuses, with its place (%#)', async (answers, message) => {
    await expect(ask(vtts, { warehouse: warehouse(answers) })).rejects.toEqual(
      error(`processes/a_load.sql:7:9 the vtts query of raw.events in a_load ${message}`),
    );
  });
});
