// Goal: what is announced reaches those who wait for it, also over a table of an earlier release, and never holds a
// publish up. Method: a signal table without the newest column; a webhook that does not answer, fails, and takes it.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { countProcess, EVENTS, events } from '../support/count-events.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

it('a signal table of an earlier release is read as it is, and gets its columns with the next session', async () => {
  const world = await worldForTest({ processes: [countProcess()] });
  await world.create('raw.events', EVENTS, { partitionedBy: 'landing_hour' });
  await world.land('raw.events', events(0, 10, 1));
  await world.publish('count_load');
  await world.sql('alter table psyberg.psyberg_signal drop column hours');
  await world.reopen();
  expect(await world.psyberg.signals()).toMatchObject([
    { signal_name: 'facts.counts', kind: 'complete', hour: hourAt(1) },
  ]);
  const waited = await world.psyberg.waitForSignal({
    table: 'facts.counts',
    hour: Date.parse(hourAt(1)) / 3_600_000,
    timeoutMs: 0,
  });
  expect(waited.complete).toBe(true);
  await world.land('raw.events', events(100, 5, 1, 2));
  await world.publish('count_load');
  expect(await world.rows('select kind, hours from psyberg.psyberg_signal where hours is not null')).toEqual([
    JSON.stringify(['reopened', JSON.stringify([[hourAt(1), hourAt(1)]])]),
  ]);
});

it('a webhook that does not answer, and one that fails, are tried again while the rows are published', async () => {
  const answers: ((response: ServerResponse) => Promise<void>)[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => void answers.shift()?.(response));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const warnings: string[] = [];
  const { header, sql } = countProcess();
  const webhook = { webhook: `http://127.0.0.1:${port}/hook`, timeout: '1s', retries: 2 };
  const world: World = await worldForTest({
    processes: [processFile({ ...header, on_signal: webhook }, sql)],
    open: { onWarning: (message) => warnings.push(message) },
  });
  await world.create('raw.events', EVENTS);
  await world.land('raw.events', events(0, 10, 1));
  const published: boolean[] = [];
  const look = async (): Promise<void> => {
    published.push((await world.history('facts.counts')).length === 1);
  };
  answers.push(
    // No answer: it is given up after its second.
    look,
    async (response) => {
      await look();
      response.writeHead(500).end();
    },
    async (response) => {
      await look();
      response.writeHead(204).end();
    },
  );
  const record = await world.publish('count_load');
  expect([record.status, warnings, answers.length, published]).toEqual([
    'published',
    [],
    0,
    [true, true, true],
  ]);
});
