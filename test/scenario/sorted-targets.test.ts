// Goal: a target with a sort order is written like any other, and its files name the order only where their rows
// are in it. Method: targets of several layouts that got an order, before or after the first session.
import { describe, expect, it } from 'vitest';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const LAYOUTS = {
  plain: { pattern: 'stateful', target: {}, more: '' },
  parted: { pattern: 'stateless', target: { partition_by: ['hour(ts)'] }, more: '' },
  nested: { pattern: 'stateful', target: {}, more: ', [id] as l' },
  bucketed: { pattern: 'stateless', target: {}, more: '' },
} as const;
type Name = keyof typeof LAYOUTS;
const NAMES = Object.keys(LAYOUTS) as Name[];

const load = (name: Name) =>
  processFile(
    {
      process_name: name,
      pattern: LAYOUTS[name].pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', ...LAYOUTS[name].target },
    },
    `select id, k, ts${LAYOUTS[name].more} from e`,
  );

/** As ALTER TABLE … WRITE ORDERED BY k DESC NULLS LAST, id. */
async function sortBy(world: World, table: string, transform = 'identity'): Promise<void> {
  await world.commit(table, [
    {
      action: 'add-sort-order',
      'sort-order': {
        'order-id': 1,
        fields: [
          { transform, 'source-id': 2, direction: 'desc', 'null-order': 'nulls-last' },
          { transform: 'identity', 'source-id': 1, direction: 'asc', 'null-order': 'nulls-first' },
        ],
      },
    },
    { action: 'set-default-sort-order', 'sort-order-id': -1 },
  ]);
}

/** The live data files, with the order that each names. */
async function filesOf(world: World, table: string): Promise<{ path: string; order: number | null }[]> {
  const engine = await world.psyberg.internals.engine();
  const list = (await world.history(table)).at(-1)?.['manifest-list'] as string;
  const manifests = await engine.query<{ manifest_path: string }>({
    sql: 'select manifest_path from read_avro($list)',
    parameters: { list },
  });
  const files = await Promise.all(
    manifests.map(({ manifest_path }) =>
      engine.query<{ path: string; order: number | null }>({
        sql: `select data_file.file_path as path, (to_json(data_file)->>'sort_order_id')::integer as "order" from read_avro($manifest_path) where status < 2`,
        parameters: { manifest_path },
      }),
    ),
  );
  return files.flat();
}

describe('a target with a sort order', () => {
  it('gets its rows, sorted where COPY keeps the order, and goes on', async () => {
    const world = await worldForTest({ processes: NAMES.map(load) });
    await world.create('raw.events', 'id bigint, k varchar, ts timestamptz');
    const at = (hour: number): string => `timestamptz '${hourAt(hour)}'`;
    const land = (first: number, hour: number): Promise<void> =>
      world.land(
        'raw.events',
        `select i, case when i % 5 > 0 then 'k' || i % 3 end, ${at(hour)} from range(${first}, ${first + 50}) t(i)`,
      );
    // One of them has its order before its first session, the others afterwards.
    await world.create('facts.plain', 'id bigint, k varchar, ts timestamptz');
    await sortBy(world, 'facts.plain');
    await land(0, 1);
    for (const name of NAMES) await world.publish(name);
    for (const name of NAMES.slice(1))
      await sortBy(world, `facts.${name}`, name === 'bucketed' ? 'bucket[4]' : 'identity');
    await land(50, 1);
    await land(100, 2);
    for (const name of NAMES) {
      await world.publish(name);
      expect(await world.rows(`select id, k, ts from facts.${name}`), name).toEqual(
        await world.rows('from raw.events'),
      );
      const orders = new Set((await filesOf(world, `facts.${name}`)).map((file) => file.order));
      expect([...orders], name).toEqual([name === 'plain' || name === 'nested' ? 1 : null]);
    }
    const engine = await world.psyberg.internals.engine();
    for (const { path } of await filesOf(world, 'facts.plain')) {
      const read = `from read_parquet('${path}', file_row_number = true)`;
      const ids = (sql: string) => engine.query({ sql, parameters: {} });
      expect(await ids(`select id ${read} order by file_row_number`)).toEqual(
        await ids(`select id ${read} order by k desc nulls last, id`),
      );
    }
    // Others may insert too: their files name no order.
    await world.sql(`insert into facts.plain values (-1, 'x', ${at(0)})`);
    await land(150, 2);
    await world.publish('plain');
    expect(await world.rows("select id from facts.plain where k = 'x'")).toEqual(['["-1"]']);
  });
});
