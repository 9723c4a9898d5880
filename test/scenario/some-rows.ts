/** A process of one query over a few rows, and how it is refused where it takes rows together that sessions see apart. */
import { expect } from 'vitest';
import type { RunRecord } from '../../src/index.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

export const EVENTS = { table: 'raw.events', event_time: 'ts' };
export const process = (sql: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: 'some',
      pattern: 'stateful',
      sources: [EVENTS],
      target: { table: 'facts.some', event_time: 'ts' },
      ...more,
    },
    sql,
  );

export const event = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + to_minutes(${id}), ${id} * 0.1::double`;
export const RUNNING = 'select id, ts, sum(id) over (order by ts) as total from events';

export async function worldOf(file: ProcessFile, hours: readonly number[]): Promise<World> {
  const world = await worldForTest({ processes: [file] });
  await world.create('raw.events', 'id int, ts timestamptz, x double');
  if (hours.length > 0)
    await world.land('raw.events', hours.map((hour, index) => event(index + 1, hour)).join(' union all '));
  return world;
}
export const session = async (world: World): Promise<RunRecord | undefined> => (await world.run())[0];

const REQUESTS = { table: 'raw.requests', event_time: 'asked' };
const request = (id: number, hour: number): string =>
  `select ${id}, timestamptz '${hourAt(hour)}' + to_minutes(${id})`;

export async function expectHoursRefused(sql: string): Promise<void> {
  const world = await worldOf(process(sql), [0, 2, 3, 3]);
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
  expect(await world.leftovers()).toEqual([]);
}
export async function expectRowsRefused(sql: string): Promise<void> {
  const world = await worldOf(process(sql, { pattern: 'stateless' }), [0, 2, 2, 2]);
  const [plan] = await world.psyberg.plan();
  expect(plan?.warnings).toEqual([expect.objectContaining({ code: 'rows-not-alone' })]);
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'rows-not-alone' } });
  expect(await world.leftovers()).toEqual([]);
}
/** Of two sources, the second one declared with `more`. */
export async function expectPairRefused(more: object, sql: string): Promise<void> {
  const world = await worldOf(process(sql, { sources: [EVENTS, { ...REQUESTS, ...more }] }), []);
  await world.create('raw.requests', 'id int, asked timestamptz');
  await world.land('raw.requests', [request(1, 0), request(2, 2), request(3, 4)].join(' union all '));
  await world.land('raw.events', [event(7, 0), event(8, 2), event(9, 4)].join(' union all '));
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
}
