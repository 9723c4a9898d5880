// Goal: sessions in many processes on one warehouse end in what they would have made one after the other, and
// nobody who reads meanwhile sees half of it.
// Method: real processes, each landing and running by itself; a reader in another one looks as often as it
// can.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orphans } from '../support/orphans.ts';
import { spawnReader, spawnSessions } from '../support/spawn.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

/** `npm run soak:crash` sets this; `npm run test:whole` has time for few. */
const SOAK = Number(process.env['PSYBERG_SOAK_WRITERS'] ?? 0);
const EVENTS = 'id bigint, ts timestamptz';
const counts = SOAK === 0 ? [3] : Array.from({ length: SOAK - 1 }, (_, index) => index + 2);

/**
 * A target has one process in a project: others write to it from projects of their own, over the same
 * warehouse.
 */
function writeProject(world: World, writer: number): string {
  const { header, sql } = processFile(
    {
      process_name: `load_${writer}`,
      pattern: writer % 2 === 0 ? 'stateful' : 'stateless',
      sources: [{ table: `raw.events_${writer}`, event_time: 'ts', alias: 'e' }],
      target: {
        table: 'facts.shared',
        event_time: 'ts',
        partition_by: ['hour(ts)'],
        existing_rows: 'keep',
      },
    },
    `select id, ts, ${writer} as writer from e`,
  );
  const folder = `writers/${writer}`;
  world.write(
    `${folder}/psyberg.yaml`,
    `name: writer_${writer}\ncatalog:\n  warehouse: ${world.warehouse}\n`,
  );
  world.write(`${folder}/processes/load_${writer}.sql`, `/*---\n${JSON.stringify(header)}\n---*/\n${sql}\n`);
  return join(world.root, folder);
}

