// Goal: whoever serves the tables and whoever says how their files are reached, sessions over an object store
// mean the same: late rows, failed audits, two machines at once, killed and lost ones. Method: one battery over
// each arrangement, and PyIceberg, which recomputes every target and finds each object reached.
// PSYBERG_STORE_BATTERY=whole: every arrangement, and many moments to be killed at.
import { existsSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startProjectCatalog } from '../../src/workspace/project-catalog.ts';
import { FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { foreignOrphans, storedOrphans } from '../support/orphans.ts';
import { missingPostgres, type Postgres, startPostgres } from '../support/postgres.ts';
import { type SpawnOptions, spawnSessions } from '../support/spawn.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';
import { startJavaCatalog } from './java/catalog-server.ts';
import { missingJava } from './java/java.ts';
import { preparePython } from './python.ts';
import { appendByPyIceberg, type CatalogProperties, recomputeByPyIceberg } from './recompute.ts';

const isWhole = process.env['PSYBERG_STORE_BATTERY'] === 'whole';
const [withoutJava, withoutPostgres] = [await missingJava(), missingPostgres()];
for (const missing of [withoutJava, withoutPostgres])
  if (missing !== undefined) console.warn(`skipped: a part of the battery: ${missing}`);

/** Where PyIceberg, moto and the jars are not there yet. */
const INSTALL_MS = 600_000;
const BATTERY_MS = isWhole ? 1_800_000 : 300_000;
const HOUR_MS = 3_600_000;

let store: ObjectStore;
let postgres: Postgres | undefined;
beforeAll(async () => {
  [store, postgres] = await Promise.all([
    startObjectStore(),
    withoutPostgres === undefined ? startPostgres() : undefined,
    preparePython(),
  ]);
  await store.makeBucket('lake');
}, INSTALL_MS);
afterAll(async () => {
  await store?.close();
  await postgres?.close();
});

/** A catalog with its files in the store. */
interface Arrangement {
  /** Machines that share it: two, or the one that has the pointers. */
  readonly machines: readonly World[];
  /** How another client reaches it, not through this project. */
  readonly direct: CatalogProperties | undefined;
  /**
   * Whether two machines may commit at the same moment. Apache's reference catalog (1.11.0) answers "done" to
   * a commit of several tables that lost its race, and has forgotten it: `BaseTransaction` begins anew with a
   * list of updates that is empty there. What it lost of a target is found out (`commit-not-as-asked`).
   */
  readonly takesRaces: boolean;
  /** Maintained by this project, or by the catalog's own means. */
  readonly isEmbedded: boolean;
  orphans(): Promise<string[]>;
}

let places = 0;
const place = (): string => {
  places += 1;
  return `place${places}`;
};

async function machine(catalog: Readonly<Record<string, unknown>>, warehouse: string): Promise<World> {
  return worldForTest({ catalog, warehouse, processes: FOREIGN_PROCESSES, files: FOREIGN_FILES });
}

async function embedded(database?: string): Promise<Arrangement> {
  const warehouse = `s3://lake/${place()}`;
  const pointers = database === undefined ? { state: '.psyberg' } : { database };
  const catalog = { warehouse, ...pointers, storage: store.settings };
  const one = await machine(catalog, warehouse);
  return {
    machines: database === undefined ? [one] : [one, await machine(catalog, warehouse)],
    direct: undefined,
    takesRaces: true,
    isEmbedded: true,
    orphans: () => storedOrphans(one, store),
  };
}

interface Served {
  readonly scheme?: 's3' | 's3a';
  readonly manners?: ForeignManners;
  /** What psyberg.yaml says beside the address. */
  readonly ofProject?: Readonly<Record<string, unknown>>;
}

/** Apache's own catalog, whose answers are changed to those of catalogs elsewhere. */
async function foreign({ scheme = 's3', manners = {}, ofProject = {} }: Served): Promise<Arrangement> {
  const warehouse = `${scheme}://lake/${place()}`;
  const server = await startJavaCatalog({
    warehouse,
    'io-impl': 'org.apache.iceberg.aws.s3.S3FileIO',
    ...store.settings,
  });
  onTestFinished(() => server.close());
  const before = await startForeignServer({ ...manners, inner: server.uri });
  onTestFinished(() => before.close());
  const catalog = { uri: before.uri, ...ofProject };
  const one = await machine(catalog, warehouse);
  return {
    machines: [one, await machine(catalog, warehouse)],
    direct: { uri: server.uri, ...store.settings },
    takesRaces: manners.oneTableAtATime === true,
    isEmbedded: false,
    // Metadata files are the catalog's own: Apache's leaves those of commits that another one overtook.
    orphans: async () =>
      (await foreignOrphans(one, store, 'lake')).filter((file) => !file.endsWith('.metadata.json')),
  };
}

const keys = (): Record<string, string> => only(/access-key/);
const rest = (): Record<string, string> => only(/endpoint|path-style|region/);
const only = (wanted: RegExp): Record<string, string> =>
  Object.fromEntries(Object.entries(store.settings).filter(([key]) => wanted.test(key)));
const credentials = (prefix: string, config: Readonly<Record<string, string>>) => ({
  'storage-credentials': [{ prefix, config }],
});

interface Case {
  readonly title: string;
  readonly open: () => Promise<Arrangement>;
  readonly missing?: string | undefined;
  /** Only where all are asked for. */
  readonly isRare?: boolean;
}
const apache = (title: string, served: () => Served, isRare = true): Case => ({
  title: `Apache's catalog, ${title}`,
  open: () => foreign(served()),
  missing: withoutJava,
  isRare,
});

const CASES: readonly Case[] = [
  { title: 'the embedded catalog, pointers in SQLite', open: () => embedded() },
  {
    title: 'the embedded catalog, pointers in PostgreSQL, two machines',
    open: async () => embedded(await postgres?.createDatabase()),
    missing: withoutPostgres,
  },
  apache(
    'keys in storage credentials, the rest in the config, one table at a time, s3a',
    () => ({
      scheme: 's3a',
      manners: {
        oneTableAtATime: true,
        tableResult: { config: rest(), ...credentials('s3a://lake', keys()) },
      },
    }),
    false,
  ),
  apache('which hands out nothing', () => ({ ofProject: { storage: store.settings } })),
  apache('which hands out nothing, one table at a time', () => ({
    manners: { oneTableAtATime: true },
    ofProject: { storage: store.settings },
  })),
  apache('which hands out keys alone', () => ({
    manners: { tableResult: { config: keys() } },
    ofProject: { storage: rest() },
  })),
  apache('which hands out the endpoint alone', () => ({
    manners: { tableResult: { config: rest() } },
    ofProject: { storage: keys() },
  })),
  apache('complete in the config', () => ({ manners: { tableResult: { config: store.settings } } })),
  apache('complete in storage credentials', () => ({
    manners: { tableResult: credentials('s3://lake/', store.settings) },
  })),
  apache('keys in storage credentials, the rest in the config', () => ({
    manners: { tableResult: { config: rest(), ...credentials('s3://lake', keys()) } },
  })),
  apache('defaults of /v1/config', () => ({ manners: { config: { defaults: store.settings } } })),
  apache('overrides of /v1/config', () => ({ manners: { config: { overrides: store.settings } } })),
];

/** Moments at which a session is killed; every session has the few. */
const FEW_KILLS: readonly SpawnOptions[] = [{ killAtStep: 6 }, { killAtCommit: { commit: 2, after: true } }];
const MANY_KILLS: readonly SpawnOptions[] = [
  ...[1, 3, 5, 7, 9, 11].map((killAtStep) => ({ killAtStep })),
  ...[1, 2].flatMap((commit) => [false, true].map((after) => ({ killAtCommit: { commit, after } }))),
];

describe('sessions over an object store', { timeout: BATTERY_MS }, () => {
  const chosen = CASES.filter(({ isRare = false }) => isWhole || !isRare);
  for (const { title, open, missing, isRare = false } of chosen)
    it.skipIf(missing !== undefined)(`by ${title}`, async () => {
      const arrangement = await open();
      const battery = batteryOf(arrangement, isWhole && !isRare ? MANY_KILLS : FEW_KILLS);
      await battery.loadsLateRows();
      await battery.publishesNothingThatFails();
      await battery.runsOnTwoMachines();
      await battery.outlivesKills();
      await battery.isWrittenToByOthers();
      await battery.isLost();
      await battery.leavesNothing();
    });
});

function batteryOf(
  { machines, direct, takesRaces, isEmbedded, orphans }: Arrangement,
  kills: readonly SpawnOptions[],
) {
  const [one] = machines as [World];
  const other = machines.at(-1) as World;
  let landed = 0;

  const land = async (hour: number, rows = 10, entity = 'i % 5'): Promise<void> => {
    landed += rows;
    await one.land(
      'raw.events',
      `select i, ${entity}, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${landed - rows}, ${landed}) as t(i)`,
    );
  };
  const run = async (world: World): Promise<void> => {
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
  };

  /** What waits for a day to be swept has waited. */
  const ageSweeps = (world: World): void => {
    const notes = join(world.root, '.psyberg', 'sweeps');
    const yesterday = new Date(Date.now() - 25 * HOUR_MS);
    for (const note of existsSync(notes) ? readdirSync(notes) : [])
      utimesSync(join(notes, note), yesterday, yesterday);
  };

  /** Read past this project where that is possible; else with the keys that its catalog hands out. */
  async function whole(): Promise<void> {
    const properties = direct ?? (await served(one));
    expect(await recomputeByPyIceberg(properties)).toEqual({
      events: landed,
      differences: { 'facts.event_fact': [], 'facts.count_fact': [], 'dims.entity_state': [] },
    });
  }

  async function served(world: World): Promise<CatalogProperties> {
    const catalog = await startProjectCatalog(world.psyberg.project, { vendsStorage: true });
    onTestFinished(() => catalog.close());
    return { uri: catalog.uri, token: catalog.token };
  }

  return {
    async loadsLateRows() {
      await one.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
        partitionedBy: 'hour(ts)',
      });
      for (const hour of [1, 2]) await land(hour);
      await run(one);
      // Statements of a user, on a table of nobody.
      await one.sql('create table raw.notes as select range as i from range(9)');
      await one.sql('alter table raw.notes add column t varchar');
      await one.sql("insert into raw.notes values (9, 'x'); delete from raw.notes where i < 5");
      expect(await one.sql('select count(*) as n, max(t) as t from raw.notes')).toEqual([{ n: 5n, t: 'x' }]);
      await land(0);
      await land(3);
      await run(one);
      await whole();
      expect(await orphans()).toEqual([]);
    },

    async publishesNothingThatFails() {
      await land(2, 3, '13');
      const before = await one.rows('from facts.count_fact');
      const statuses = (await one.run()).map(({ status }) => status);
      expect(statuses).toEqual(['published', 'audit-failed', 'failed']);
      expect(await one.rows('from facts.count_fact')).toEqual(before);
      for (const world of machines) {
        world.write('audits/no_thirteen.sql', 'select * from staged where entity = 14');
        await world.reopen();
      }
      await run(other);
      await whole();
    },

    async runsOnTwoMachines() {
      for (const hour of isWhole ? [3, 0, 4, 1] : [0]) {
        await land(hour);
        const records = await (takesRaces ? atOnce : oneByOne)(machines);
        // Of two sessions of one process one may give up.
        const strange = records.filter(
          ({ error }) => error !== null && !['conflict', 'unavailable'].includes(error.kind),
        );
        expect(strange).toEqual([]);
        await run(one);
      }
      await whole();
    },

    async outlivesKills() {
      for (const [round, moment] of kills.entries()) {
        await land(round % 4);
        const process = ['event_load', 'count_load'][round % 2] as string;
        if (process === 'count_load') await one.run(['event_load']);
        const { killed } = await spawnSessions(one.root, { processes: [process], ...moment });
        if (kills === FEW_KILLS) expect(killed, JSON.stringify(moment)).toBe(true);
        await run(other);
      }
      await whole();
      // The machine comes back, and finds what it had begun.
      await run(one);
    },

    async isWrittenToByOthers() {
      landed += 5;
      const ids = [5, 4, 3, 2, 1].map((each) => landed - each);
      expect(await appendByPyIceberg(await served(one), { hour: hourAt(2), ids })).toBe(landed);
      await run(other);
      await whole();
    },

    async isLost() {
      // Who has the pointers is not lost with them.
      if (machines.length === 1) return;
      // What it had put off is done: it is lost with what it begins now.
      ageSweeps(other);
      await land(4);
      await run(other);
      await land(5);
      const { killed } = await spawnSessions(other.root, {
        processes: ['event_load'],
        killAtCommit: { commit: 1, after: true },
      });
      expect(killed).toBe(true);
      rmSync(join(other.root, '.psyberg'), { recursive: true, force: true });
      await run(one);
      await whole();
    },

    async leavesNothing() {
      // A day later.
      one.nowMs = Date.now() + 26 * HOUR_MS;
      ageSweeps(one);
      await land(1);
      await run(one);
      const { tables } = await one.psyberg.maintain(
        [],
        isEmbedded ? { olderThanMs: 0, orphanGraceMs: 1, force: true } : { only: ['orphans'] },
      );
      expect(tables.flatMap(({ error }) => error ?? [])).toEqual([]);
      expect(await orphans()).toEqual([]);
      await run(one);
      await whole();
    },
  };
}

type Records = Awaited<ReturnType<World['run']>>;

const atOnce = async (machines: readonly World[]): Promise<Records> =>
  (await Promise.all(machines.map((world) => world.run()))).flat();

async function oneByOne(machines: readonly World[]): Promise<Records> {
  const records: Records[] = [];
  for (const world of machines) records.push(await world.run());
  return records.flat();
}
