// Goal: what a Spark commits after its session was given up is in no table, and leaves no file: on Spark 3.5 too,
// which knows neither its sessions from those of its next start nor how to release one. Method: in the middle of
// an INSERT its driver stops, and it goes on once psyberg has given up, while its address is away or belongs to
// another Spark; the late commit is seen, and the target is held against a twin on DuckDB.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type CuttableProxy, startProxy } from '../support/cuttable-proxy.ts';
import { expectTwins } from '../support/twins.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { type SparkConnectServer, startSparkConnect } from './spark/connect.ts';
import { countedTwins } from './spark/counted-twins.ts';
import { type RecordingProxy, startRecordingProxy } from './spark/recording-proxy.ts';
import { sharedSpark } from './spark/shared.ts';

const missing = await missingJava();
const LATE = { timeout: 120_000, interval: 100 };
const portOf = (remote: string): number => Number(remote.split(':').at(-1));

let old: SparkConnectServer;
let other: string;
/** The address of Spark: what is behind it changes. */
let toSpark: CuttableProxy;
let catalog: RecordingProxy;
beforeAll(async () => {
  if (missing !== undefined) return;
  toSpark = await startProxy();
  catalog = await startRecordingProxy();
  other = await sharedSpark();
  old = await startSparkConnect({ version: '3.5.7' });
}, 900_000);
afterAll(async () => {
  await toSpark?.close();
  await catalog?.close();
  await old?.close();
});

/** `settings`: of `engines.spark`, besides its address. */
async function worldOn(settings: object, onStep: (step: string) => void): Promise<World> {
  toSpark.refuse(false);
  toSpark.to(portOf(old.remote));
  const world = await worldForTest({
    catalog: { warehouse: 'warehouse' },
    processes: countedTwins({ asked: 'count(*) as n', pauseMs: 100 }),
    open: { onStep },
  });
  const engines = JSON.stringify({ spark: { remote: `sc://127.0.0.1:${toSpark.port}`, ...settings } });
  world.write('psyberg.yaml', `name: world\ncatalog: { warehouse: warehouse }\nengines: ${engines}\n`);
  await world.reopen();
  catalog.passTo(world.psyberg.internals.endpoint.uri);
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await land(world, 0);
  await world.publish('counted_spark');
  return world;
}

const land = (world: World, first: number): Promise<void> =>
  world.land(
    'raw.events',
    [0, 1, 2]
      .map(
        (hour) =>
          `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts from range(${first}, ${first + 4})`,
      )
      .join(' union all '),
  );

/** Stops Spark in the middle of an INSERT, and has psyberg lose it: `away` takes its address away. */
async function loseInsert(world: World, steps: { cut: () => void }, away: () => void): Promise<void> {
  let cuts = 0;
  steps.cut = () => {
    cuts += 1;
    process.kill(old.pid, 'SIGSTOP');
    away();
  };
  const [record] = await world.run(['counted_spark']);
  expect(record?.error).toMatchObject({
    code: expect.stringMatching(/^spark-(?:unreachable|session-lost)$/),
  });
  expect(cuts).toBe(1);
}

/** Calls what is to happen once, half a second into an INSERT. */
function inTheMiddle(): { readonly steps: { cut: () => void }; readonly onStep: (step: string) => void } {
  const steps = { cut: (): void => undefined };
  return {
    steps,
    onStep(step) {
      if (!step.includes('load insert')) return;
      const { cut } = steps;
      steps.cut = () => undefined;
      setTimeout(cut, 500);
    },
  };
}

/** Answers to a Spark that looks for its table before it commits to it: by then it is gone. */
const refused = (): number =>
  catalog.requests.filter((each) => /\/namespaces\/collected\/tables\/counted_spark 404$/.test(each)).length;

/** How many INSERTs have ended, in either way, as the log of the driver tells. */
const ended = (): number =>
  readFileSync(join(old.home, 'log.txt'), 'utf8').match(
    /AppendDataExec: .* aborted\.|SparkWrite: Committed in/g,
  )?.length ?? 0;

/** What was left at work when Spark stopped, in full. */
const untilEnded = (before: number): Promise<void> =>
  vi.waitFor(() => expect(ended()).toBeGreaterThan(before), LATE);

const goOn = (): void => void process.kill(old.pid, 'SIGCONT');
const expectAsTwin = (world: World, what: string): Promise<void> =>
  expectTwins(world, { victim: 'counted_spark', twin: 'counted_duckdb', what });

describe.skipIf(missing !== undefined)('an INSERT of Spark 3.5.7 whose session is lost', () => {
  it('commits to nothing while its address is away', { timeout: 300_000 }, async () => {
    const { steps, onStep } = inTheMiddle();
    const world = await worldOn({ catalog_uri: catalog.uri }, onStep);
    await land(world, 10);
    const before = { ended: ended(), refused: refused() };
    await loseInsert(world, steps, () => toSpark.refuse(true)).finally(goOn);
    await untilEnded(before.ended);
    expect(refused()).toBeGreaterThan(before.refused);
    toSpark.refuse(false);
    await expectAsTwin(world, 'away');
  });

  it('commits to nothing after another Spark has published its hours', { timeout: 300_000 }, async () => {
    const { steps, onStep } = inTheMiddle();
    const world = await worldOn({ catalog_uri: catalog.uri }, onStep);
    await land(world, 10);
    const before = { ended: ended(), refused: refused() };
    await loseInsert(world, steps, () => {
      toSpark.to(portOf(other));
      toSpark.drop();
    });
    try {
      // The one that is there now knows nothing of it, and publishes the hours.
      await world.publish('counted_spark');
    } finally {
      goOn();
    }
    await untilEnded(before.ended);
    expect(refused()).toBeGreaterThan(before.refused);
    await land(world, 20);
    await world.publish('counted_spark');
    await world.psyberg.maintain(['facts.counted_spark']);
    await expectAsTwin(world, 'hung');
  });

  it('commits to nothing in a folder of its own', { timeout: 300_000 }, async () => {
    const { steps, onStep } = inTheMiddle();
    const world = await worldOn({ catalog: 'spark_catalog' }, onStep);
    await land(world, 10);
    const before = ended();
    await loseInsert(world, steps, () => toSpark.refuse(true)).finally(goOn);
    await untilEnded(before);
    toSpark.refuse(false);
    await expectAsTwin(world, 'a folder');
  });
});
