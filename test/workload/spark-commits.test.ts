// Goal: rows that Spark has written are never missing without a word, or there twice. Method: a server that says that
// an insert has run, and commits nothing to the session's table, as a Spark does whose settings stage commits, or
// commits it twice.
import { expect, it } from 'vitest';
import { SPARK } from '../../src/compile/index.ts';
import { type SparkWorkloadOptions, sparkWorkload } from '../../src/workload/spark/index.ts';
import { planOf, type SessionData, specOf } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';
import { complete, type FakeSpark, startFakeSpark } from './fake-spark.ts';

const nothing = async (): Promise<void> => undefined;
const STAGING = { metadata: {}, layout: {}, owner: 'psyberg_x_1' } as never;

async function openWorkload(fake: FakeSpark = {}) {
  const { remote, asked } = await startFakeSpark(fake);
  const workload = sparkWorkload({
    ...{ spark: { remote, conf: {} }, environment: {}, onProgress: () => undefined },
    ...{ onWaiting: () => undefined, onInterrupt: () => () => undefined },
    duckdb: { attach: nothing, detach: nothing },
  } as unknown as SparkWorkloadOptions);
  await workload.attach({ warehouse: 'w', uri: 'http://127.0.0.1:1', token: 't' });
  return { workload, asked };
}

/** Commits to what a session collects, one snapshot more each time. */
function committer(): (collected: object | undefined) => void {
  const snapshots: object[] = [];
  return (collected) => {
    snapshots.push({ 'snapshot-id': BigInt(snapshots.length + 1), summary: {} });
    const main = { type: 'branch', 'snapshot-id': BigInt(snapshots.length) };
    Object.assign(collected ?? {}, { metadata: { snapshots: [...snapshots], refs: { main } } });
  };
}

const ofPattern = (pattern: SessionData['pattern']): SessionData => ({
  pattern,
  sources: { s: { added: [3], vtts: 4 } },
  completeTo: 2,
  spec: { engine: 'spark' },
});

it('an insert whose commit is nowhere ends the session', async () => {
  const { workload, asked } = await openWorkload();
  const data = ofPattern('stateful');
  const work = { plan: planOf(data), spec: specOf(data), root: '/' };
  await expect(workload.stage(work, SPARK.load(work.plan, work.spec), STAGING)).rejects.toMatchObject({
    code: 'spark-failed',
    hint: expect.stringContaining('spark.wap.id'),
  });
  expect(asked.filter((name) => name === 'ExecutePlan')).toHaveLength(1);
  await workload.detach();
});

it('so does the hour of a dimension', async () => {
  const { workload } = await openWorkload();
  const data = ofPattern('dimension');
  const [step] = SPARK.hours(planOf(data), specOf(data)).filter(({ kind }) => kind === 'compute-hour');
  expect(step).toMatchObject({ hour: hourAt(3) });
  await expect(workload.compute(step as never, { 'computed-before': true })).rejects.toMatchObject({
    code: 'spark-failed',
  });
  await workload.detach();
});

it('an insert that was committed twice ends the session', async () => {
  const twice = [1n, 2n].map((id) => ({ 'snapshot-id': id }));
  const { workload } = await openWorkload({
    execute(answers) {
      const main = { type: 'branch', 'snapshot-id': 2n };
      Object.assign(workload.collected ?? {}, { metadata: { snapshots: twice, refs: { main } } });
      complete(answers);
    },
  });
  const data = ofPattern('stateful');
  const work = { plan: planOf(data), spec: specOf(data), root: '/' };
  await expect(workload.stage(work, SPARK.load(work.plan, work.spec), STAGING)).rejects.toMatchObject({
    code: 'spark-failed',
    message: expect.stringContaining('2 commits'),
  });
  await workload.detach();
});

it('so does one that an earlier session of the same name, which lost its insert, commits at last', async () => {
  const commit = committer();
  const data = ofPattern('stateful');
  const work = { plan: planOf(data), spec: specOf(data), root: '/' };
  const { workload } = await openWorkload({
    execute(answers) {
      commit(workload.collected);
      complete(answers);
    },
  });
  commit(workload.collected);
  await expect(workload.stage(work, SPARK.load(work.plan, work.spec), STAGING)).rejects.toMatchObject({
    code: 'spark-failed',
    message: expect.stringContaining('2 commits'),
  });
  await workload.detach();
});

it('so does the commit of an hour that comes a second time after its insert has ended', async () => {
  const commit = committer();
  const { workload } = await openWorkload({
    execute(answers) {
      commit(workload.collected);
      complete(answers);
    },
  });
  const data = ofPattern('dimension');
  const work = { plan: planOf(data), spec: specOf(data), root: '/' };
  const hour = SPARK.hours(work.plan, work.spec).find(({ kind }) => kind === 'compute-hour');
  const compute = () => workload.compute(hour as never, { 'computed-before': true });
  await compute();
  await compute();
  commit(workload.collected);
  const twice = { code: 'spark-failed', message: expect.stringContaining('2 commits') };
  await expect(workload.stage(work, SPARK.load(work.plan, work.spec), STAGING)).rejects.toMatchObject(twice);
  await expect(compute()).rejects.toMatchObject(twice);
  await workload.detach();
});

it.each(['verify', 'show'])('what %s has Spark compute is held to the same', async (command) => {
  const { workload } = await openWorkload();
  const data = ofPattern('dimension');
  const [step] = SPARK.hours(planOf(data), specOf(data)).filter(({ kind }) => kind === 'compute-hour');
  const insert = { sql: 'insert into t values (1)', parameters: {} };
  const hour = { ...step, ...insert, kind: 'compile/compute_hour' };
  const computed =
    command === 'verify'
      ? workload.beside?.execute(insert)
      : workload.look({ before: [hour], rows: hour } as never, () => undefined);
  await expect(computed).rejects.toMatchObject({
    code: 'spark-failed',
    message: expect.stringContaining('no commit'),
  });
  await workload.detach();
});
