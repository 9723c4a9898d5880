// Goal: what is shown and compiled of a process on Spark is what its next session writes. Method: rows of `show`, and
// those that another session of Spark gets by running the compiled texts beside the served tables, against what the
// session publishes; of a dimension too, of which nothing is left behind.
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CompiledProcess } from '../../src/index.ts';
import { openSparkSession, type SparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { rowOfJson } from '../../src/workload/spark/json-rows.ts';
import { orphans } from '../support/orphans.ts';
import { hourAt, processFile, type World } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { sharedSpark } from './spark/shared.ts';
import { sparkWorld } from './spark/worlds.ts';

const missing = await missingJava();
beforeAll(async () => {
  if (missing === undefined) await sharedSpark();
}, 600_000);

const EVENTS = { table: 'raw.events', event_time: 'ts', alias: 'e' };
const events = (first: number, count: number, hour: number): string =>
  `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts, range % 3 as kind from range(${first}, ${first + count})`;

const PROCESSES = [
  processFile(
    {
      process_name: 'joined',
      engine: 'spark',
      pattern: 'stateful',
      hours: 'touched',
      // It returns the first hour of its session.
      accept: ['hours-not-alone'],
      sources: [
        EVENTS,
        { table: 'raw.marks', event_time: 'ts', alias: 'm', window: { before: '2h', key: 'id' } },
      ],
      target: { table: 'facts.joined', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: [
        { unique: { columns: ['id'], over: 'target' } },
        { accepted_values: { column: 'kind', values: [0, 1, 2] } },
        { row_count: { min: 1 } },
        { sql: 'audits/own.sql' },
      ],
    },
    "select e.id, e.ts, e.kind, 'it''s $first_hour' as said, $first_hour as hour, count(m.id) as marks from e left join m on m.id = e.id and m.ts <= e.ts group by all",
  ),
  processFile(
    {
      process_name: 'appended',
      engine: 'spark',
      pattern: 'stateless',
      sources: [EVENTS],
      target: { table: 'facts.appended' },
      audits: ['source_to_target_count'],
    },
    'select id, ts, $tag as tag from e',
  ),
  processFile(
    {
      process_name: 'running',
      engine: 'spark',
      pattern: 'dimension',
      sources: [EVENTS],
      target: { table: 'facts.running', event_time: 'hour', partition_by: ['hour(hour)'] },
      audits: [{ not_null: { columns: ['total'] } }],
    },
    'select $range_start as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e',
  ),
];

const asText = (rows: readonly Readonly<Record<string, unknown>>[]): string[] =>
  rows
    .map((row) =>
      JSON.stringify(Object.entries(row).sort(), (_key, value: unknown) => {
        if (typeof value === 'bigint') return Number(value);
        return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value;
      }),
    )
    .sort();

/** The statements of a text, each in turn; the rows of the last one. */
async function runText(session: SparkSession, text: string): Promise<Record<string, unknown>[]> {
  const statements = text
    .split(/;\n/)
    .map((each) => each.replaceAll(/^--.*$/gm, '').trim())
    .filter((each) => each !== '');
  let rows: Record<string, unknown>[] = [];
  for (const sql of statements)
    if (/^(select|with)/i.test(sql)) {
      const found = await session.query({
        sql: `select to_json(struct(*), map('ignoreNullFields', 'false')) as row from (\n${sql}\n)`,
        values: {},
      });
      rows = found.map(({ row }) => rowOfJson(String(row)));
      if (/^--.*audit (?!source)/m.test(text.slice(0, text.indexOf(sql)).split('\n').at(-2) ?? ''))
        expect(rows.filter((each) => 'psyberg_bad_rows' in each)).toEqual([]);
    } else await session.execute({ sql, values: {} });
  return rows;
}

/** The rows of a look, and those of the compiled load run elsewhere. */
async function looks(world: World, name: string, hours?: string): Promise<[string[], string[]]> {
  const request = hours === undefined ? {} : { hours };
  const shown = await world.psyberg.show(name, request);
  const [compiled] = (await world.psyberg.compile([name], request)) as [CompiledProcess];
  const served = await world.psyberg.serveSession(name, request);
  const session = openSparkSession({ remote: parseRemote(await sharedSpark()) });
  try {
    await runText(session, served.attach);
    const rows = await runText(session, compiled.load);
    await runText(session, compiled.audit);
    return [asText(shown.toObjects()), asText(rows)];
  } finally {
    await session.close();
    await served.close();
  }
}

describe.skipIf(missing !== undefined)('a look at a process on Spark', () => {
  it('gives what its next session writes', { timeout: 600_000 }, async () => {
    const world = await sparkWorld(
      {
        processes: PROCESSES,
        files: {
          'audits/own.sql':
            'select id from target where id < 0 or id in (select id from staged where id < 0)',
        },
      },
      `vars: { tag: "a\\\\b'c" }\n`,
    );
    onTestFinished(() => world.close());
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint', { partitionedBy: 'hour(ts)' });
    await world.create('raw.marks', 'id bigint, ts timestamptz');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 4, hour)).join(' union all '));
    await world.land(
      'raw.marks',
      `select 11 as id, timestamptz '${hourAt(0)}' as ts union all select 3, timestamptz '${hourAt(2)}'`,
    );
    await expect(world.psyberg.show('running', {})).rejects.toMatchObject({ code: 'engine-cannot' });
    await expect(world.psyberg.compile(['running'])).rejects.toMatchObject({ code: 'engine-cannot' });
    for (const round of [1, 2]) {
      for (const name of ['joined', 'appended', ...(round === 1 ? [] : ['running'])]) {
        const [shown, compiled] = await looks(world, name);
        const before = round === 1 ? [] : (await world.psyberg.sql(`from facts.${name}`)).toObjects();
        await world.publish(name);
        const now = asText((await world.psyberg.sql(`from facts.${name}`)).toObjects());
        const stays = new Set(asText(before));
        const written = round === 1 ? now : now.filter((row) => !stays.has(row));
        expect(shown.length, name).toBeGreaterThan(0);
        expect(compiled, name).toEqual(shown);
        for (const row of written) expect(shown, name).toContain(row);
        for (const row of shown) expect(now, name).toContain(row);
      }
      if (round === 1) await world.publish('running');
      await world.land('raw.events', events(100, 2, 1));
    }
    const [shown, compiled] = await looks(world, 'running', '2023-09-14T01..2023-09-14T02');
    expect([shown.length, compiled.length]).toEqual([2, 2]);
    expect(compiled).toEqual(shown);
    expect((await world.psyberg.show('running', { hours: '2023-09-14T01', limit: 1 })).rows.length).toBe(1);
    expect(await world.leftovers()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
  });
});
