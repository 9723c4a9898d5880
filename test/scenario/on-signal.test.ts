// Goal: whoever is named by on_signal is told what sessions announced, at least once, and nothing of it fails a run.
// Method: a command that writes down what it gets, a webhook that fails at first, one that is not there, and what a
// killed process leaves.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const counts = (onSignal: object) =>
  processFile(
    {
      process_name: 'count_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: 'facts.counts', event_time: 'h', partition_by: ['hour(h)'] },
      on_signal: onSignal,
    },
    "select date_trunc('hour', ts) as h, count(*) as n from events group by 1",
  );

const landAt = (world: World, hour: number): Promise<void> =>
  world.land('raw.events', `select 1, timestamptz '${hourAt(hour)}'`);

async function worldWith(onSignal: object): Promise<{ readonly world: World; readonly warnings: string[] }> {
  const warnings: string[] = [];
  const world = await worldForTest({
    processes: [counts(onSignal)],
    open: { onWarning: (message) => warnings.push(message) },
  });
  await world.create('raw.events', 'id int, ts timestamptz');
  await landAt(world, 5);
  return { world, warnings };
}

const outboxOf = (world: World): string => join(world.warehouse, '.psyberg', 'signals');
const waiting = (world: World): string[] => (existsSync(outboxOf(world)) ? readdirSync(outboxOf(world)) : []);

it('a command gets the message on stdin and in variables, as its own arguments', async () => {
  const script =
    "let text = ''; process.stdin.on('data', (part) => (text += part)).on('end', () => require('node:fs').appendFileSync(process.argv[1], JSON.stringify([JSON.parse(text), process.env.PSYBERG_SIGNAL_ID, process.argv[2]]) + '\\n'))";
  const { world, warnings } = await worldWith({
    command: ['node', '-e', script, 'told.jsonl', '$(rm -rf x) a b'],
  });
  await world.publish('count_load');
  await landAt(world, 4);
  await landAt(world, 6);
  const [{ psyberg_session_id: id }] = [await world.publish('count_load')];
  const told = readFileSync(join(world.root, 'told.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.map(([{ kind, hour, hours }]) => [kind, hour, hours])).toEqual(
    [
      ['complete', hourAt(5), null],
      ['reopened', hourAt(5), [[hourAt(5), hourAt(5)]]],
      ['complete', hourAt(6), null],
    ].map((row, index) => (index === 1 ? ['reopened', hourAt(4), [[hourAt(4), hourAt(5)]]] : row)),
  );
  expect(told.at(-1)).toMatchObject([
    { signal_name: 'facts.counts', process_name: 'count_load' },
    `count_load/${id}/complete`,
    '$(rm -rf x) a b',
  ]);
  expect([warnings, waiting(world)]).toEqual([[], []]);
});

it('a webhook is tried again; what it does not take is a warning, and told by the next run', async () => {
  const bodies: { readonly id: string }[] = [];
  let refusals = 1;
  const server = createServer((request, response) => {
    let text = '';
    request
      .on('data', (part) => (text += part))
      .on('end', () => {
        response.statusCode = refusals > 0 ? 500 : 204;
        refusals -= 1;
        if (response.statusCode === 204) bodies.push(JSON.parse(text));
        response.end();
      });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { world, warnings } = await worldWith({ webhook: `http://127.0.0.1:${port}/secret`, retries: 1 });
  await world.publish('count_load');
  expect([bodies.length, warnings]).toEqual([1, []]);
  refusals = 2;
  await landAt(world, 6);
  await world.publish('count_load');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain(`127.0.0.1:${port} answered 500, in 2 tries; the next run tells it`);
  expect(waiting(world)).toHaveLength(1);
  refusals = 0;
  expect((await world.run(['count_load']))[0]?.status).toBe('nothing-new');
  expect([bodies.length, waiting(world)]).toEqual([2, []]);
  expect(new Set(bodies.map(({ id }) => id)).size).toBe(2);
});

it('tells what a killed process had published, and forgets what it had not', async () => {
  const { world, warnings } = await worldWith({ command: ['psyberg-no-such-program'] });
  const record = await world.publish('count_load');
  expect(warnings[0]).toContain('the command psyberg-no-such-program was not found');
  expect(record).toMatchObject({ status: 'published', error: null });
  // As one that was killed long ago, before it published.
  mkdirSync(outboxOf(world), { recursive: true });
  const [file = ''] = waiting(world);
  const noted = JSON.parse(readFileSync(join(outboxOf(world), file), 'utf8'));
  const dead = { ...noted, psyberg_session_id: '20200101000000' };
  dead.messages = dead.messages.map((each: object) => ({ ...each, created_at: '2020-01-01T00:00:00Z' }));
  writeFileSync(join(outboxOf(world), 'psyberg_count_load_20200101000000.json'), JSON.stringify(dead));
  await world.run(['count_load']);
  expect(waiting(world)).toEqual([file]);
  expect(warnings).toHaveLength(2);
});
