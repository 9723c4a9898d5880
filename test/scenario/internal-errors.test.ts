// Goal: an internal error of DuckDB, which shuts its database, costs the process that met it and nobody else.
// Method: a real one. A table whose schema says list where its file holds groups cannot be read by DuckDB.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Schema } from '../../src/iceberg/table-metadata.ts';
import { maintainTables } from '../../src/maintain/index.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const process = (name: string, source: string, sql: string): ReturnType<typeof processFile> =>
  processFile(
    {
      process_name: name,
      pattern: 'stateless',
      sources: [{ table: source, event_time: 'ts' }],
      target: { table: `facts.${name}`, event_time: 'ts' },
    },
    sql,
  );

const ROUNDS = 6;
let world: World;

beforeAll(async () => {
  world = await createWorld({
    processes: [
      process('a_odd', 'raw.odd', 'select * from odd'),
      process('b_good', 'raw.good', 'select id, ts from good'),
      process('c_below', 'facts.a_odd', 'select id, ts from a_odd'),
    ],
  });
  await world.create('raw.good', 'id bigint, ts timestamptz');
  await world.land('raw.good', `select 1, timestamptz '${hourAt(5)}'`);
  await makeOdd();
});
afterAll(() => world.close());

async function makeOdd(): Promise<void> {
  const groups = 'struct(tags struct(list struct(element varchar)))';
  await world.create('raw.odd', `id bigint, ts timestamptz, meta ${groups}`);
  await world.land('raw.odd', `select 1, timestamptz '${hourAt(5)}', {tags: {list: {element: 'x'}}}`);
  const [schema] = structuredClone((await world.metadata('raw.odd')).schemas) as unknown as [OddSchema];
  const [tags] = schema.fields[2].type.fields;
  tags.type = { type: 'list', 'element-id': 6, element: 'string', 'element-required': false };
  await world.commit('raw.odd', [
    { action: 'add-schema', schema: { ...schema, 'schema-id': 1 } as unknown as Schema },
    { action: 'set-current-schema', 'schema-id': -1 },
  ]);
}
interface OddSchema {
  readonly fields: readonly [unknown, unknown, { type: { fields: [{ type: unknown }] } }];
}

describe('an internal error of DuckDB', () => {
  it('fails its process, with a code, its name and one line of DuckDB; the others publish', async () => {
    const [odd, good, below] = await world.run();
    expect(odd).toMatchObject({
      status: 'failed',
      published_snapshot_id: null,
      error: {
        code: 'engine-internal-error',
        message: expect.stringMatching(
          /^a_odd: DuckDB met an internal error: Vector::Reference .+; nothing was/,
        ),
        context: { process_name: 'a_odd' },
      },
    });
    expect(odd?.error?.message).not.toMatch(/\n|"/);
    expect(odd?.error?.hint).toContain('--verbose');
    expect(good).toMatchObject({ status: 'published', rows_written: '1' });
    expect(below).toMatchObject({ status: 'failed', error: { code: 'upstream-failed' } });
    expect(await world.leftovers()).toEqual([]);
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'a_odd' })).toBe(
      false,
    );
  });

  it('of a query ends that query alone: the next one is answered, also beside a run', async () => {
    const odd = { code: 'engine-internal-error', retryable: false };
    await expect(world.psyberg.sql('select * from raw.odd')).rejects.toMatchObject(odd);
    expect(await world.rows('select 1')).toEqual(['[1]']);
    // The session is met at another place each time.
    for (let round = 0; round < ROUNDS; round += 1) {
      await world.land('raw.good', `select 2, timestamptz '${hourAt(6)}'`);
      const [, records] = await Promise.allSettled([
        world.psyberg.sql('select * from raw.odd'),
        world.run(['b_good']),
        world.psyberg.sql('select * from raw.odd'),
      ]);
      expect(records).toMatchObject({
        status: 'fulfilled',
        value: [{ status: 'published', rows_written: '1' }],
      });
      expect(await world.leftovers()).toEqual([]);
    }
    expect(await world.rows('select count(*) from facts.b_good')).toEqual([`["${1 + ROUNDS}"]`]);
  });

  it('that ends a session after it published leaves nothing that the next one would wait for', async () => {
    const { engine } = await world.psyberg.internals.ports();
    const detach = vi.spyOn(engine, 'detach').mockRejectedValueOnce(new Error('no statement any more'));
    await world.land('raw.good', `select 3, timestamptz '${hourAt(6)}'`);
    expect(await world.run(['b_good'])).toMatchObject([{ status: 'published' }]);
    expect(detach).toHaveBeenCalled();
    expect(await world.leftovers()).toHaveLength(1);
    await world.land('raw.good', `select 4, timestamptz '${hourAt(6)}'`);
    expect(await world.run(['b_good'])).toMatchObject([{ status: 'published', rows_written: '1' }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it('of one table leaves the others to be maintained', async () => {
    for (let id = 2; id < 4; id += 1)
      await world.land('raw.good', `select ${id}, timestamptz '${hourAt(5)}'`);
    await world.sql('create table raw.zebra as from raw.good');
    await world.land('raw.zebra', 'from raw.good');
    let asked = 0;
    const report = await maintainTables(
      async () => {
        const ports = await world.psyberg.internals.ports();
        asked += 1;
        // The first time is for all tables, the second for the first one.
        if (asked === 2) await ports.engine.table(ODD).catch(() => undefined);
        return { ...ports, warehouse: world.warehouse, nowMs: Date.now, interrupted: () => false };
      },
      ['raw.good', 'raw.zebra'],
      { only: ['compact'] },
    );
    expect(report.tables).toMatchObject([
      { table: 'raw.good', status: 'failed', error: { code: 'engine-internal-error' } },
      { table: 'raw.zebra', status: 'done', error: null },
    ]);
  });
});

const ODD = { sql: 'select * from lake.raw.odd', parameters: {} };
