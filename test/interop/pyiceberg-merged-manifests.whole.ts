// Goal: manifests that are merged at commit are what the specification demands. Method: many small sessions into a
// target of version 3 with deletes of another engine in it and a second partition spec; PyIceberg counts what
// each snapshot says.
import { describe, expect, it } from 'vitest';
import { processFile, worldForTest } from '../support/world.ts';
import { type CountedTable, countedTables, events, expectRowIds, expectSound } from './counted-tables.ts';
import { preparePython } from './python.ts';

describe('manifests that are merged at commit', () => {
  it('keep row ids, numbers and deletes, each spec and each kind of content for itself', {
    timeout: 600_000,
  }, async () => {
    await preparePython();
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'merged_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.few', event_time: 'ts', alias: 'e' }],
            target: {
              table: 'facts.merged',
              event_time: 'ts',
              partition_by: ['day(ts)'],
              properties: { 'format-version': '3', 'commit.manifest.min-count-to-merge': '4' },
            },
          },
          'select id, ts, country from e',
        ),
      ],
    });
    await world.create('raw.few', 'id bigint, ts timestamptz, country varchar');
    const known = new Map<unknown, unknown>();
    const gone: number[] = [];
    for (let session = 0; session < 9; session += 1) {
      await world.land('raw.few', `select * from ${events(session * 10, 4, session * 20)}`);
      await world.publish('merged_load');
      const rows = await world.sql(
        'select id, _row_id as row_id, _last_updated_sequence_number as number from facts.merged',
      );
      expect(rows.length).toBe(4 * (session + 1) - gone.length);
      for (const row of rows)
        if (known.has(row['id'])) expect(row, `session ${session}`).toEqual(known.get(row['id']));
      for (const row of rows) known.set(row['id'], row);
      expect(new Set(rows.map((row) => row['row_id'])).size).toBe(rows.length);
      if (session === 2)
        await world.commit('facts.merged', [
          {
            action: 'add-spec',
            spec: { fields: [{ name: 'country', transform: 'identity', 'source-id': 3 }] },
          },
          { action: 'set-default-spec', 'spec-id': -1 },
        ]);
      if (session % 2 === 1 && session < 6) {
        gone.push(session * 10);
        await world.sql(`delete from facts.merged where id = ${session * 10}`);
      }
    }
    const table = (await countedTables(world, ['facts.merged']))['facts.merged'] as CountedTable;
    expectSound('merged', table);
    await expectRowIds(world, 'facts.merged');
    expect([table.history.at(-1)?.rows, table.history.at(-1)?.summary['total-delete-files']]).toEqual([
      36 - gone.length,
      '3',
    ]);
    const head = (await world.history('facts.merged')).at(-1);
    const manifests = await (await world.psyberg.internals.engine()).query<{
      spec: number;
      content: number;
      n: bigint;
      merged: boolean;
    }>({
      sql: 'select partition_spec_id as spec, content, count(*) as n, bool_or(existing_files_count > 1) as merged from read_avro($list) group by all order by all',
      parameters: { list: head?.['manifest-list'] as string },
    });
    expect(manifests.map((each) => [each.spec, each.content])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    // Twelve were written.
    expect(manifests.filter((each) => each.merged).map((each) => each.content)).toContain(0);
    expect(manifests.reduce((sum, each) => sum + each.n, 0n)).toBeLessThan(9n);
  });
});
