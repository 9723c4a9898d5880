// Goal: one more command ends a restate or a catch-up that was killed, at whichever boundary that was. Method: every
// boundary in turn, both sides of each commit: sessions in this process of which nothing goes on from there; then
// the same command again, and every target beside a recompute.
import { describe, expect, it } from 'vitest';
import type { RestateOptions, RunRecord } from '../../src/index.ts';
import { killedAt } from '../support/killed-at.ts';
import { orphans } from '../support/orphans.ts';
import { corrected, hourText } from '../support/restate.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';
import { expectWorth, rowsWorth, worths, worthWorld } from '../support/worth-chain.ts';

/** Takes `attempt` at boundary after boundary until it is not reached; returns how many there are. */
async function atEveryBoundary(attempt: (boundary: number) => Promise<boolean>): Promise<number> {
  for (let boundary = 1; ; boundary += 1) if (!(await attempt(boundary))) return boundary - 1;
}

async function expectNothingLeft(world: World, names: readonly string[]): Promise<void> {
  expect(await world.leftovers()).toEqual([]);
  expect((await orphans(world)).filter((path) => path.includes('psyberg_'))).toEqual([]);
  expect(
    (await world.psyberg.verify(names)).map(({ missing, extra, error }) => [missing, extra, error]),
  ).toEqual(names.map(() => ['0', '0', null]));
}

const errorsOf = (records: readonly RunRecord[]): unknown[] =>
  records.map(({ error }) => error).filter((error) => error !== null);

const CHAIN = ['row_load', 'copy_load', 'sum_load'];

describe.each([
  { what: 'a restate with --downstream', atomic: false, least: 18 },
  { what: 'a restate with --downstream --atomic', atomic: true, least: 8 },
])('$what', ({ atomic, least }) => {
  it('is ended by the same command, wherever it was killed', { timeout: 600_000 }, async () => {
    const world = await worthWorld();
    const asked: RestateOptions = { hours: hourText(1), downstream: true, atomic };
    let leftBehind = 0;
    const boundaries = await atEveryBoundary(async (boundary) => {
      const factor = boundary + 1;
      const before = await worths(world);
      await corrected(world, rowsWorth(factor));
      const isKilled = await killedAt(world, boundary, (psyberg) => psyberg.restate('row_load', asked));
      leftBehind += (await world.leftovers()).length;
      // All targets are of one SQL, at every moment.
      if (atomic) expect([before, [`[[${factor}]]`]]).toContainEqual(await worths(world));
      expect(errorsOf(await world.psyberg.restate('row_load', asked)), `boundary ${boundary}`).toEqual([]);
      await expectWorth(world, factor);
      expect(await world.leftovers(), `boundary ${boundary}`).toEqual([]);
      return isKilled;
    });
    expect(boundaries).toBeGreaterThanOrEqual(least);
    // Nobody cleans up after a killed process.
    expect(leftBehind).toBeGreaterThan(0);
    // The other hours are by the SQL of before: they are restated, too.
    const all = { ...asked, hours: `${hourText(0)}..${hourText(2)}` };
    expect(errorsOf(await world.psyberg.restate('row_load', all))).toEqual([]);
    await expectNothingLeft(world, CHAIN);
  });
});

const SQL = {
  stateful: "select date_trunc('hour', ts) as h, count(*) as n from e group by all",
  dimension:
    'select $range_start::timestamptz as h, count(*) + coalesce((select max(n) from previous), 0) as n from e',
} as const;

describe.each(['stateful', 'dimension'] as const)('a catch-up of a %s process', (pattern) => {
  const name = `${pattern}_load`;
  const events = (first: number, hours: readonly number[]): string =>
    hours
      .map(
        (hour) =>
          `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + 3}) t(i)`,
      )
      .join(' union all ');

  it('is ended by one more, wherever it was killed', { timeout: 600_000 }, async () => {
    let leftBehind = 0;
    const boundaries = await atEveryBoundary(async (boundary) => {
      const world = await worldForTest({
        processes: [
          processFile(
            {
              process_name: name,
              pattern,
              sources: [{ table: 'raw.e', event_time: 'ts', alias: 'e' }],
              target: { table: `facts.${pattern}`, event_time: 'h', partition_by: ['hour(h)'] },
              catchup: { hours_per_session: 2 },
            },
            SQL[pattern],
          ),
        ],
      });
      await world.create('raw.e', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
      // Four sessions: the first one creates the target, the second goes on, and those after it are begun while the
      // one before them is at work.
      await world.land('raw.e', events(0, [0, 1, 2, 3, 4, 5, 6]));
      const run = { untilComplete: true };
      const isKilled = await killedAt(world, boundary, (psyberg) => psyberg.run([name], run));
      leftBehind += (await world.leftovers()).length;
      await world.land('raw.e', events(100, [1, 7]));
      const records = await world.psyberg.run([name], run);
      expect(errorsOf(records), `boundary ${boundary}`).toEqual([]);
      expect(records.at(-1)?.owed_hours).toEqual([]);
      await expectNothingLeft(world, [name]);
      await world.close();
      return isKilled;
    });
    expect(boundaries).toBeGreaterThanOrEqual(18);
    expect(leftBehind).toBeGreaterThan(0);
  });
});
