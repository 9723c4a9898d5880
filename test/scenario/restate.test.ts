// Goal: hours computed again are those of the SQL of now over the sources as of the watermarks, the others
// are as they were, and nothing else moves. Method: a process with a corrected query, its rows beside a
// recompute, and processes below it. More in restate.whole.ts.
import { describe, expect, it } from 'vitest';
import { appendProcess, countProcess, EVENTS, events } from '../support/count-events.ts';
import { corrected, hourText, restated } from '../support/restate.ts';
import { hourAt, hourNumbers, type ProcessFile, processFile, worldForTest } from '../support/world.ts';

/** Counts with a bug: every hour is one short. */
const shortCounts: ProcessFile = {
  ...countProcess(),
  sql: "select date_trunc('hour', ts) as h, count(*) - 1 as n, sum(id)::bigint as ids from e group by 1",
};

describe('a restate', () => {
  it('of a stateful process computes the named hours as of the watermark, and leaves the rest', async () => {
    const world = await worldForTest({ processes: [shortCounts] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
    await world.land(
      'raw.events',
      [0, 1, 2, 3].map((each) => events(each * 100, 10, each)).join(' union all '),
    );
    await world.publish('count_load');
    const marks = 'select src_table, snapshot_id, owed_hours from psyberg.high_water_mark_table';
    const before = await world.rows(marks);
    // Rows that no session has loaded: a restate does not see them.
    await world.land('raw.events', events(500, 5, 2));
    await corrected(world, {
      ...countProcess(),
      sql: "select date_trunc('hour', ts) as h, count(*) as n, sum(id)::bigint as ids, max(id) as newest from e group by 1",
    });
    const hours = `${hourText(1)}..${hourText(2)}`;
    const [plan] = await world.psyberg.planRestate('count_load', { hours });
    expect(plan).toMatchObject({ status: 'work', trigger: 'restate', target: { operation: 'overwrite' } });
    expect(hourNumbers(plan?.hours ?? [])).toEqual([1, 2]);
    expect(plan?.reads).toMatchObject({ rows: '20', files: 2 });
    const record = await restated(world, 'count_load', { hours, reason: 'one short' });
    expect(record).toMatchObject({ operation: 'overwrite', rows_read: '20', rows_written: '2' });
    expect(await world.rows('select hour(h), n::int, newest::int from facts.counts')).toEqual([
      '["0",9,null]',
      '["1",10,109]',
      '["2",10,209]',
      '["3",9,null]',
    ]);
    expect(await world.rows(marks)).toEqual(before);
    const [last] = await world.psyberg.history('count_load');
    expect(last).toMatchObject({ trigger: 'restate', reason: 'one short', status: 'published' });
    // What came meanwhile is loaded by the next session, as if nothing had been restated.
    await world.publish('count_load');
    expect(await world.rows('select hour(h) from facts.counts where n = 15')).toEqual(['["2"]']);
    expect(await world.leftovers()).toEqual([]);
  });

  it('goes down: a stateless process below overwrites the hours, which it would refuse on its own', async () => {
    const copies = processFile(
      {
        process_name: 'copy_load',
        pattern: 'stateless',
        sources: [{ table: 'facts.signups', event_time: 'ts', alias: 's' }],
        target: { table: 'facts.copies', event_time: 'ts', partition_by: ['hour(ts)'] },
        audits: ['source_to_target_count'],
      },
      'select id, ts from s',
    );
    const doubled: ProcessFile = { ...appendProcess(), sql: 'select id * 2 as id, ts from e' };
    const world = await worldForTest({ processes: [doubled, copies] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
    await world.land('raw.events', events(0, 10, 1));
    await world.run();
    await world.land('raw.events', `${events(10, 10, 1, 2)} union all ${events(20, 10, 2)}`);
    await world.run();
    await world.land('raw.events', events(30, 10, 1, 3));
    await corrected(world, appendProcess());
    await restated(world, 'signup_load', { hours: hourText(1) });
    const ids = (table: string, hour: number): Promise<string[]> =>
      world.rows(`select id::int from ${table} where date_trunc('hour', ts) = timestamptz '${hourAt(hour)}'`);
    const right = await world.rows('select range::int from range(0, 20)');
    expect(await ids('facts.signups', 1)).toEqual(right);
    expect(await ids('facts.signups', 2)).toEqual(
      await world.rows('select (range * 2)::int from range(20, 30)'),
    );
    const [refused] = await world.run(['copy_load']);
    expect(refused?.error).toMatchObject({ code: 'source-changed' });
    expect(refused?.error?.hint).toContain(`psyberg restate signup_load --hours ${hourText(1)} --downstream`);
    // Its own hours are done already: it goes on below.
    const records = await world.psyberg.restate('signup_load', { hours: hourText(1), downstream: true });
    expect(records).toMatchObject([
      { process_name: 'signup_load', status: 'nothing-new' },
      { process_name: 'copy_load', status: 'published', operation: 'overwrite', rows_written: '20' },
    ]);
    expect(await ids('facts.copies', 1)).toEqual(right);
    await world.run();
    expect(await world.rows('select id, ts from facts.copies')).toEqual(
      await world.rows('select id, ts from facts.signups'),
    );
  });
});
