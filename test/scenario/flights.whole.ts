// Goal: real, messily late data is loaded as if it had been there from the start. Method: three days of
// departures land six hours at a time, each time loaded by both processes; both tables are then compared with
// a recompute from the file.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type FlightsResult,
  findDepartures,
  landingHoursOfMonths,
  loadDepartures,
  sessionsOf,
} from '../../warehouse/flights/sessions.ts';
import { openSampleProject, type SampleProject } from '../../warehouse/sample-project.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('../../warehouse/flights', import.meta.url));
const LANDING = { first: '2001-01-01T00:00:00Z', last: '2001-01-03T23:00:00Z' };

describe('three days of departures, six landing hours a session', () => {
  let folder: string;
  let project: SampleProject;
  let result: FlightsResult;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'psyberg-flights-'));
    project = await openSampleProject({ from: SOURCE_FOLDER, to: join(folder, 'project') });
    result = await loadDepartures(project, {
      departures: findDepartures(),
      landing: LANDING,
      hoursPerSession: 6,
    });
  }, 180_000);

  afterAll(async () => {
    await project?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('publishes both processes in each of the 12 sessions', () => {
    expect(result.sessions).toHaveLength(12);
    expect(result.sessions.flatMap((session) => session.runs.map((run) => run.status))).toEqual(
      Array.from({ length: 24 }, () => 'published'),
    );
  });

  it('equals a full recompute, in both tables and both directions', () => {
    expect(result.comparisons).toMatchObject([
      { target: 'facts.departures_fact', missingRows: 0, extraRows: 0, rowCount: result.lateness.rowCount },
      { target: 'facts.route_hour_stats', missingRows: 0, extraRows: 0 },
    ]);
  });

  it('appends each departure once', () => {
    const written = result.sessions
      .flatMap((session) => session.runs)
      .filter((run) => run.operation === 'append');
    expect(written.reduce((sum, run) => sum + Number(run.rows_written), 0)).toBe(result.lateness.rowCount);
  });

  it('overwrites only hours that got a departure', () => {
    const [append, overwrite] = result.sessions.at(-1)?.runs ?? [];
    expect(overwrite).toMatchObject({ process_name: 'route_hour_stats_load', operation: 'overwrite' });
    // Half of a table of three days would be a lookback in disguise; six landing hours touch the hours around
    // them.
    expect(Number(overwrite?.rows_read)).toBeGreaterThanOrEqual(Number(append?.rows_written));
    expect(Number(overwrite?.rows_read)).toBeLessThan(result.lateness.rowCount / 2);
  });

  it('counts what lookbacks would have missed', () => {
    const { rowCount, lateRows, latestHours, missedByLookback } = result.lateness;
    const missed = [...missedByLookback.values()];
    expect([...missedByLookback.keys()]).toEqual([1, 3, 6, 12]);
    expect([rowCount, lateRows, ...missed]).toEqual(
      [rowCount, lateRows, ...missed].sort((left, right) => right - left),
    );
    expect(missedByLookback.get(1)).toBeGreaterThan(0);
    expect(latestHours).toBeLessThanOrEqual(28);
  });
});

describe('the landing hours', () => {
  it('of 2001-01 are 744, of two months 1,416', () => {
    const hours = (months: number): number =>
      sessionsOf(landingHoursOfMonths({ month: '2001-01', months }), 1).length;
    expect([hours(1), hours(2)]).toEqual([744, 1416]);
  });

  it('are cut without a gap, the last piece shorter', () => {
    const pieces = sessionsOf(LANDING, 50);
    expect(pieces).toEqual([
      { first: '2001-01-01T00:00:00Z', last: '2001-01-03T01:00:00Z' },
      { first: '2001-01-03T02:00:00Z', last: '2001-01-03T23:00:00Z' },
    ]);
  });
});

describe('a missing package', () => {
  it('is named, with the remedy', () => {
    expect(() => findDepartures('vega-datasets-that-is-not-there')).toThrow(
      /'vega-datasets-that-is-not-there'.*is not installed/,
    );
  });
});

describe('the command', () => {
  it.each([
    [['flights', '--month', '2002-01'], /--month must be one of 2001-01 to 2001-06, found '2002-01'/],
    [
      ['flights', '--hours-per-session', '0'],
      /--hours-per-session must be a whole number from 1 to 744, found '0'/,
    ],
    [['flights', '--hour', '1'], /Unknown option '--hour'/],
    [['trains'], /unknown argument 'trains'/],
  ])('refuses %j with exit code 2 and its usage', (argv, message) => {
    const demo = fileURLToPath(new URL('../../warehouse/demo.ts', import.meta.url));
    const { status, stderr, stdout } = spawnSync(process.execPath, [demo, ...argv], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toContain('usage: npm run demo');
  });

  it('ends with 130 on Ctrl-C and leaves no run folder', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'psyberg-interrupted-'));
    const runFolder = join(folder, 'project');
    const script = `import { playFlightsOnTerminal } from ${JSON.stringify(new URL('../../warehouse/flights/play.ts', import.meta.url).href)};
      process.exitCode = await playFlightsOnTerminal({ month: '2001-01', months: 1, hoursPerSession: 1, runFolder: ${JSON.stringify(runFolder)} });`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const ended = once(child, 'exit');
    // The warehouse is written from the first session on.
    while (!existsSync(join(runFolder, 'warehouse', 'raw')) && child.exitCode === null) await sleep(20);
    child.kill('SIGINT');
    expect((await ended)[0], stderr).toBe(130);
    expect(stderr).toContain('the run folder was removed');
    expect([existsSync(runFolder), existsSync(`${runFolder}.pid`)]).toEqual([false, false]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);
});
