// Goal: what Iceberg's specification leaves optional is optional, and a source that DuckDB cannot read is said
// to be one. Method: metadata files and manifests of real tables, changed as other writers make them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countInSummary, withOperations } from '../../src/iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { refuseOtherFormats, refuseUnsupported } from '../../src/changes/refuse-unsupported.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const TABLES = ['without_summary', 'without_operation', 'odd_counts', 'control'] as const;
const loads = TABLES.flatMap((table) =>
  (['stateless', 'stateful'] as const).map((pattern) =>
    processFile(
      {
        process_name: `${table}_${pattern}`,
        pattern,
        sources: [{ table: `raw.${table}`, event_time: 'ts', alias: 'e' }],
        target: { table: `facts.${table}_${pattern}`, event_time: 'ts' },
      },
      'select id, ts from e',
    ),
  ),
);

/** Changes the newest metadata file of a table as text: snapshot ids are 64-bit integers. */
function changeMetadata(world: World, table: string, change: (text: string) => string): void {
  const folder = join(world.warehouse, table.replace('.', '/'), 'metadata');
  const newest = readdirSync(folder)
    .filter((name) => name.endsWith('.metadata.json'))
    .sort()
    .at(-1) as string;
  const path = join(folder, newest);
  const changed = change(readFileSync(path, 'utf8'));
  expect(changed).not.toBe(readFileSync(path, 'utf8'));
  writeFileSync(path, changed);
}

describe('a snapshot', () => {
  it('without a summary, without an operation, or with counts that are none is read', {
    timeout: 60_000,
  }, async () => {
    const world = await worldForTest({ processes: loads });
    for (const table of TABLES) {
      await world.create(`raw.${table}`, 'id bigint, ts timestamptz', {
        formatVersion: table === 'without_summary' ? '1' : '2',
      });
      await world.land(`raw.${table}`, `select 1 as id, timestamptz '${hourAt(0)}' as ts`);
      await world.land(`raw.${table}`, `select 2 as id, timestamptz '${hourAt(1)}' as ts`);
    }
    changeMetadata(world, 'raw.without_summary', (text) =>
      text.replaceAll(/"summary":\{[^}]*\},|,"summary":\{[^}]*\}/g, ''),
    );
    changeMetadata(world, 'raw.without_operation', (text) => text.replaceAll(/"operation":"\w+",?/g, ''));
    changeMetadata(world, 'raw.odd_counts', (text) =>
      text.replaceAll(/"((?:total|added)-(?:records|files-size|data-files))":"\d+"/g, '"$1":"1.0E3"'),
    );
    await world.reopen();
    const records = await world.run();
    expect(records.map((record) => [record.process_name, record.status, record.error])).toEqual(
      loads
        .map((load) => [load.header.process_name, 'published', null])
        .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1)),
    );
    for (const table of TABLES)
      expect(await world.rows(`from facts.${table}_stateful`), table).toEqual(
        await world.rows(`from raw.${table}`),
      );
    // The next commit writes on from there, and so does the next session.
    for (const table of TABLES)
      await world.land(`raw.${table}`, `select 3 as id, timestamptz '${hourAt(2)}' as ts`);
    for (const record of await world.run())
      expect(record).toMatchObject({ status: 'published', rows_read: '1' });
  });

  it('gets an operation for readers that want one, and its own summary otherwise', () => {
    const snapshots = [
      { summary: { operation: 'append', a: '1' } },
      { summary: { a: '2' } },
      {},
    ] as unknown as Snapshot[];
    const metadata = { snapshots } as unknown as TableMetadata;
    expect(withOperations(metadata).snapshots).toEqual([
      { summary: { operation: 'append', a: '1' } },
      { summary: { operation: 'overwrite', a: '2' } },
      { summary: { operation: 'overwrite' } },
    ]);
    const whole = { snapshots: snapshots.slice(0, 1) } as unknown as TableMetadata;
    expect(withOperations(whole)).toBe(whole);
  });

  it.each([
    ['9223372036854775808', 9223372036854775808n],
    ['0', 0n],
    ['1.0E3', undefined],
    ['-1', undefined],
    ['', undefined],
    ['many', undefined],
    [undefined, undefined],
  ])('says how many only where it says a number: %s', (text, count) => {
    const snapshot = { summary: text === undefined ? {} : { 'total-records': text } } as unknown as Snapshot;
    expect(countInSummary(snapshot, 'total-records')).toBe(count);
  });
});

describe('a source that DuckDB cannot read', () => {
  const metadata = (version: number, ...names: string[]): TableMetadata =>
    ({
      'format-version': version,
      'current-schema-id': 0,
      schemas: [
        { 'schema-id': 0, type: 'struct', fields: names.map((name, id) => ({ id, name, type: 'long' })) },
      ],
    }) as unknown as TableMetadata;
  const thrown = (call: () => void): unknown => {
    try {
      call();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('is named with what is wrong and what to do about it', () => {
    expect(thrown(() => refuseUnsupported('raw.t', metadata(3, 'a', 'b')))).toBeUndefined();
    expect(thrown(() => refuseUnsupported('raw.t', metadata(2, 'a', 'b', 'A')))).toMatchObject({
      code: 'source-unsupported',
      kind: 'usage',
      message: expect.stringContaining('the source raw.t has the columns a and A'),
      hint: expect.stringContaining('alter table raw.t rename column A to A_2'),
    });
    expect(thrown(() => refuseUnsupported('raw.t', metadata(4, 'a')))).toMatchObject({
      code: 'source-unsupported',
      message: 'the source raw.t is of Iceberg format version 4; versions 1 to 3 can be read',
    });
    expect(
      thrown(() => refuseOtherFormats('raw.t', [{ path: '/a', file_format: 'parquet' }])),
    ).toBeUndefined();
    expect(thrown(() => refuseOtherFormats('raw.t', [{ path: '/a.orc', file_format: 'ORC' }]))).toMatchObject(
      {
        code: 'source-unsupported',
        message: expect.stringContaining(
          'data files of the format ORC, and DuckDB reads Parquet alone: /a.orc',
        ),
        hint: expect.stringContaining('write.format.default=parquet'),
      },
    );
  });
});
