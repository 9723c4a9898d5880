// Goal: in front of a foreign catalog maintenance takes what sessions of lost machines left, and nothing else. Method: files
// with names of sessions, old and young, of such as published and of nobody, beside a target of a session.
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { appended, appendLoad, events, inSource } from '../support/event-tables.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { worldForTest } from '../support/world.ts';

it('a lost session loses its files, a day later', async () => {
  const server = await startForeignServer();
  onTestFinished(() => server.close());
  const world = await worldForTest({ catalog: { uri: server.uri }, processes: [appendLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(0, 10, 0));
  await world.publish('append_load');
  const root = join(server.warehouse, 'facts', 'appended');
  const published = readdirSync(join(root, 'data')).find((name) => name.startsWith('psyberg_')) as string;
  const lost = 'psyberg_append_load_20250101000000';
  const write = (path: string, ageMs: number): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, 'left');
    const writtenAt = new Date(Date.now() - ageMs);
    utimesSync(file, writtenAt, writtenAt);
    return file;
  };
  const twoDays = 2 * 86_400_000;
  const going = [
    write(`data/${lost}/ts_hour=1/a.parquet`, twoDays),
    write(`metadata/${lost}-snap-1-0.avro`, twoDays),
    write(`metadata/${lost}-a-m0.avro`, twoDays),
  ];
  const staying = [
    write(`data/${published}/stray.parquet`, twoDays),
    write('data/psyberg_append_load_20250101000001/young.parquet', 60_000),
    write('data/psyberg_notes/of-somebody.parquet', twoDays),
    write('data/other.parquet', twoDays),
  ];
  await expect(world.psyberg.maintain()).rejects.toMatchObject({
    code: 'maintain-foreign-catalog',
    hint: expect.stringContaining('--only orphans'),
  });
  const onlyOrphans = { only: ['orphans'] } as const;
  const asked = await world.psyberg.maintain([], { ...onlyOrphans, dryRun: true });
  expect(going.every(existsSync)).toBe(true);
  const done = await world.psyberg.maintain([], onlyOrphans);
  for (const { tables } of [asked, done])
    expect(tables.filter(({ status }) => status !== 'nothing-to-do')).toMatchObject([
      {
        table: 'facts.appended',
        status: 'done',
        orphans: { data_files: 1, manifests: 1, manifest_lists: 1, bytes: '12' },
      },
    ]);
  expect([going.filter(existsSync), staying.filter((file) => !existsSync(file))]).toEqual([[], []]);
  await expect(world.psyberg.maintain(['raw.events'], onlyOrphans)).rejects.toMatchObject({
    code: 'table-missing',
  });
  expect(await appended(world)).toEqual(await inSource(world));
  await world.land('raw.events', events(10, 10, 0));
  await world.publish('append_load');
  expect(await appended(world)).toEqual(await inSource(world));
});

it('a catalog that shows one snapshot of a table is refused', async () => {
  const server = await startForeignServer({
    branchless: true,
    config: { overrides: { 'nessie.is-nessie-catalog': 'true' } },
  });
  onTestFinished(() => server.close());
  const world = await worldForTest({ catalog: { uri: server.uri }, processes: [appendLoad()] });
  await expect(world.psyberg.maintain([], { only: ['orphans'] })).rejects.toMatchObject({
    code: 'maintain-foreign-catalog',
    message: expect.stringContaining('one snapshot'),
  });
});
