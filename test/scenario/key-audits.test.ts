// Goal: an audit of keys over the whole target opens no file that cannot hold them. Method: files outside of the
// keys are damaged, so that opening one would fail.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hourAt, processFile, worldForTest } from '../support/world.ts';

const loadOf = (audits: readonly unknown[]) =>
  processFile(
    {
      process_name: 'checked',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.checked', event_time: 'ts' },
      audits,
    },
    'select * from e',
  );

it('unique over: target leaves duplicates alone that lie in older rows, and opens no file whose bounds lie elsewhere', async () => {
  const world = await worldForTest({ processes: [loadOf([])] });
  await world.create('raw.events', 'id bigint, k varchar, ts timestamptz');
  for (const first of [0, 0, 10_000])
    await world.land(
      'raw.events',
      `select i as id, 'k' as k, timestamptz '${hourAt(0)}' as ts from range(${first}, ${first + 2000}) t(i)`,
    );
  await world.publish('checked');
  const data = join(world.warehouse, 'facts/checked/data');
  for (const name of readdirSync(data, { recursive: true }).map(String))
    if (name.endsWith('.parquet')) writeFileSync(join(data, name), 'no longer Parquet');
  world.writeProcess(loadOf([{ unique: { columns: ['id'], over: 'target' } }]));
  await world.reopen();
  // So many keys that a semi join alone would open every file.
  await world.land(
    'raw.events',
    `select i as id, 'k' as k, timestamptz '${hourAt(0)}' as ts from range(50000, 55000) t(i)`,
  );
  expect(await world.publish('checked')).toMatchObject({
    rows_written: '5000',
    audits: [{ status: 'passed' }],
  });
});
