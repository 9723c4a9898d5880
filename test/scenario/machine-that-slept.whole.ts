// Goal: a machine that is away for longer than a day while a session of its runs, and comes back, publishes over
// nobody and no file that others have deleted: it gives the session up, and plans anew. Method: two projects
// over one warehouse in a store, in place of two machines; one process is stopped in the middle (SIGSTOP), the
// clocks of both move on by 25 hours, the other one works, and the first goes on.
import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { movedClock } from '../support/moved-clock.ts';
import { storedOrphans } from '../support/orphans.ts';
import { missingPostgres, type Postgres, startPostgres } from '../support/postgres.ts';
import { spawnSessions, untilStopped } from '../support/spawn.ts';
import { createWorld, hourAt, type World } from '../support/world.ts';

const INSTALL_MS = 300_000;
const DAY_AND_MORE_SECONDS = 25 * 3600;
const missing = missingPostgres() ?? (movedClock() === undefined ? 'no compiler for a clock' : undefined);

describe.skipIf(missing !== undefined)(
  `a machine that slept${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 300_000 },
  () => {
    let store: ObjectStore;
    let postgres: Postgres;
    beforeAll(async () => {
      [store, postgres] = await Promise.all([startObjectStore(), startPostgres()]);
      await store.makeBucket('lake');
    }, INSTALL_MS);
    afterAll(() => Promise.all([postgres?.close(), store?.close()]));

    it.each([
      ['load insert', 'runs'],
      ['publish', 'runs'],
      ['compose', 'maintains'],
    ] as const)('at %s, while the other one %s, publishes no file that is gone', async (step, does) => {
      const clock = movedClock();
      if (clock === undefined) throw new Error('no clock');
      const catalog = {
        warehouse: `s3://lake/slept-${step.replace(' ', '-')}-${does}`,
        database: await postgres.createDatabase(),
        storage: store.settings,
      };
      const options = {
        catalog,
        warehouse: catalog.warehouse,
        processes: FOREIGN_PROCESSES,
        files: FOREIGN_FILES,
      };
      const one = await createWorld(options);
      const two = await createWorld(options);
      onTestFinished(async () => {
        await one.close();
        await two.close();
        clock.close();
      });
      await one.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
        partitionedBy: 'hour(ts)',
      });
      const land = (world: World, hour: number, first: number): Promise<void> =>
        world.land(
          'raw.events',
          `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${first}, ${first + 10}) as t(i)`,
        );
      await land(one, 1, 0);
      expect((await one.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await land(one, 0, 10);

      let child: ChildProcess | undefined;
      const slept = spawnSessions(two.root, {
        processes: ['event_load'],
        // Nobody here may ask whether its process lives.
        environment: { ...clock.environment, HOST_NAMED: 'another-machine' },
        stopAtStep: step,
        onReady: (running) => {
          child = running;
        },
      });
      while (child?.pid === undefined) await new Promise((soon) => setTimeout(soon, 50));
      await untilStopped(child.pid);
      clock.moveBy(DAY_AND_MORE_SECONDS);

      const { environment } = clock;
      if (does === 'runs') {
        const { records } = await spawnSessions(one.root, { environment });
        expect(records.map(({ error }) => error)).toEqual([null, null, null]);
      } else await spawnSessions(one.root, { environment, maintain: true });

      child.kill('SIGCONT');
      const { records } = await slept;
      expect(records.map(({ error }) => error)).toEqual([null]);
      expect(records[0]?.status).toBe(does === 'runs' ? 'nothing-new' : 'published');

      expect((await one.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(one);
      rmSync(`${one.root}/.psyberg`, { recursive: true, force: true });
      expect(await storedOrphans(one, store)).toEqual([]);
    });
  },
);
