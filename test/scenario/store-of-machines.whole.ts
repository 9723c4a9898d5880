// Goal: several machines share a warehouse in an object store, with the pointers in PostgreSQL: nothing is lost
// or doubled, and nobody takes another's files. Method: two projects of the same processes in place of two
// machines, side by side, killed, and lost.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { storedOrphans } from '../support/orphans.ts';
import { missingPostgres, type Postgres, startPostgres } from '../support/postgres.ts';
import { spawnSessions } from '../support/spawn.ts';
import { createWorld, hourAt, type World } from '../support/world.ts';

const missing = missingPostgres();
/** Where moto is not there yet. */
const INSTALL_MS = 300_000;

describe.skipIf(missing !== undefined)(
  `machines on one warehouse${missing === undefined ? '' : ` (${missing})`}`,
  { timeout: 600_000 },
  () => {
    let store: ObjectStore;
    let postgres: Postgres;
    let one: World;
    let two: World;
    let landed = 0;
    beforeAll(async () => {
      [store, postgres] = await Promise.all([startObjectStore(), startPostgres()]);
      await store.makeBucket('lake');
      const catalog = {
        warehouse: 's3://lake/shared',
        database: await postgres.createDatabase(),
        storage: store.settings,
      };
      const options = {
        catalog,
        warehouse: catalog.warehouse,
        processes: FOREIGN_PROCESSES,
        files: FOREIGN_FILES,
      };
      one = await createWorld(options);
      two = await createWorld(options);
      await one.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
        partitionedBy: 'hour(ts)',
      });
    }, INSTALL_MS);
    afterAll(async () => {
      await one?.close();
      await two?.close();
      await Promise.all([postgres?.close(), store?.close()]);
    });

    const land = async (hour: number): Promise<void> => {
      landed += 10;
      await one.land(
        'raw.events',
        `select i, i % 5, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${landed - 10}, ${landed}) as t(i)`,
      );
    };
    const expectClean = async (): Promise<void> => {
      await expectRecomputed(one);
      expect(await storedOrphans(one, store)).toEqual([]);
    };

    it('that run at the same moment publish each row once, and end their markers', async () => {
      for (const hour of [1, 2, 0]) {
        await land(hour);
        const records = (await Promise.all([one.run(), two.run()])).flat();
        // Of two sessions of one process one may give up; what fails otherwise is a failure.
        const strange = records.flatMap(({ error }) =>
          error === null || ['conflict', 'unavailable'].includes(error.kind) ? [] : [error],
        );
        expect(strange).toEqual([]);
        await one.run();
        await expectRecomputed(one);
      }
      await expectClean();
      // Copies of the other's markers go with the next look.
      for (const machine of [one, two])
        expect((await machine.run()).map(({ status }) => status)).toEqual(Array(3).fill('nothing-new'));
      expect([...(await one.leftovers()), ...(await two.leftovers())]).toEqual([]);
    });

    it('of which one is killed and comes back go on, and nothing is left', async () => {
      await land(1);
      const commit = { commit: 1, after: true };
      expect(
        (await spawnSessions(two.root, { processes: ['event_load'], killAtCommit: commit })).killed,
      ).toBe(true);
      expect((await one.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(one);
      expect((await two.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectClean();
    });

    it('of which one is lost go on; its branch waits for a day', async () => {
      await land(2);
      const commit = { commit: 1, after: true };
      expect(
        (await spawnSessions(two.root, { processes: ['count_load'], killAtCommit: commit })).killed,
      ).toBe(false);
      await land(3);
      expect(
        (await spawnSessions(two.root, { processes: ['event_load'], killAtCommit: commit })).killed,
      ).toBe(true);
      rmSync(join(two.root, '.psyberg'), { recursive: true });
      expect((await one.run()).map(({ error }) => error)).toEqual([null, null, null]);
      await expectRecomputed(one);
    });
  },
);
