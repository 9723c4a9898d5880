// Goal: machines on one warehouse see each other's sessions. Method: two folders in place of two machines, and a
// store in memory; what another host wrote is played by its marker.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { isAtWork, readMarker, STEPWISE_GRACE_MS } from '../../src/markers/session-marker.ts';
import { oldestSessionMs } from '../../src/markers/sessions-at-work.ts';
import { type SharedMarkers, storeMarkers } from '../../src/markers/shared-markers.ts';
import { type MemoryStore, memoryStore } from '../support/memory-store.ts';

const PLACE = 's3://lake/w/.psyberg/sessions';
const BRANCH = 'psyberg_a_load_20230914061501';
const OBJECT = `${PLACE}/${BRANCH}.json`;

describe('markers in a store', () => {
  let store: MemoryStore;
  let mine: { readonly folder: string; readonly markers: SharedMarkers };
  let yours: typeof mine;
  beforeEach(() => {
    store = memoryStore();
    [mine, yours] = ['mine', 'yours'].map(() => {
      const folder = join(mkdtempSync(join(tmpdir(), 'psyberg-markers-')), 'sessions');
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      return { folder, markers: storeMarkers(store, { place: PLACE, folder }) };
    }) as [typeof mine, typeof mine];
  });
  const elsewhere = (startedAtMs: number): void =>
    void store.objects.set(OBJECT, {
      content: Buffer.from(
        JSON.stringify({
          pid: 1,
          host: 'another',
          started_at: new Date(startedAtMs).toISOString(),
          stepwise: false,
        }),
      ),
      modifiedAtMs: startedAtMs,
    });

  it('are seen by others from the beginning of a session to its end', async () => {
    await mine.markers.begin(join(mine.folder, BRANCH), false);
    await yours.markers.learn();
    expect(readMarker(join(yours.folder, BRANCH))).toMatchObject({ pid: process.pid, copied: true });
    await mine.markers.end(join(mine.folder, BRANCH));
    expect([...store.objects.keys()]).toEqual([]);
    await yours.markers.learn();
    expect(readdirSync(yours.folder)).toEqual([]);
  });

  it('give the id of a session to one of two machines', async () => {
    const outcomes = await Promise.allSettled(
      [mine, yours].map(({ markers, folder }) => markers.begin(join(folder, BRANCH), false)),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((each) => each.status === 'rejected')?.reason).toMatchObject({
      code: 'session-running',
    });
    expect([mine, yours].filter(({ folder }) => existsSync(join(folder, BRANCH)))).toHaveLength(1);
  });

  it('are written again by the next step of a session', async () => {
    const directory = join(mine.folder, BRANCH);
    await mine.markers.begin(directory, true);
    await mine.markers.begin(directory, true);
    expect(store.objects.size).toBe(1);
  });

  it('of a machine at work are nobody else to end, and tell how old its files may be', async () => {
    const beganMs = Date.now() - 3_600_000;
    elsewhere(beganMs);
    await mine.markers.learn();
    expect(oldestSessionMs(mine.folder)).toBeCloseTo(beganMs, -1);
    await mine.markers.end(join(mine.folder, BRANCH));
    expect(store.objects.has(OBJECT)).toBe(true);
    expect(statSync(join(mine.folder, BRANCH)).isDirectory()).toBe(true);
  });

  it('of a machine that is lost go after a day', async () => {
    elsewhere(Date.now() - STEPWISE_GRACE_MS - 1000);
    await mine.markers.learn();
    const directory = join(mine.folder, BRANCH);
    const marker = readMarker(directory);
    expect(marker !== undefined && isAtWork(marker, directory)).toBe(false);
    await mine.markers.end(directory);
    expect(store.objects.size).toBe(0);
    expect(existsSync(directory)).toBe(false);
  });
});
