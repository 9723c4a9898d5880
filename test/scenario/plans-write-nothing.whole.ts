// Goal: a plan writes nothing and is run as it was made; a time zone changes nothing. Method: the warehouse hashed
// around plans, and sessions under several time zones.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { auditedProcess } from '../support/audited-events.ts';
import { events } from '../support/event-tables.ts';
import { spawnSessions } from '../support/spawn.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

describe('a plan', () => {
  /** Every file of the warehouse and every row of the catalog's database. */
  function imageOf(world: World): Record<string, string> {
    const image: Record<string, string> = {};
    for (const name of readdirSync(world.root, { recursive: true, withFileTypes: true })) {
      const path = join(name.parentPath, name.name);
      // The database's own files change with each connection; its rows are compared instead.
      if (name.isFile() && !name.name.startsWith('catalog.db'))
        image[path] = createHash('sha256').update(readFileSync(path)).digest('hex');
    }
    const database = new DatabaseSync(join(world.warehouse, 'catalog.db'), { readOnly: true });
    for (const { name } of database.prepare("select name from sqlite_master where type = 'table'").all())
      image[`table ${name}`] = JSON.stringify(database.prepare(`select * from "${name}"`).all());
    database.close();
    return image;
  }

  it.each(['stateless', 'stateful'] as const)(
    'writes nothing, before a first run, with work, and with none (%s)',
    async (pattern) => {
      const world = await worldForTest({ processes: [auditedProcess([], undefined, pattern)] });
      await world.create('raw.events', EVENTS);
      const expectUntouched = async (status: string): Promise<void> => {
        const before = imageOf(world);
        const plan = await world.plan('event_load');
        expect(plan.status).toBe(status);
        expect(plan.explain()).toContain('event_load');
        expect(imageOf(world)).toEqual(before);
      };
      await expectUntouched('nothing-new');
      await world.land('raw.events', events(0, 20, 0));
      await expectUntouched('work');
      await world.publish('event_load');
      await expectUntouched('nothing-new');
      await world.land('raw.events', events(20, 5, 1));
      await expectUntouched('work');
    },
  );

  it('made before is run as it was made, or refused when it is stale', async () => {
    const world = await worldForTest({ processes: [auditedProcess([])] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 20, 0));
    const plan = JSON.parse(JSON.stringify(await world.plan('event_load')));
    expect((await world.run(undefined, { plans: [plan] }))[0]).toMatchObject({
      status: 'published',
      psyberg_session_id: plan.psyberg_session_id,
    });
    expect((await world.run(undefined, { plans: [plan] }))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'plan-stale', kind: 'refused' },
    });
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });
});

describe('the time zone of the machine', () => {
  it('changes neither plans nor rows, also on days when clocks change', { timeout: 120_000 }, async () => {
    const zones = ['America/Los_Angeles', 'Asia/Kolkata', 'UTC'];
    const process = processFile(
      {
        process_name: 'zoned_load',
        pattern: 'stateful',
        sources: [
          {
            table: 'raw.events',
            event_time: 'ts',
            alias: 'e',
            vtts: { sql: "select timestamp '2023-11-05 12:00:00'" },
          },
        ],
        target: { table: 'facts.zoned', event_time: 'h', partition_by: ['day(h)'] },
      },
      "select date_trunc('hour', ts) as h, count(*) as n, min(ts)::date as d, strftime(min(ts), '%H') as hour_text, $first_hour as first_hour from e group by 1",
    );
    const results = [];
    for (const zone of zones) {
      const world = await worldForTest({ processes: [process] });
      await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
      // The night in which Los Angeles has one hour twice.
      await world.land(
        'raw.events',
        "select i as id, timestamptz '2023-11-05 05:30:00Z' + to_minutes(i::int * 20) from range(30) t(i)",
      );
      const { records, plans } = await spawnSessions(world.root, { plan: true, environment: { TZ: zone } });
      expect(records[0]?.status, JSON.stringify(records[0]?.error)).toBe('published');
      results.push({
        range: records[0]?.range,
        owed: records[0]?.owed_hours,
        hours: plans[0]?.hours.map((each) => each.hour),
        uris: plans[0]?.sources[0]?.processing_uris,
        rows: await world.rows('from facts.zoned'),
      });
    }
    expect(results[0]?.range).toEqual({
      first_hour: '2023-11-05T05:00:00Z',
      last_hour: '2023-11-05T11:00:00Z',
    });
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
