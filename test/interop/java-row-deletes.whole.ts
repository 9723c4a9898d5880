// Goal: rows that Apache Iceberg's Java library deletes are gone from targets, and no others. Method: it writes a
// source in commits of every kind between sessions, and says itself what rows the source has.
import { describe, expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, processFile, worldForTest } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { type JavaWrite, startJavaWriter } from './java/source-writer.ts';

const missing = await missingJava();
if (missing !== undefined) console.warn(`skipped: sources that Java writes: ${missing}`);

const TABLE = 'raw.events';
const load = processFile(
  {
    process_name: 'hours_load',
    pattern: 'stateful',
    sources: [{ table: TABLE, event_time: 'ts', alias: 'e' }],
    target: { table: 'facts.hours', event_time: 'ts' },
    hours: 'touched',
  },
  'select id, ts, k from e',
);
const SCHEMA = {
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', required: false, type: 'long' },
    { id: 2, name: 'ts', required: false, type: 'timestamptz' },
    { id: 3, name: 'k', required: false, type: 'string' },
  ],
};
const row = (id: number, hour: number, k = `k${id}`) => ({ id, ts: hourAt(hour), k });
const ids = (...values: readonly number[]) => ({ column: 'id', values });

describe.skipIf(missing !== undefined)('a source that Java writes', () => {
  it.each([
    ['2', [], { positions: { ...ids(2), per: 'file' } }, { positions: { ...ids(3, 11), per: 'partition' } }],
    [
      '2',
      [['hour', 'ts']],
      { positions: { ...ids(2), per: 'partition' } },
      { positions: { ...ids(3), per: 'file' } },
    ],
    ['3', [['hour', 'ts']], { vectors: ids(2) }, { vectors: ids(3, 11) }],
    ['3', [], { vectors: ids(2) }, { vectors: ids(3, 11) }],
  ] satisfies readonly (readonly [string, readonly unknown[], JavaWrite, JavaWrite])[])(
    'of version %s, partitioned by %j, is followed through deletes of every kind',
    { timeout: 180_000 },
    async (version, partition, first, second) => {
      const world = await worldForTest({ processes: [load] });
      const java = await startJavaWriter(world);
      const session = async (): Promise<void> => {
        await world.publish('hours_load');
        const found = await world.sql('select id, k from facts.hours order by id, k');
        const read = (await java.read(TABLE)).map(({ id, k }) => `${id} ${k}`).sort();
        expect(found.map(({ id, k }) => `${id} ${k}`).sort()).toEqual(read);
        await expectVerified(world, 'hours_load');
      };
      try {
        const properties = { 'format-version': version };
        await java.ask(TABLE, 'create', { schema: SCHEMA, partition, properties });
        await java.write(TABLE, { rows: [1, 2, 3, 4].map((id) => row(id, 0)) });
        await java.write(TABLE, { rows: [10, 11, 12].map((id) => row(id, 1)) });
        await session();
        await java.write(TABLE, first);
        await session();
        // A vector that takes the place of a smaller one; a key that is deleted and written in one commit.
        await java.write(TABLE, second);
        await java.write(TABLE, {
          rows: [row(4, 0, 'new')],
          equality: [{ columns: ['id'], rows: [row(4, 0)] }],
        });
        await session();
        // A compaction that began before an equality delete: its files are as old as what it read.
        const from = String((await world.metadata(TABLE))['current-snapshot-id']);
        await java.write(TABLE, { equality: [{ columns: ['k'], rows: [row(1, 0)] }] });
        await java.write(TABLE, { rows: [row(13, 1)] });
        await java.ask(TABLE, 'compact', { from });
        await session();
        // An hour that is emptied.
        await java.write(TABLE, { equality: [{ columns: ['id'], rows: [4, 1].map((id) => row(id, 0)) }] });
        await session();
      } finally {
        await java.close();
      }
    },
  );
});
