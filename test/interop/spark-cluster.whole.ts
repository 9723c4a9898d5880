// Goal: processes mean the same where the rows are worked on by executors in other processes, and one of them
// may die. Method: a Spark with a driver and two executors plays the sample worlds, moved to its SQL; targets
// are compared with a full recompute by DuckDB. In a day of departures an executor is killed in the middle of
// an INSERT.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findDepartures, loadDepartures } from '../../warehouse/flights/sessions.ts';
import { playWalkthrough } from '../../warehouse/member-lifecycle/walkthrough.ts';
import { openSampleProject, type SampleProject } from '../../warehouse/sample-project.ts';
import { missingJava } from './java/java.ts';
import { type SparkConnectServer, startSparkConnect } from './spark/connect.ts';
import { moveSample } from './spark/moved-sample.ts';

const missing = await missingJava();
const EXECUTORS = 2;
const sample = (name: string): string => fileURLToPath(new URL(`../../warehouse/${name}`, import.meta.url));

let spark: SparkConnectServer;
let folder: string;
beforeAll(async () => {
  if (missing !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'psyberg-cluster-'));
  spark = await startSparkConnect({ master: `local-cluster[${EXECUTORS},1,1024]` });
}, 600_000);
afterAll(async () => {
  await spark?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

async function openMoved(name: string): Promise<SampleProject> {
  const moved = join(folder, `${name}-moved`);
  moveSample({ from: sample(name), to: moved, remote: spark.remote });
  return openSampleProject({ from: moved, to: join(folder, name) });
}

describe.skipIf(missing !== undefined)('a Spark with two executors', () => {
  it('plays the walkthrough to what DuckDB computes of all rows', { timeout: 600_000 }, async () => {
    const project = await openMoved('member-lifecycle');
    try {
      const acts = await playWalkthrough(project);
      expect(spark.executors()).toHaveLength(EXECUTORS);
      expect(acts).toHaveLength(3);
      for (const { steps, comparisons } of acts) {
        expect(new Set(steps.map(({ plan }) => plan.engine))).toEqual(new Set(['spark']));
        expect(comparisons).toHaveLength(5);
        expect(comparisons.filter((each) => each.missingRows + each.extraRows > 0)).toEqual([]);
      }
    } finally {
      await project.close();
    }
  });

  it('loads departures, and an executor that dies in the middle changes nothing', {
    timeout: 600_000,
  }, async () => {
    const project = await openMoved('flights');
    let killed: Promise<number> | undefined;
    try {
      const result = await loadDepartures(
        project,
        {
          departures: findDepartures(),
          landing: { first: '2001-01-01T00:00:00Z', last: '2001-01-01T23:00:00Z' },
          hoursPerSession: 12,
        },
        {
          sessionEnds: ({ number }) => {
            if (number === 1) killed = killWhenWriting(join(folder, 'flights', 'warehouse'));
          },
        },
      );
      expect(await killed).toBeGreaterThan(0);
      expect(spark.executors()).not.toContain(await killed);
      expect(result.sessions.flatMap(({ runs }) => runs.map(({ status }) => status))).toEqual(
        Array.from({ length: 4 }, () => 'published'),
      );
      expect(result.comparisons).toMatchObject([
        { target: 'facts.departures_fact', missingRows: 0, extraRows: 0, rowCount: result.lateness.rowCount },
        { target: 'facts.route_hour_stats', missingRows: 0, extraRows: 0 },
      ]);
    } finally {
      await project.close();
    }
  });
});

/** Kills an executor as soon as a data file of the next session is there: its INSERT runs. */
async function killWhenWriting(warehouse: string): Promise<number> {
  const data = join(warehouse, 'facts', 'departures_fact', 'data');
  const before = new Set(readdirSync(data));
  while (readdirSync(data).every((name) => before.has(name))) await sleep(5);
  const [pid] = spark.executors() as [number];
  process.kill(pid, 'SIGKILL');
  return pid;
}
