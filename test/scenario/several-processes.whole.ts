// Goal: sessions that run at the same time lose nothing and double nothing. Method: processes of their own
// started together on one warehouse, and a reader beside them.
import { describe, expect, it } from 'vitest';
import { spawnSessions } from '../support/spawn.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;
const processOf = (name: string, pattern: 'stateless' | 'stateful') =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count'],
    },
    'select id, ts from e',
  );
const inSource = (world: World) => world.rows('select id, ts from raw.events');

describe.each(['stateless', 'stateful'] as const)('two sessions of one %s process', (pattern) => {
  it('started together publish each row once: the first run, and the next', {
    timeout: 120_000,
  }, async () => {
    const world = await worldForTest({ processes: [processOf('shared', pattern)] });
    await world.create('raw.events', EVENTS);
    for (const round of [0, 1]) {
      await world.land(
        'raw.events',
        `${events(round * 1000, 100, round)} union all ${events(round * 1000 + 500, 10, 0)}`,
      );
      const results = await Promise.all([1, 2].map(() => spawnSessions(world.root)));
      const records = results.flatMap((result) => result.records);
      expect(
        records.map((record) => record.status).filter((status) => status === 'published').length,
        JSON.stringify(records),
      ).toBeGreaterThan(0);
      expect(
        records.filter((record) => !['published', 'nothing-new', 'conflict'].includes(record.status)),
        JSON.stringify(records),
      ).toEqual([]);
      expect(await world.rows('select id, ts from facts.shared')).toEqual(await inSource(world));
      expect(await world.rows('select process_name, src_table from psyberg.high_water_mark_table')).toEqual([
        '["shared","raw.events"]',
      ]);
    }
    expect((await world.run())[0]?.status).toBe('nothing-new');
    expect(await world.leftovers()).toEqual([]);
  });

  it('started in one second of one machine never share a session', async () => {
    const world = await worldForTest({ processes: [processOf('shared', pattern)] });
    const { open } = await import('../../src/index.ts');
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 100, 0));
    const now = Date.now();
    const others = await Promise.all([1, 2, 3].map(() => open({ project: world.root, now: () => now })));
    const records = (await Promise.all(others.map((other) => other.run()))).flat();
    await Promise.all(others.map((other) => other.close()));
    expect(
      records.filter((record) => record.status === 'published'),
      JSON.stringify(records.map((record) => [record.status, record.error])),
    ).toHaveLength(1);
    expect(
      records.filter((record) => !['published', 'nothing-new', 'conflict'].includes(record.status)),
      JSON.stringify(records),
    ).toEqual([]);
    expect(await world.rows('select id, ts from facts.shared')).toEqual(await inSource(world));
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('different processes on the same state tables', () => {
  it('at once: every one publishes, and has its own rows there', { timeout: 120_000 }, async () => {
    const names = ['first', 'second', 'third'];
    const world = await worldForTest({
      processes: names.map((name, index) => processOf(name, index === 1 ? 'stateful' : 'stateless')),
    });
    await world.create('raw.events', EVENTS);
    for (const round of [0, 1]) {
      await world.land('raw.events', events(round * 100, 100, round));
      const results = await Promise.all(
        names.map((name) => spawnSessions(world.root, { processes: [name] })),
      );
      expect(
        results.flatMap((result) => result.records.map((record) => record.status)),
        JSON.stringify(results),
      ).toEqual(['published', 'published', 'published']);
    }
    for (const name of names)
      expect(await world.rows(`select id, ts from facts.${name}`)).toEqual(await inSource(world));
    expect(await world.rows('select process_name, src_table from psyberg.high_water_mark_table')).toEqual([
      '["first","raw.events"]',
      '["second","raw.events"]',
      '["third","raw.events"]',
    ]);
    expect(
      await world.rows(
        'select process_name, count(*), count(distinct psyberg_session_id) from psyberg.psyberg_session_f group by 1',
      ),
    ).toEqual(names.map((name) => `["${name}","2","2"]`));
    expect(await world.rows('select process_name, count(*) from psyberg.psyberg_signal group by 1')).toEqual(
      names.map((name) => `["${name}","2"]`),
    );
  });
});

describe('a reader during restatements', () => {
  it('sees only whole states', { timeout: 120_000 }, async () => {
    // Every session writes the same number of rows, all with one generation: a mix or a hole is another
    // number.
    const restated = processFile(
      {
        process_name: 'restated',
        pattern: 'stateful',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.restated', event_time: 'ts', partition_by: ['hour(ts)'] },
      },
      "select h as ts, i as id, (select max(id) from e) as generation from (select distinct date_trunc('hour', ts) as h from e), range(500) t(i)",
    );
    const world = await worldForTest({ processes: [restated] });
    await world.create('raw.events', EVENTS);
    const land = (generation: number) =>
      world.land(
        'raw.events',
        `select ${generation}, timestamptz '${hourAt(0)}' union all select ${generation}, timestamptz '${hourAt(3)}'`,
      );
    await land(0);
    await world.publish('restated');
    const { open } = await import('../../src/index.ts');
    const reader = await open({ project: world.root });
    let reading = true;
    const seen: string[] = [];
    const loop = (async () => {
      while (reading) {
        const [row] = (
          await reader.sql(
            'select count(*) as n, min(generation) as least, max(generation) as most from facts.restated',
          )
        ).toObjects();
        seen.push(`${row?.['n']} ${row?.['least'] === row?.['most'] ? 'whole' : 'mixed'}`);
      }
    })();
    for (let generation = 1; generation <= 6; generation += 1) {
      await land(generation);
      await world.publish('restated');
    }
    reading = false;
    await loop;
    await reader.close();
    expect(seen.length).toBeGreaterThan(6);
    expect(new Set(seen)).toEqual(new Set(['1000 whole']));
  });
});
