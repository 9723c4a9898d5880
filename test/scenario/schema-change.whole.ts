// Goal: a query whose columns are not those of its target is never loaded by a guess. Method: a target that
// was loaded once, then the query is changed; what the run says, and what readers of the table see.
import { describe, expect, it } from 'vitest';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { runSessionStep, SESSION_STEPS } from '../support/session-step.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz, country varchar';
const events = (first: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts, 'de' as country from range(${first}, ${first + 3}) t(i)`;
const load = (sql: string, header: object = {}, target: object = {}) =>
  processFile(
    {
      process_name: 'event_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.events', event_time: 'ts', ...target },
      ...header,
    },
    sql,
  );

/** A target that `sql` has filled with hours 0 and 1, and new rows in hour 1. */
async function loadedWorld(sql: string, header: object = {}, target: object = {}): Promise<World> {
  const world = await worldForTest({ processes: [load(sql, header, target)] });
  await world.create('raw.events', EVENTS);
  await world.land('raw.events', `${events(0, 0)} union all ${events(10, 1)}`);
  await world.publish('event_load');
  await world.land('raw.events', events(20, 1));
  return world;
}

async function runWith(world: World, sql: string, header: object = {}, target: object = {}) {
  world.writeProcess(load(sql, header, target));
  await world.reopen();
  const [record] = await world.run();
  return record;
}

const schemaOf = async (world: World, table = 'facts.events') => {
  const metadata = await world.metadata(table);
  return metadata.schemas.find((schema) => schema['schema-id'] === metadata['current-schema-id'])?.fields;
};

describe.each(['stateless', 'stateful'])(
  'a %s process whose query has other columns than its target',
  (pattern) => {
    const header = { pattern };

    it('is refused, with what to do, and nothing is written', async () => {
      const world = await loadedWorld('select id, ts, country from e', header);
      const before = await world.metadata('facts.events');
      const refused = async (sql: string) => {
        const record = await runWith(world, sql, header);
        expect(record).toMatchObject({
          status: 'failed',
          error: { code: 'target-schema-mismatch' },
        });
        return `${record?.error?.message}\n${record?.error?.hint}`;
      };
      expect(await refused('select id, ts from e')).toMatchInlineSnapshot(`
      "processes/event_load.sql does not return country, which the target facts.events has: the new rows would hold NULL there
      return it again (null as country where there is no value); or set on_schema_change: append or ignore in the header of processes/event_load.sql, and it is NULL in new rows; or drop it: psyberg sql "alter table facts.events drop column country""
    `);
      expect(await refused('select id, ts, country, 1 as extra from e')).toMatchInlineSnapshot(`
      "processes/event_load.sql returns extra (INTEGER), but the target facts.events has no such column
      add it: psyberg sql "alter table facts.events add column extra INTEGER"; or set on_schema_change in the header of processes/event_load.sql: append adds what is new, ignore leaves it out; or take it out of the query"
    `);
      expect(await refused('select id, ts, country as land from e')).toMatchInlineSnapshot(`
      "processes/event_load.sql returns land (VARCHAR), but the target facts.events has no such column, and does not return country, which it has
      if land is country under a new name, rename it in the table, which keeps its values: psyberg sql "alter table facts.events rename column country to land"; or return it under its old name: land as country; if they are two, set on_schema_change in the header of processes/event_load.sql: append adds land, ignore leaves it out, and country is NULL in new rows"
    `);
      expect(await refused('select id, ts as happened, country from e')).toMatchInlineSnapshot(`
      "processes/event_load.sql does not return ts, the event time of the target facts.events; it returns id, happened, country
      return it under that name: happened as ts; or, if the column is to be called happened from now on, psyberg sql "alter table facts.events rename column ts to happened" and target.event_time: happened in the header"
    `);
      expect(await refused('select id, country from e')).toMatchInlineSnapshot(`
      "processes/event_load.sql does not return ts, the event time of the target facts.events; it returns id, country
      add it to the select list: … as ts"
    `);
      expect(await world.metadata('facts.events')).toEqual(before);
      expect(await world.leftovers()).toEqual([]);
      // The hint's first way on: the column keeps its id, and with it what the old files hold.
      await world.sql('alter table facts.events rename column country to land');
      expect(await runWith(world, 'select id, ts, country as land from e', header)).toMatchObject({
        status: 'published',
      });
      expect(await world.rows('select id, land from facts.events')).toEqual(
        await world.rows('select id, country from raw.events'),
      );
    });

    it('adds new columns with on_schema_change: append; missing ones are NULL', async () => {
      const world = await loadedWorld('select id, ts, country from e', header);
      const record = await runWith(world, "select id, ts, id * 2 as doubled, {'a': id} as s from e", {
        ...header,
        on_schema_change: 'append',
      });
      expect(record).toMatchObject({ status: 'published', error: null });
      const isNew = pattern === 'stateful' ? `ts >= timestamptz '${hourAt(1)}'` : 'id >= 20';
      const expected = await world.rows(
        `select id, ts, case when not ${isNew} then country end, case when ${isNew} then id * 2 end, case when ${isNew} then {'a': id} end from raw.events`,
      );
      expect(await world.rows('from facts.events')).toEqual(expected);
      expect((await schemaOf(world))?.map(({ id, name }) => [id, name])).toEqual([
        [1, 'id'],
        [2, 'ts'],
        [3, 'country'],
        [4, 'doubled'],
        [5, 's'],
      ]);
      // And it goes on from there.
      await world.land('raw.events', events(30, 2));
      await world.publish('event_load');
      expect(await world.rows('select id, doubled, s.a from facts.events where id >= 30')).toEqual(
        await world.rows('select id, id * 2, id from raw.events where id >= 30'),
      );
      expect(await world.leftovers()).toEqual([]);
    });

    it('leaves new columns out with on_schema_change: ignore', async () => {
      const world = await loadedWorld('select id, ts, country from e', header);
      const before = await schemaOf(world);
      const record = await runWith(world, 'select id, ts, id * 2 as doubled, 1 as "an other" from e -- end', {
        ...header,
        on_schema_change: 'ignore',
      });
      expect(record).toMatchObject({ status: 'published', error: null });
      expect(await schemaOf(world)).toEqual(before);
      expect(await world.rows('select id, country from facts.events where id >= 20')).toEqual(
        await world.rows('select id, null from raw.events where id >= 20'),
      );
    });
  },
);

describe('the target of a session that adds columns', () => {
  const APPEND = { on_schema_change: 'append' };
  const NEW = 'select id, ts, country, id * 2 as doubled from e';

  it('is as it was when the session fails, for as long as the process is tried', async () => {
    const world = await loadedWorld('select id, ts, country from e', {}, {});
    const before = await world.metadata('facts.events');
    const audited = { ...APPEND, audits: [{ not_null: { columns: ['doubled'] } }] };
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const record = await runWith(world, `${NEW.replace('id * 2', 'nullif(id, 20)')}`, audited);
      expect(record).toMatchObject({ status: 'audit-failed' });
      const after = await world.metadata('facts.events');
      expect({ ...after, 'last-column-id': 3 }).toMatchObject({
        schemas: before.schemas,
        'current-schema-id': before['current-schema-id'],
        refs: before.refs,
      });
      expect(await world.rows('select count(*) from facts.events')).toEqual(['["6"]']);
    }
    expect(await runWith(world, NEW, audited)).toMatchObject({ status: 'published' });
    expect(await world.rows('select id, doubled from facts.events where id >= 20')).toEqual(
      await world.rows('select id, id * 2 from raw.events where id >= 20'),
    );
    expect((await schemaOf(world))?.map(({ name }) => name)).toEqual(['id', 'ts', 'country', 'doubled']);
  });

  it('becomes the current schema with the publish of a session step by step', async () => {
    const world = await loadedWorld('select id, ts, country from e');
    world.writeProcess(load(NEW, APPEND));
    for (const step of SESSION_STEPS) {
      await world.reopen();
      const spec = world.psyberg.project.processes[0] as ProcessSpec;
      await runSessionStep(world.psyberg, spec, step, '20230914061501');
      const isPublished = ['publish', 'commit'].includes(step);
      expect(await schemaOf(world), step).toHaveLength(isPublished ? 4 : 3);
    }
    expect(await world.rows('select id, doubled from facts.events where id >= 20')).toEqual(
      await world.rows('select id, id * 2 from raw.events where id >= 20'),
    );
    expect(await world.leftovers()).toEqual([]);
  });

  it('keeps what somebody else did to its columns meanwhile: the session is planned again', async () => {
    const world = await loadedWorld('select id, ts, country from e');
    world.writeProcess(load(NEW, APPEND));
    let altered = false;
    await world.reopen({
      onStep: (step) => {
        if (altered || !step.includes('load insert')) return;
        altered = true;
        void world.commit('facts.events', [
          {
            action: 'add-schema',
            schema: {
              type: 'struct',
              fields: [
                { id: 1, name: 'id', type: 'long', required: false },
                { id: 2, name: 'ts', type: 'timestamptz', required: false },
                { id: 3, name: 'country', type: 'string', required: false },
                { id: 9, name: 'others', type: 'string', required: false },
              ],
            },
          },
          { action: 'set-current-schema', 'schema-id': -1 },
        ]);
      },
    });
    expect((await world.run())[0]).toMatchObject({ status: 'published', error: null });
    expect(altered).toBe(true);
    expect((await schemaOf(world))?.map(({ name }) => name)).toEqual([
      'id',
      'ts',
      'country',
      'others',
      'doubled',
    ]);
    expect(await world.rows('select id, doubled, others from facts.events where id >= 20')).toEqual(
      await world.rows('select id, id * 2, null from raw.events where id >= 20'),
    );
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('fields inside a column', () => {
  const nested = (value: string) => `select id, ts, country, ${value} as s, [${value}] as l from e`;

  it('come and go as columns do', async () => {
    const world = await loadedWorld(nested("{'a': id, 'b': id}"));
    expect(await runWith(world, nested("{'a': id, 'c': id}"))).toMatchObject({
      status: 'failed',
      error: {
        code: 'target-schema-mismatch',
        context: { added: ['s.c', 'l.element.c'], missing: ['s.b', 'l.element.b'] },
      },
    });
    expect(await runWith(world, nested("{'a': id, 'c': id}"), { on_schema_change: 'ignore' })).toMatchObject({
      status: 'published',
    });
    expect(await world.rows('select s, l from facts.events where id = 20')).toEqual([
      '[{"a":"20","b":null},[{"a":"20","b":null}]]',
    ]);
    await world.land('raw.events', events(30, 1));
    expect(await runWith(world, nested("{'c': id}"), { on_schema_change: 'append' })).toMatchObject({
      status: 'published',
      error: null,
    });
    expect(await world.rows('select s, l from facts.events where id in (0, 30)')).toEqual([
      '[{"a":"0","b":"0","c":null},[{"a":"0","b":"0","c":null}]]',
      '[{"a":null,"b":null,"c":"30"},[{"a":null,"b":null,"c":"30"}]]',
    ]);
  });
});

describe('a dimension', () => {
  const state = (more: string) =>
    `select date_trunc('hour', e.ts) as ts, count(*) as n${more} from e left join previous on true group by 1`;
  const dimension = (more: string, header: object = {}) =>
    load(state(more), { pattern: 'dimension', ...header });

  it('adds a column that it reads of previous itself', async () => {
    const world = await worldForTest({ processes: [dimension('')] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 0)} union all ${events(10, 1)}`);
    await world.publish('event_load');
    await world.land('raw.events', `${events(20, 1)} union all ${events(30, 2)}`);
    const more = ', count(*) + coalesce(max(previous.total), 0) as total';
    const run = async (header: object) => {
      world.writeProcess(dimension(more, header));
      await world.reopen();
      return (await world.run())[0];
    };
    expect(await run({})).toMatchObject({ status: 'failed', error: { code: 'process-sql-failed' } });
    expect(await run({ on_schema_change: 'append' })).toMatchObject({ status: 'published', error: null });
    expect(await world.rows('select n, total from facts.events')).toEqual([
      '["3","9"]',
      '["3",null]',
      '["6","6"]',
    ]);
  });
});

describe('a first session', () => {
  it.each(['stateless', 'stateful', 'dimension'])(
    'whose query does not return the event time of its target is refused, and creates nothing: %s',
    async (pattern) => {
      const world = await worldForTest({
        processes: [load('select id, ts as happened from e', { pattern })],
      });
      await world.create('raw.events', EVENTS);
      await world.land('raw.events', events(0, 0));
      expect((await world.run())[0]).toMatchObject({
        status: 'failed',
        error: {
          code: 'target-schema-mismatch',
          hint: 'return it under that name: happened as ts, or write target.event_time: happened',
        },
      });
      expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'events' })).toBe(
        false,
      );
    },
  );
});