describe('writers of one target in processes of their own', () => {
  it.for(counts)('%i of them lose nothing and double nothing', { timeout: 1_800_000 }, async (writers) => {
    const names = Array.from({ length: writers }, (_, writer) => writer);
    const rounds = SOAK === 0 ? 3 : 8;
    const world = await worldForTest();
    const projects = names.map((writer) => writeProject(world, writer));
    // A writer that overwrites owns three hours; those that append do so into hours of nobody else.
    const land = (writer: number, round: string): string =>
      `insert into raw.events_${writer} select 1000 * ${writer} + 10 * ${round} + i as id, timestamptz '${hourAt(writer * 4)}' + to_minutes(((${round} + i) % 3) * 60 + i) as ts from range(5) t(i)`;
    for (const writer of names)
      await world.create(`raw.events_${writer}`, EVENTS, { partitionedBy: 'hour(ts)' });
    await world.sql(land(0, '0'));
    await spawnSessions(projects[0] as string);
    const results = await Promise.all(
      names.map((writer) =>
        spawnSessions(projects[writer] as string, { times: rounds, land: land(writer, '$round') }),
      ),
    );
    for (const { records } of results)
      for (const record of records) expect(record).toMatchObject({ status: 'published', error: null });
    for (const writer of names)
      expect(
        await world.rows(`select id, ts from facts.shared where writer = ${writer}`),
        `writer ${writer}`,
      ).toEqual(await world.rows(`from raw.events_${writer}`));
    expect(
      await world.rows('select count(*), count(distinct process_name) from psyberg.high_water_mark_table'),
    ).toEqual([`["${writers}","${writers}"]`]);
    expect(
      await world.rows(
        "select count(distinct process_name || psyberg_session_id) from psyberg.psyberg_session_f where status = 'published'",
      ),
    ).toEqual([`["${writers * rounds + 1}"]`]);
    expect(await world.leftovers()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
  });

  it.for([...new Set(counts.map((writers) => Math.min(writers, SOAK === 0 ? 2 : 5)))])(
    '%i of them that overwrite the same hours: each state is that of one of them, as if they had come one by one',
    { timeout: 1_800_000 },
    async (writers) => {
      const names = Array.from({ length: writers }, (_, writer) => 2 * writer);
      const rounds = SOAK === 0 ? 3 : 6;
      const world = await worldForTest();
      const projects = new Map(names.map((writer) => [writer, writeProject(world, writer)]));
      for (const writer of names)
        await world.create(`raw.events_${writer}`, EVENTS, { partitionedBy: 'hour(ts)' });
      const land = (writer: number): string =>
        `insert into raw.events_${writer} select 10 * $round + i as id, timestamptz '${hourAt(1)}' + to_hours(i) as ts from range(3) t(i)`;
      const results = await Promise.all(
        names.map((writer) =>
          spawnSessions(projects.get(writer) as string, { times: rounds, land: land(writer) }),
        ),
      );
      // Whoever lost every race of a minute, or eight plans, has changed nothing; its rows come with its next
      // session.
      for (const { records } of results)
        for (const record of records) expect(['published', 'conflict']).toContain(record.status);
      const published = results
        .flatMap(({ records }) => records)
        .filter((record) => record.status === 'published');
      const history = await world.history('facts.shared');
      expect(history.map((snapshot) => String(snapshot['snapshot-id']))).toEqual(
        expect.arrayContaining(published.map((record) => record.published_snapshot_id)),
      );
      expect(history).toHaveLength(published.length);
      for (const { 'snapshot-id': id, summary } of history) {
        const [{ table, snapshot_id }] = JSON.parse(summary?.['psyberg.high-water-marks'] ?? '[]') as [
          { table: string; snapshot_id: string },
        ];
        const rows = await world.rows(`select id, ts, writer from facts.shared at (version => ${id})`);
        expect(rows, String(id)).toEqual(
          await world.rows(
            `select id, ts, ${table.split('_')[1]} as writer from ${table} at (version => ${snapshot_id})`,
          ),
        );
      }
      expect(await world.leftovers()).toEqual([]);
      expect(await orphans(world)).toEqual([]);
    },
  );

  it('who meet in the watermark table all get through, and it stays readable', {
    timeout: 1_800_000,
  }, async () => {
    const writers = SOAK === 0 ? 6 : 30;
    const names = Array.from({ length: writers }, (_, writer) => writer);
    const world = await worldForTest({
      processes: names.map((writer) =>
        processFile(
          {
            process_name: `own_${writer}`,
            pattern: 'stateless',
            sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
            target: { table: `facts.own_${writer}`, event_time: 'ts' },
          },
          'select id, ts from e',
        ),
      ),
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `select 1::bigint as id, timestamptz '${hourAt(1)}' as ts`);
    const results = await Promise.all(
      names.map((writer) => spawnSessions(world.root, { processes: [`own_${writer}`] })),
    );
    for (const { records } of results) expect(records).toMatchObject([{ status: 'published', error: null }]);
    expect(await world.rows('select process_name, src_table from psyberg.high_water_mark_table')).toEqual(
      names.map((writer) => `["own_${writer}","raw.events"]`).sort(),
    );
    expect(await world.rows('select count(*) from psyberg.psyberg_session_f')).toEqual([`["${writers}"]`]);
  });
});

describe('a reader in another process', () => {
  it('sees only whole states while hours are restated again and again', { timeout: 1_800_000 }, async () => {
    const restatements = SOAK === 0 ? 20 : 100;
    const world = await worldForTest({
      processes: [
        processFile(
          {
            process_name: 'state_load',
            pattern: 'stateful',
            sources: [{ table: 'raw.versions', event_time: 'ts', alias: 'v' }],
            target: { table: 'facts.state', event_time: 'ts' },
          },
          'select ts, i as id, max(version) as version from v cross join range(50) t(i) group by ts, i',
        ),
      ],
    });
    await world.create('raw.versions', 'version bigint, ts timestamptz');
    const land = (version: number): Promise<void> =>
      world.land(
        'raw.versions',
        `select ${version}::bigint as version, unnest([timestamptz '${hourAt(1)}', timestamptz '${hourAt(2)}', timestamptz '${hourAt(3)}']) as ts`,
      );
    await land(0);
    await world.publish('state_load');
    const reader = spawnReader(
      world.root,
      'select count(*)::int as n, count(distinct version)::int as versions, max(version)::int as version from facts.state',
    );
    await reader.ready;
    for (let version = 1; version <= restatements; version += 1) {
      await land(version);
      await world.publish('state_load');
    }
    const seen = (await reader.stop()) as { n: number; versions: number; version: number }[];
    expect(seen.length).toBeGreaterThan(3);
    expect(seen.filter((each) => each.n !== 150 || each.versions !== 1)).toEqual([]);
    expect(seen.map((each) => each.version)).toEqual(
      seen.map((each) => each.version).toSorted((left, right) => left - right),
    );
  });
});
