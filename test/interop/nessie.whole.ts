// Goal: a real catalog that ignores branches and keeps one snapshot of a table never shows a row that was not
// published. Method: Project Nessie over moto; three patterns, late rows, an audit that fails three times.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { examine } from '../../src/inspect/doctor.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';
import { installNessie, javaOfNessie, startNessie } from './nessie.ts';

const java = await javaOfNessie();
if (java === undefined) console.warn('skipped: Project Nessie: Java 21 or newer is not installed');

async function expectFacts(world: World): Promise<void> {
  expect(await world.rows('select id, entity, ts from facts.event_fact')).toEqual(
    await world.rows('select id, entity, ts from raw.events'),
  );
  expect(await world.rows('select hour_ts, entity, events from facts.count_fact')).toEqual(
    await world.rows(
      "select date_trunc('hour', ts) as hour_ts, entity, count(*) as events from raw.events group by all",
    ),
  );
}
const land = (world: World, hour: number, ids: string, entity = 'i % 5'): Promise<void> =>
  world.land(
    'raw.events',
    `select i, ${entity}, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
  );

/** Long enough for its jar, and for a JVM beside other tests. */
const INSTALL_MS = 600_000;
const STORY_MS = 300_000;

describe.skipIf(java === undefined)('in front of Project Nessie', () => {
  let store: ObjectStore;
  beforeAll(async () => {
    store = await startObjectStore();
    await store.makeBucket('lake');
    await installNessie();
  }, INSTALL_MS);
  afterAll(() => store?.close());

  it(
    'rows are published once, or not at all',
    async () => {
      const nessie = await startNessie(java as string, {
        warehouse: 's3://lake/nessie',
        settings: store.settings,
      });
      onTestFinished(() => nessie.close());
      const world = await worldForTest({
        // Its own way is to sign each request for the client, which DuckDB does not ask for.
        catalog: { uri: nessie.uri, storage: store.settings, access_delegation: 'none' },
        processes: FOREIGN_PROCESSES,
        files: FOREIGN_FILES,
      });
      await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
      for (const hour of [0, 1]) await land(world, hour, '0, 20');
      expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
        Array(3).fill(['published', null]),
      );
      await expectRecomputed(world);
      await land(world, 0, '20, 25');
      await land(world, 2, '0, 5');
      const counted = await world.rows('from dims.entity_state');
      const late = await world.run();
      expect(late.map((record) => [record.status, record.error?.code])).toEqual([
        ['published', undefined],
        ['published', undefined],
        // Its source replaces rows, and which ones Nessie does not keep.
        ['refused', 'history-expired'],
      ]);
      expect(await world.rows('from dims.entity_state')).toEqual(counted);
      await expectFacts(world);

      await land(world, 1, '100, 103', '13');
      const before = await world.rows('from facts.count_fact');
      for (let times = 0; times < 3; times += 1) {
        expect((await world.run(['event_load', 'count_load'])).at(-1)?.status).toBe('audit-failed');
        expect(await world.rows('from facts.count_fact')).toEqual(before);
      }
      world.write('audits/no_thirteen.sql', 'select * from staged where entity = 14');
      await world.reopen();
      expect((await world.run(['count_load'])).map((record) => [record.status, record.error])).toEqual([
        ['published', null],
      ]);
      await expectFacts(world);
      const checks = await examine({ project: world.root });
      expect(checks.filter(({ status }) => status === 'fail')).toEqual([]);
      expect(checks.map(({ message }) => message).join('\n')).toMatch(
        /keeps the newest snapshot of each table/,
      );
      expect(checks.find(({ name }) => name === 'storage')?.message).toMatch(
        /^s3:\/\/lake: .*s3\.access-key-id \(psyberg\.yaml\).*s3\.endpoint http:\S+ \(the table's config\)/,
      );
      expect(JSON.stringify(checks)).not.toContain('test-secret');
    },
    STORY_MS,
  );
});
