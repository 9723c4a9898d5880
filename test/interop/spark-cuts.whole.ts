// Goal: whatever breaks while a session runs on Spark, one more run ends as a twin on DuckDB that nobody
// disturbed, and no file is left. Method: proxies cut the way to Spark and the way of the catalog's answers,
// in the middle of an INSERT that takes its time; then Spark, psyberg, and both are killed, and Ctrl-C comes at
// several moments.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readMarker } from '../../src/markers/session-marker.ts';
import { openSparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { startCli } from '../cli/fixture.ts';
import { type CuttableProxy, startProxy } from '../support/cuttable-proxy.ts';
import { spawnSessions } from '../support/spawn.ts';
import { expectTwins } from '../support/twins.ts';
import { createWorld, hourAt, type World } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { SPARK_VERSION, type SparkConnectServer, startSparkConnect } from './spark/connect.ts';
import { countedTwins } from './spark/counted-twins.ts';

const missing = await missingJava();
let spark: SparkConnectServer;
/** The way to Spark: its address stays when another one is started. */
let toSpark: CuttableProxy;
/** The way from Spark to the catalog of the process of this test. */
let toCatalog: CuttableProxy;
let world: World;
/** Called with each step of a session. */
let onStep: (step: string) => void = () => undefined;

/** `throughProxy`: of the catalog; a process of its own serves its own one. */
const write = (throughProxy: boolean): void =>
  world.write(
    'psyberg.yaml',
    `name: world
catalog: { warehouse: warehouse }
engines:
  spark:
    remote: "sc://127.0.0.1:${toSpark.port}"
${throughProxy ? `    catalog_uri: "http://127.0.0.1:${toCatalog.port}"\n` : ''}    conf:
      spark.sql.catalog.psyberg_session.rest.client.socket-timeout-ms: "1500"
`,
  );

async function startSpark(): Promise<void> {
  spark = await startSparkConnect();
  toSpark.to(Number(spark.remote.split(':').at(-1)));
}

beforeAll(async () => {
  if (missing !== undefined) return;
  toSpark = await startProxy();
  toCatalog = await startProxy();
  await startSpark();
  world = await createWorld({
    catalog: { warehouse: 'warehouse' },
    processes: countedTwins({
      asked: 'count(*) as n, cast(sum(id) as bigint) as total',
      pauseMs: 10,
      more: { audits: [{ unique: { columns: ['hour'] } }] },
    }),
    open: { onStep: (step) => onStep(step) },
  });
  write(true);
  await world.reopen();
  toCatalog.to(Number(new URL(world.psyberg.internals.endpoint.uri).port));
  await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint', { partitionedBy: 'hour(ts)' });
  await land();
  await world.publish('counted_spark');
}, 600_000);
afterAll(async () => {
  await world?.close();
  await toSpark?.close();
  await toCatalog?.close();
  await spark?.close();
});
afterEach(() => {
  onStep = () => undefined;
});

let landed = 0;
async function land(): Promise<void> {
  landed += 1;
  const rows = [0, 1, 2].map(
    (hour) =>
      `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts, 0 as kind from range(${landed * 100}, ${landed * 100 + 5})`,
  );
  await world.land('raw.events', rows.join(' union all '));
}

/** Calls `work` when the step begins, so much later. */
function at(step: string, afterMs: number, work: () => void): void {
  onStep = (told) => {
    if (!told.includes(step)) return;
    onStep = () => undefined;
    setTimeout(work, afterMs);
  };
}

const run = async (): Promise<string> => {
  const [record] = await world.run(['counted_spark']);
  return record?.error?.code ?? String(record?.status);
};
const expectAsTwin = (what: string): Promise<void> =>
  expectTwins(world, { victim: 'counted_spark', twin: 'counted_duckdb', what });

describe.skipIf(missing !== undefined)('a session on Spark', () => {
  it('goes on where the connection to Spark broke off', { timeout: 120_000 }, async () => {
    for (const afterMs of [50, 300]) {
      await land();
      let dropped = 0;
      at('load insert', afterMs, () => {
        dropped += 1;
        toSpark.drop();
      });
      expect(await run()).toBe('published');
      expect(dropped).toBe(1);
      await expectAsTwin(`dropped after ${afterMs} ms`);
    }
  });

  it('says that its session is gone, and the next one publishes', { timeout: 240_000 }, async () => {
    // As after a restart: a Spark of the same address that knows nothing of it.
    const port = Number(spark.remote.split(':').at(-1));
    const other = await startSparkConnect();
    try {
      for (const afterMs of [0, 300]) {
        await land();
        at('load insert', afterMs, () => {
          toSpark.to(Number(other.remote.split(':').at(-1)));
          toSpark.drop();
        });
        expect(await run(), `after ${afterMs} ms`).toBe('spark-session-lost');
        toSpark.to(port);
        toSpark.drop();
        await expectAsTwin(`started again after ${afterMs} ms`);
      }
    } finally {
      await other.close();
    }
    // As after an hour without a statement, while DuckDB works. Spark before 4.0 ends none on demand.
    if (SPARK_VERSION.startsWith('3.')) return;
    for (const step of ['branch open_session', 'load insert']) {
      await land();
      at(step, step === 'load insert' ? 100 : 0, () => void endSession());
      expect(await run(), step).toBe('spark-session-lost');
      await expectAsTwin(`its session was ended at ${step}`);
    }
  });

  it('fails where Spark stays away, and the next one publishes', { timeout: 120_000 }, async () => {
    await land();
    at('load insert', 100, () => toSpark.refuse(true));
    expect(await run()).toBe('spark-unreachable');
    toSpark.refuse(false);
    await expectAsTwin('refused');
  });

  it('ends well when an answer of the catalog to Spark is cut off', { timeout: 240_000 }, async () => {
    const outcomes: string[] = [];
    for (const after of [0, 2, 4, 6, 8]) {
      await land();
      const before = toCatalog.cuts();
      at('load insert', 0, () => toCatalog.cutAnswer(after));
      outcomes.push(`${await run()} ${toCatalog.cuts() - before}`);
      toCatalog.cutAnswer(Number.MAX_SAFE_INTEGER);
      await expectAsTwin(`answer ${after} was cut`);
    }
    // Answers to a GET are asked for again; that to the commit is not, and the session fails.
    expect(outcomes.filter((each) => each.endsWith(' 1')).length, outcomes.join()).toBeGreaterThan(2);
  });

  it('fails when the catalog does not answer Spark any more', { timeout: 120_000 }, async () => {
    await land();
    at('load insert', 0, () => toCatalog.stall(true));
    expect(await run()).toBe('spark-catalog-unreachable');
    toCatalog.stall(false);
    toCatalog.drop();
    await expectAsTwin('stalled');
  });

  it('leaves nothing when Spark, or psyberg and Spark, are killed', { timeout: 400_000 }, async () => {
    await land();
    at('load insert', 150, () => spark.kill());
    expect(await run()).toBe('spark-unreachable');
    await spark.close();
    await startSpark();
    await expectAsTwin('Spark was killed');

    await land();
    write(false);
    const { killed } = await spawnSessions(world.root, {
      processes: ['counted_spark'],
      onReady: (child) => void killBoth(child.pid as number),
    });
    expect(killed).toBe(true);
    await spark.close();
    await startSpark();
    write(true);
    await expectAsTwin('both were killed');
  });

  it('leaves nothing on Ctrl-C', { timeout: 240_000 }, async () => {
    write(false);
    const codes: (number | null)[] = [];
    for (const [step, afterMs] of [
      ['branch open_session', 0],
      ['load insert', 0],
      ['load insert', 250],
      ['audit', 0],
    ] as const) {
      await land();
      const command = startCli(['run', 'counted_spark', '--verbose', '--project', world.root]);
      while (!command.stderr().includes(step) && command.child.exitCode === null) await sleep(10);
      await sleep(afterMs);
      command.child.kill('SIGINT');
      const { code, stdout } = await command.done;
      codes.push(code);
      if (code !== 0) expect(stdout).toContain('interrupted');
      await expectAsTwin(`Ctrl-C at ${step}`);
    }
    expect(codes.slice(0, 3)).toEqual([130, 130, 130]);
    write(true);
  });
});

/** Spark ends the session by itself. */
async function endSession(): Promise<void> {
  const sessions = world.psyberg.internals.sessionsDirectory;
  let id: string | undefined;
  while (id === undefined) {
    for (const name of readdirSync(sessions)) id ??= readMarker(join(sessions, name))?.engine_session;
    await sleep(5);
  }
  await openSparkSession({ remote: parseRemote(spark.remote), id }).close();
}

/** In the middle of the INSERT: once a file of it is there. */
async function killBoth(pid: number): Promise<void> {
  await sleep(1500);
  spark.kill();
  process.kill(pid, 'SIGKILL');
}
