// Goal: whatever breaks while `verify` recomputes on Spark, it says so or goes on, never tells a difference that
// is none, and one more run and `maintain` leave nothing of it. Method: `psyberg verify` as a process of its own
// behind a proxy, whose INSERT takes its time; once a file of it is there, psyberg, Spark, or both are killed,
// Ctrl-C comes, or the connection is cut.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCli } from '../cli/fixture.ts';
import { type CuttableProxy, startProxy } from '../support/cuttable-proxy.ts';
import { orphans } from '../support/orphans.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { type SparkConnectServer, startSparkConnect } from './spark/connect.ts';

const missing = await missingJava();
let spark: SparkConnectServer;
/** The way to Spark: its address stays when another one is started. */
let toSpark: CuttableProxy;
let world: World;

const ROWS = 150;
/** Each row takes a while; without partitions the first one opens a file. */
const SLOWLY =
  "select id, ts from e where java_method('java.lang.Thread', 'sleep', 10L) is distinct from 'x'";

async function startSpark(): Promise<void> {
  spark = await startSparkConnect();
  toSpark.to(Number(spark.remote.split(':').at(-1)));
}

beforeAll(async () => {
  if (missing !== undefined) return;
  toSpark = await startProxy();
  await startSpark();
  world = await createWorld({
    catalog: { warehouse: 'warehouse' },
    processes: [
      processFile(
        {
          process_name: 'copied',
          engine: 'spark',
          pattern: 'stateless',
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.copied', event_time: 'ts' },
        },
        SLOWLY,
      ),
    ],
  });
  world.write(
    'psyberg.yaml',
    `name: world\ncatalog: { warehouse: warehouse }\nengines: { spark: { remote: "sc://127.0.0.1:${toSpark.port}" } }\n`,
  );
  await world.reopen();
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land(
    'raw.events',
    `select range as id, timestamptz '${hourAt(0)}' + to_minutes(range % 60) as ts from range(${ROWS})`,
  );
  await world.publish('copied');
}, 600_000);
afterAll(async () => {
  await world?.close();
  await toSpark?.close();
  await spark?.close();
});

/** Folders of data files that belong to no session that has published. */
const begun = (before: readonly string[]): string[] =>
  folders().filter((name) => !before.includes(name) && readdirSync(join(data(), name)).length > 0);
const data = (): string => join(world.warehouse, 'facts', 'copied', 'data');
const folders = (): string[] => readdirSync(data()).filter((name) => name.startsWith('psyberg_'));

/** `work` is called in the middle of the INSERT of a verification. */
async function verifying(work: (pid: number) => void) {
  const before = folders();
  const command = startCli(['verify', 'copied', '--json', '--project', world.root]);
  while (begun(before).length === 0) {
    if (command.child.exitCode !== null) throw new Error(`it has ended: ${(await command.done).stderr}`);
    await sleep(5);
  }
  work(command.child.pid as number);
  const { code, stdout } = await command.done;
  const [found] =
    code === null || stdout === ''
      ? []
      : (JSON.parse(stdout) as { verifications: [{ status: string; error: { code: string } | null }] })
          .verifications;
  return { code, status: found?.status, error: found?.error?.code };
}

/** Branches of sessions, and what is noted of them. */
const sessionsLeft = async (): Promise<string[]> => [
  ...(await world.leftovers()),
  ...readdirSync(world.psyberg.internals.sessionsDirectory),
];

/** One more run, which finds nothing new, and maintenance. */
async function expectNothingLeft(what: string): Promise<void> {
  const [record] = await world.run(['copied']);
  expect([record?.status, record?.error ?? null], what).toEqual(['nothing-new', null]);
  expect(await sessionsLeft(), what).toEqual([]);
  await world.psyberg.maintain([], { olderThanMs: 0, orphanGraceMs: 1, force: true });
  expect(await orphans(world), what).toEqual([]);
  const [verified] = await world.psyberg.verify(['copied']);
  expect(verified, what).toMatchObject({ status: 'equal', rows_found: String(ROWS), error: null });
  expect(await sessionsLeft(), what).toEqual([]);
}

describe.skipIf(missing !== undefined)('a verification on Spark', () => {
  it('goes on where the connection broke off', { timeout: 300_000 }, async () => {
    expect(await verifying(() => toSpark.drop())).toMatchObject({ code: 0, status: 'equal' });
    await expectNothingLeft('dropped');
  });

  it('fails where Spark stays away', { timeout: 300_000 }, async () => {
    const found = await verifying(() => toSpark.refuse(true));
    expect(found).toMatchObject({ status: 'failed', error: 'spark-unreachable' });
    toSpark.refuse(false);
    await expectNothingLeft('refused');
  });

  it('leaves nothing at once on Ctrl-C, and after one more run when it was killed', {
    timeout: 300_000,
  }, async () => {
    expect((await verifying((pid) => process.kill(pid, 'SIGINT'))).code).toBe(130);
    expect(await sessionsLeft()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
    await expectNothingLeft('Ctrl-C');
    expect((await verifying((pid) => process.kill(pid, 'SIGKILL'))).code).toBe(null);
    expect(await sessionsLeft()).toHaveLength(1);
    await expectNothingLeft('killed');
  });

  it('leaves nothing when Spark is killed, or both are', { timeout: 600_000 }, async () => {
    const found = await verifying(() => spark.kill());
    expect(found).toMatchObject({ status: 'failed', error: 'spark-unreachable' });
    await spark.close();
    await startSpark();
    await expectNothingLeft('Spark was killed');
    await verifying((pid) => {
      spark.kill();
      process.kill(pid, 'SIGKILL');
    });
    await spark.close();
    await startSpark();
    await expectNothingLeft('both were killed');
  });
});
