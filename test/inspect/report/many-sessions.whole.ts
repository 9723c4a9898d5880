// Goal: a warehouse of very many sessions has a report like any other, which says what it leaves out. Method: a
// session of a process, recorded a hundred thousand times.
import { expect, it } from 'vitest';
import { reportHtml } from '../../../src/report/page/report-html.ts';
import { hourAt, processFile, worldForTest } from '../../support/world.ts';

it('of 100,000 sessions shows the newest 20,000, in a page of less than 2 MB', async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'facts_load',
          pattern: 'stateless',
          sources: [{ table: 'raw.arrivals', event_time: 'ts', alias: 'a' }],
          target: { table: 'facts.fact', event_time: 'ts', partition_by: ['hour(ts)'] },
        },
        'select id, ts from a',
      ),
    ],
  });
  await world.create('raw.arrivals', 'id bigint, ts timestamptz');
  await world.land('raw.arrivals', `select 1 as id, timestamptz '${hourAt(5)}' as ts`);
  await world.publish('facts_load');
  await world.sql(
    `insert into psyberg.psyberg_session_f by name
     select * exclude (k) replace (
       strftime(timestamp '2003-01-01' + to_hours(k::int), '%Y%m%d%H%M%S') as psyberg_session_id,
       timestamptz '2003-01-01 00:00:02Z' + to_hours(k::int) as created_at
     )
     from psyberg.psyberg_session_f, range(99_999) sessions(k)`,
  );
  const report = await world.psyberg.report();
  expect(report.problems).toEqual([]);
  expect([report.sessions.length, report.older_sessions]).toEqual([20_000, 80_000]);
  // The newest one is the real one.
  expect(report.sessions[0]?.psyberg_session_id).toBe(report.processes[0]?.stages[0]?.psyberg_session_id);
  const page = await reportHtml(report);
  expect(page).toContain('20,000 sessions; 80,000 older ones are left out');
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000);
}, 240_000);
