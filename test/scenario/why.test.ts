// Goal: for rows of a target it is said which session made them, from what, by which SQL; for an hour without rows, why.
// Method: one target of two sessions by two SQLs, looked at before and after its files are put together.
import { expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import { events, overwriteLoad } from '../support/event-tables.ts';
import { processFile, worldForTest } from '../support/world.ts';

const NAME = 'overwrite_load';

it('follows rows to their session, also when their files are put together', async () => {
  const process = overwriteLoad();
  const header = { ...process.header, audits: ['source_to_target_count'] };
  const day = { ...header, target: { ...(process.header['target'] as object), partition_by: ['day(ts)'] } };
  const world = await worldForTest({ processes: [{ header: day, sql: 'select id, ts from e' }] });
  const why = (where: string) => world.psyberg.why('facts.overwritten', { where });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', [0, 1].map((hour) => events(hour * 10, 2, hour)).join(' union all '));
  const first = await world.publish(NAME);
  const sql = 'select id, ts from e where id >= 0';
  world.writeProcess({ header: day, sql });
  await world.reopen();
  await world.land('raw.events', events(100, 1, 1));
  const second = await world.publish(NAME);

  const { rows } = await why('id in (0, 100)');
  // The second session wrote both files: it carried the row of hour 0 over from a file of the day.
  expect(rows.map(({ file }) => file?.includes(second.psyberg_session_id))).toEqual([true, true]);
  const of = (id: bigint) => rows.find(({ row }) => row['id'] === id);
  expect(of(0n)).toMatchObject({
    process_name: NAME,
    psyberg_session_id: first.psyberg_session_id,
    published_snapshot_id: first.published_snapshot_id,
    hour: '2023-09-14T00:00:00Z',
    sql: 'select id, ts from e',
    audits: [{ name: 'source_to_target_count', severity: 'block' }],
  });
  expect(of(100n)).toMatchObject({ psyberg_session_id: second.psyberg_session_id, sql });
  const files = of(100n)?.sources.map(({ table, files: paths }) => [table, paths.length]);
  expect(files).toEqual([['raw.events', 2]]);

  await world.psyberg.maintain(['facts.overwritten'], {
    olderThanMs: 0,
    retainLast: 1,
    only: ['compact', 'expire'],
  });
  const after = (await why('id in (0, 100)')).rows.map(({ psyberg_session_id: id }) => id);
  expect(after.sort()).toEqual([first.psyberg_session_id, second.psyberg_session_id]);

  const hour = (text: string) => world.psyberg.why('facts.overwritten', { hour: text });
  expect((await hour('2023-09-14T01')).rows.length).toBe(3);
  expect(await hour('2023-09-14T02')).toMatchObject({ rows: [], held_back_by: 'raw.events' });

  const code = (asked: Promise<unknown>) =>
    asked.then(() => 'done').catch((error: PsybergError) => `${error.code} ${error.kind}`);
  expect(await code(why('id = 1; drop table raw.events'))).toBe('condition-invalid usage');
  expect(await code(why('id = 1) or (1 = 1'))).toBe('done');
  expect(await code(why('id = 1) union all select (1'))).toBe('condition-invalid usage');
  expect(await code(why("id = 'x"))).toBe('condition-invalid usage');
  expect(await code(why(''))).toBe('condition-invalid usage');
  expect(await code(why('nix = 1'))).toBe('condition-invalid usage');
  expect(await code(hour('2023-09-14'))).toBe('hours-invalid usage');
  expect(await code(hour('soon'))).toBe('hours-invalid usage');
  expect(await code(world.psyberg.why('facts.overwritten', {}))).toBe('usage usage');
  expect(await code(world.psyberg.why('facts.nix', { where: 'true' }))).toBe('table-missing usage');
  expect(await code(world.psyberg.why('nix', { where: 'true' }))).toBe('table-name-invalid usage');
  const raw = await world.psyberg.why('raw.events', { where: 'id = 0' });
  expect(raw.rows[0]).toMatchObject({ psyberg_session_id: null, sql: null, sessions: [] });
});

it('finds rows by an hour also in integers and dates', async () => {
  const world = await worldForTest({
    processes: ['s', 'ms', 'us'].map((unit) =>
      processFile(
        {
          process_name: `load_${unit}`,
          pattern: 'stateless',
          sources: [{ table: `raw.in_${unit}`, event_time: 'sent', event_time_unit: `epoch_${unit}` }],
          target: { table: `facts.of_${unit}`, event_time: 'day' },
        },
        `select id, date '2023-09-14' as day from in_${unit}`,
      ),
    ),
  });
  for (const [unit, factor] of [
    ['s', 1],
    ['ms', 1000],
    ['us', 1_000_000],
  ] as const) {
    await world.create(`raw.in_${unit}`, 'id bigint, sent bigint');
    const first = Date.parse('2023-09-14T05:00:00Z') / 1000;
    const sent = [-1, 0, 3599, 3600].map((seconds, id) => `(${id}, ${(first + seconds) * factor})`);
    await world.land(`raw.in_${unit}`, `select * from (values ${sent.join(', ')})`);
    const why = async (request: { where?: string; hour?: string }, table = `raw.in_${unit}`) =>
      (await world.psyberg.why(table, request)).rows.map(({ row, hour }) => [row['id'], hour]);
    const hour = '2023-09-14T05:00:00Z';
    expect(await why({ hour: '2023-09-14T05' })).toEqual([
      [1n, hour],
      [2n, hour],
    ]);
    expect(await why({ where: 'id = 0' })).toEqual([[0n, '2023-09-14T04:00:00Z']]);
    await world.publish(`load_${unit}`);
    const ofDay = await why({ hour: '2023-09-14T00' }, `facts.of_${unit}`);
    expect(ofDay).toEqual(Array.from({ length: 4 }, (_, id) => [BigInt(id), '2023-09-14T00:00:00Z']));
  }
});
