// Goal: maintenance that is killed has changed no row and lost no file, and the next one ends as if nothing
// had happened. Method: one warehouse with work for every task, put back before each attempt; SIGKILL to a
// child process at each kind of boundary and at random moments; then rows, what metadata name, and the disk.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MaintainReport, MaintainRequest } from '../../src/index.ts';
import { filesOf, reachedFiles } from '../support/reachable.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const SCRIPT = fileURLToPath(new URL('../support/maintain-process.ts', import.meta.url));
const AT_ONCE: MaintainRequest = { olderThanMs: 0, orphanGraceMs: 0, force: true, orphanMetadata: true };
const KILLS = Number(process.env['PSYBERG_CRASH_KILLS'] ?? 0);
const MINUTES = Number(process.env['PSYBERG_SOAK_MINUTES'] ?? 10);

interface Attempt {
  readonly killed: boolean;
  readonly boundaries: readonly string[];
  readonly report: MaintainReport | undefined;
}

function spawnMaintenance(
  project: string,
  { killAt, onReady }: { readonly killAt?: number; readonly onReady?: (child: ChildProcess) => void },
): Promise<Attempt> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [SCRIPT, project, JSON.stringify({ killAt, request: AT_ONCE })], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let log = '';
    child.stdout.on('data', (chunk: Buffer) => (output += String(chunk)));
    child.stderr.on('data', (chunk: Buffer) => {
      if (!log.includes('ready\n') && (log + String(chunk)).includes('ready\n')) onReady?.(child);
      log += String(chunk);
    });
    child.once('error', failed);
    child.once('close', (code, signal) => {
      const boundaries = [...log.matchAll(/^boundary (.*)$/gm)].map((match) => match[1] as string);
      if (signal !== 'SIGKILL' && code !== 0)
        return failed(new Error(`maintenance ended with ${signal ?? code}:\n${log}`));
      done({
        killed: signal === 'SIGKILL',
        boundaries,
        report: signal === 'SIGKILL' ? undefined : (JSON.parse(output) as MaintainReport),
      });
    });
  });
}

describe('maintenance that is killed', () => {
  let world: World;
  let backup: string;
  let expected: Map<string, string[]>;

  const rowsOfTables = async (): Promise<Map<string, string[]>> => {
    const found = new Map<string, string[]>();
    for (const table of [
      'raw.events',
      'facts.copy',
      'facts.counts',
      'psyberg.high_water_mark_table',
      'psyberg.psyberg_session_f',
      'psyberg.psyberg_signal',
    ])
      found.set(table, await world.rows(`from ${table}`));
    return found;
  };
  /** The warehouse as it was, then one attempt. */
  const attempt = async (options: Parameters<typeof spawnMaintenance>[1]): Promise<Attempt> => {
    await world.psyberg.close();
    rmSync(world.warehouse, { recursive: true, force: true });
    cpSync(backup, world.warehouse, { recursive: true, preserveTimestamps: true });
    const result = await spawnMaintenance(world.root, options);
    await world.reopen();
    return result;
  };
  const expectRecovery = async (): Promise<void> => {
    for (const table of expected.keys())
      expect(
        (await reachedFiles(world, table)).filter((path) => !existsSync(join(world.warehouse, path))),
      ).toEqual([]);
    expect(await rowsOfTables()).toEqual(expected);
    const { tables } = await world.psyberg.maintain(undefined, AT_ONCE);
    for (const record of tables) expect(record).toMatchObject({ error: null, notes: [] });
    for (const table of expected.keys())
      expect({ table, files: await filesOf(world, table) }).toEqual({
        table,
        files: await reachedFiles(world, table),
      });
    expect(await rowsOfTables()).toEqual(expected);
    expect(await world.leftovers()).toEqual([]);
  };

  beforeAll(async () => {
    const target = (table: string, column: string) => ({
      table,
      event_time: column,
      partition_by: [`hour(${column})`],
    });
    world = await createWorld({
      processes: [
        processFile(
          {
            process_name: 'copy_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.events', event_time: 'ts' }],
            target: target('facts.copy', 'ts'),
          },
          'select id, ts from events',
        ),
        processFile(
          {
            process_name: 'count_load',
            pattern: 'stateful',
            sources: [{ table: 'facts.copy', event_time: 'ts' }],
            target: target('facts.counts', 'h'),
          },
          "select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from copy group by 1",
        ),
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    const rows = (first: number, hour: number): string =>
      `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + 10}) t(i)`;
    // Hours of one file each give manifests to sort, those of two something to put together.
    for (const [index, hour] of [0, 1, 2, 3, 4, 3, 4].entries()) {
      await world.land('raw.events', rows(index * 10, hour));
      // Nobody has read hour 4 when a row of it is deleted, so nobody has to give it back.
      if (index === 6)
        await world.changeFiles('raw.events', {
          operation: 'overwrite',
          deletes: [{ kind: 'equality', columns: ['id'], values: 'select 65::bigint' }],
        });
      for (const record of await world.run())
        expect(record).toMatchObject({ status: 'published', error: null });
    }
    await world.land('raw.events', rows(90, 3));
    expected = await rowsOfTables();
    await world.psyberg.close();
    backup = join(world.root, 'backup');
    cpSync(world.warehouse, backup, { recursive: true, preserveTimestamps: true });
    await world.reopen();
  }, 120_000);
  afterAll(() => world.close());

  it('at each kind of boundary leaves the rows and every file that metadata name, and nothing after the next one', {
    timeout: (MINUTES + 10) * 60_000,
  }, async () => {
    const endMs = performance.now() + MINUTES * 60_000;
    const { boundaries, report } = await attempt({});
    expect(report?.tables.map((record) => record.error)).toEqual(report?.tables.map(() => null));
    await expectRecovery();
    for (const what of ['compact', 'manifests', 'expire'])
      expect(boundaries).toContain(`after the commit of ${what}`);
    // The first commit and deletion of each kind; with more kills allowed the steps as well, and boundaries
    // evenly from all of them.
    const kinds = [...new Set(boundaries)].filter((name) => KILLS > 0 || !name.startsWith('step '));
    const points = kinds.map((name) => boundaries.indexOf(name) + 1);
    const more = Array.from(
      { length: Math.max(0, KILLS - points.length) },
      (_, index) => 1 + Math.floor((index * boundaries.length) / KILLS),
    );
    for (const killAt of [...points, ...more]) {
      if (performance.now() > endMs) break;
      const { killed, boundaries: reached } = await attempt({ killAt });
      expect({ killed, last: reached.at(-1) }).toEqual({ killed: true, last: boundaries[killAt - 1] });
      await expectRecovery();
    }
  });

  it('at random moments as well', { timeout: (MINUTES + 10) * 60_000 }, async () => {
    const endMs = performance.now() + MINUTES * 60_000;
    for (let kill = 0; kill < Math.max(1, KILLS / 2); kill += 1) {
      if (performance.now() > endMs) break;
      await attempt({
        onReady: (child) => void setTimeout(() => child.kill('SIGKILL'), Math.random() * 1200),
      });
      await expectRecovery();
    }
  });

  it('lets sessions go on where they were', async () => {
    expect((await world.run()).map((record) => record.status)).toEqual(['published', 'published']);
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
  });
});
