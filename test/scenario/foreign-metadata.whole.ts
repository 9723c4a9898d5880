// Goal: what Iceberg's specification leaves optional is optional. Method: metadata files of real tables, changed as
// other writers make them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
});
