import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../src/engine/index.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { catalogClient } from '../support/catalog-client.ts';
import { createWorld, tableId, type World } from '../support/world.ts';

describe('a table that has snapshots and no main', () => {
  let world: World;
  let other: Engine;
  const count = async (table: string, at = ''): Promise<unknown> =>
    (await other.query({ sql: `select count(*) as n from lake.${table} ${at}`, parameters: {} }))[0]?.['n'];
  const update = (table: string, ...updates: TableUpdate[]): Promise<void> => world.commit(table, updates);

  beforeAll(async () => {
    world = await createWorld();
    for (const version of ['1', '2', '3']) {
      const table = `raw.t${version}`;
      await world.create(table, 'id bigint', { formatVersion: version });
      await world.land(table, 'select 1');
      await world.land(table, 'select 2');
      const [, head] = await world.history(table);
      const id = head?.['snapshot-id'] as bigint;
      await update(
        table,
        { action: 'set-snapshot-ref', 'ref-name': 'work', type: 'branch', 'snapshot-id': id },
        { action: 'set-snapshot-ref', 'ref-name': 'kept', type: 'tag', 'snapshot-id': id },
        { action: 'remove-snapshot-ref', 'ref-name': 'main' },
      );
    }
    const { uri, token } = world.psyberg.internals.catalog;
    other = await openEngine();
    await other.attach({ name: 'lake', warehouse: 'psyberg', uri, token });
    await other.attach({ name: 'branch', warehouse: 'branch@work', uri, token });
  }, 60_000);
  afterAll(async () => {
    other.close();
    await world.close();
  });

  it.for(['1', '2', '3'])('of version %s is empty to DuckDB, now and at any time', async (version) => {
    const table = `raw.t${version}`;
    expect(await count(table)).toBe(0n);
    expect(await count(table, "at (timestamp => timestamp '2100-01-01')")).toBe(0n);
    expect(await count(table, "at (timestamp => timestamp '2000-01-01')")).toBe(0n);
    expect(await world.sql(`select count(*) as n from ${table}`)).toEqual([{ n: 0n }]);
  });

  it('shows its branch under the prefix of the branch, and its refs to clients that read them by name', async () => {
    const [{ n } = {}] = await other.query({
      sql: 'select count(*) as n from branch.raw.t2',
      parameters: {},
    });
    expect(n).toBe(2n);
    const { uri, token } = world.psyberg.internals.catalog;
    const loaded = await catalogClient({ uri, token, prefix: 'psyberg' }).loadTable(tableId('raw.t2'));
    expect(Object.keys(loaded?.metadata.refs ?? {}).sort()).toEqual(['kept', 'work']);
    expect(loaded?.metadata.snapshots).toHaveLength(2);
  });

  it('is written to by DuckDB as an empty one: main begins, and the other refs stay', async () => {
    await other.execute({ sql: 'insert into lake.raw.t2 values (7)', parameters: {} });
    expect(await world.rows('from raw.t2')).toEqual(['["7"]']);
    expect(Object.keys((await world.metadata('raw.t2')).refs ?? {}).sort()).toEqual(['kept', 'main', 'work']);
  });
});
