// Goal: what a session may have left at work on Spark never becomes part of a later one, and is stopped before its
// files are swept for good. Method: a server that breaks off, or never ends, an INSERT; what Spark would still do
// then, a file and a commit with the settings that it got, is done by the test.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readMarker } from '../../src/markers/session-marker.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';
import { type Answers, type FakeSpark, startFakeSpark } from './fake-spark.ts';

const HEADER = {
  process_name: 'copied',
  pattern: 'stateless',
  sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
  target: { table: 'facts.copied', event_time: 'ts', partition_by: ['hour(ts)'] },
};
const SQL = 'select id, ts from e';
const COLUMNS = [
  { name: 'id', data_type: { long: {} } },
  { name: 'ts', data_type: { timestamp: {} } },
];

interface Left {
  readonly world: World;
  readonly asked: readonly string[];
  /** What Spark was told, in the order in which it was. */
  readonly told: Record<string, string>[];
  /** Ids of the sessions that it was to stop, in that order. */
  readonly stopped: unknown[];
  folders(): string[];
}

/** A target that is there, and a process that goes on on Spark. */
async function onSpark(fake: FakeSpark): Promise<Left> {
  const told: Record<string, string>[] = [];
  const stopped: unknown[] = [];
  const { remote, asked } = await startFakeSpark({
    analyze: () => ({ schema: { schema: { struct: { fields: COLUMNS } } } }),
    ...fake,
    asks(name, request) {
      if (name === 'Interrupt') stopped.push(request['session_id']);
      if (name !== 'Config') return;
      const { operation } = request as unknown as {
        operation: { set: { pairs: { key: string; value: string }[] } };
      };
      told.push(Object.fromEntries(operation.set.pairs.map(({ key, value }) => [key, value])));
    },
  });
  const world = await worldForTest({
    processes: [processFile(HEADER, SQL)],
    catalog: { warehouse: 'warehouse' },
  });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', `select 1 as id, timestamptz '${hourAt(1)}' as ts`);
  await world.publish('copied');
  world.write(
    'psyberg.yaml',
    `name: world\ncatalog: { warehouse: warehouse }\nengines: { spark: { remote: "${remote}" } }\n`,
  );
  world.writeProcess(processFile({ ...HEADER, engine: 'spark' } as typeof HEADER, SQL));
  await world.reopen();
  await world.land('raw.events', `select 2 as id, timestamptz '${hourAt(2)}' as ts`);
  const { sessionsDirectory } = world.psyberg.internals;
  const folders = (): string[] => (existsSync(sessionsDirectory) ? readdirSync(sessionsDirectory) : []);
  return { world, asked, told, stopped, folders };
}

/** What an INSERT writes that goes on. */
function writeLate({ world }: Left, branch: string): string {
  const folder = join(world.warehouse, 'facts/copied/data', branch, 'ts_hour=2023-09-14-02');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, '00000-late.parquet');
  writeFileSync(file, 'late');
  return file;
}

/** Its commit, in the catalog that it was told of, under the name that it was told. */
async function commitLate({ told: [settings = {}] }: Left): Promise<number> {
  const of = (name: string): string => settings[`spark.sql.catalog.psyberg_session.${name}`] as string;
  const url = `${of('uri')}/v1/${of('warehouse')}/namespaces/collected/tables/copied`;
  const headers = { authorization: `Bearer ${of('token')}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ requirements: [], updates: [] });
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

const WRONG = { code: 13, details: '[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012' };
const fail = (answers: Answers, error: object): void => void answers.emit('error', error);

it('a session whose INSERT never ends stays noted on Ctrl-C, and the next one stops it before it sweeps', async () => {
  let isHung = true;
  let late: string | undefined;
  const there: boolean[] = [];
  const left = await onSpark({
    hangs: (name) => isHung && ['ExecutePlan', 'Interrupt', 'ReleaseSession'].includes(name),
    execute: (answers) => fail(answers, WRONG),
    interrupt() {
      if (late !== undefined) there.push(existsSync(late));
    },
  });
  const { world, asked, stopped, folders } = left;
  const run = world.run(['copied']);
  await vi.waitFor(() => expect(asked).toContain('ExecutePlan'), { timeout: 20_000 });
  world.psyberg.interrupt();
  expect((await run)[0]?.error?.code).toBe('interrupted');
  const [branch = ''] = folders();
  const marker = readMarker(join(world.psyberg.internals.sessionsDirectory, branch));
  expect(marker).toMatchObject({ given_up: true, engine_session: expect.any(String) });
  // It goes on, and what it writes comes after the sweep.
  late = writeLate(left, branch);
  expect(await commitLate(left)).toBe(404);
  isHung = false;
  stopped.length = 0;
  await world.reopen();
  expect((await world.run(['copied']))[0]?.error?.code).toBe('process-sql-failed');
  expect(stopped[0]).toBe(marker?.engine_session);
  expect(there[0]).toBe(true);
  expect(existsSync(late)).toBe(false);
  expect(folders()).toEqual([]);
  expect(await world.rows('select id from facts.copied')).toEqual(['["1"]']);
});

it('a session of Spark 3.5 that lost its INSERT has it stopped, and a commit of it comes to nothing', async () => {
  const inTime: number[] = [];
  const left: Left = await onSpark({
    version: '3.5.7',
    async execute(answers) {
      if ('command' in (answers.request['plan'] as object)) inTime.push(await commitLate(left));
      fail(answers, { code: 14, details: 'the connection broke' });
    },
    reattach: (answers) =>
      fail(answers, { code: 13, details: '[INVALID_HANDLE.OPERATION_NOT_FOUND] Operation not found.' }),
  });
  const { world, stopped, folders } = left;
  expect((await world.run(['copied']))[0]?.error?.code).toBe('spark-session-lost');
  // It may have come there all the same: it is stopped before its files are swept.
  expect(stopped).toHaveLength(1);
  expect(folders()).toEqual([]);
  // While it ran, the commit would have been one of this session.
  expect([inTime, await commitLate(left)]).toEqual([[200], 404]);
  expect(await world.rows('select id from facts.copied')).toEqual(['["1"]']);
});
