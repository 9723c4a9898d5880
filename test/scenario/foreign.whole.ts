// Goal: sessions in front of a foreign catalog, whatever its manners. Method: this project's own catalog
// behind a server that hides endpoints, loses answers and asks for patience.
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  expectIndexed,
  expectRecomputed,
  FOREIGN_FILES,
  FOREIGN_PROCESSES,
  playForeignScenario,
} from '../support/foreign-scenario.ts';
import {
  type ForeignCall,
  type ForeignManners,
  type ForeignServer,
  startForeignServer,
} from '../support/foreign-server.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

async function foreignWorld(manners: ForeignManners): Promise<{ world: World; foreign: ForeignServer }> {
  const foreign = await startForeignServer(manners);
  onTestFinished(() => foreign.close());
  const world = await worldForTest({
    catalog: { uri: foreign.uri, warehouse: 'w', token: 'a-token' },
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  return { world, foreign };
}
const isCommitOf = ({ method, path }: ForeignCall, table: RegExp): boolean =>
  method === 'POST' && table.test(path);

describe('a foreign catalog', () => {
  // The whole story in front of a catalog that commits several tables together:
  // test/interop/java-catalog.whole.ts.
  it('that commits several tables together is reached under its prefix, with the token, and takes one commit a session', async () => {
    const { world, foreign } = await foreignWorld({ prefix: 'some/where' });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await world.land('raw.events', `select i, i, timestamptz '${hourAt(0)}' from range(10) as t(i)`);
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    await expectIndexed(world);
    expect(foreign.calls.some((call) => call.path === '/some/where/transactions/commit')).toBe(true);
    expect(foreign.calls[0]?.path).toBe('/config?warehouse=w');
    expect(new Set(foreign.calls.map((call) => call.headers['authorization']))).toEqual(
      new Set(['Bearer a-token']),
    );
  });

  it('that commits one table at a time takes the whole story', async () => {
    const { world, foreign } = await foreignWorld({ oneTableAtATime: true });
    await playForeignScenario(world);
    expect(foreign.calls.some((call) => call.path.endsWith('/transactions/commit'))).toBe(false);
  });

  it('that does not list its endpoints is asked once for what it does not have', async () => {
    const { world, foreign } = await foreignWorld({ oneTableAtATime: true, silent: true });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await world.land('raw.events', `select i, i, timestamptz '${hourAt(0)}' from range(10) as t(i)`);
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    expect(foreign.calls.filter((call) => call.path.endsWith('/transactions/commit'))).toHaveLength(1);
    await expectIndexed(world);
  });

  it('whose state tables could not be written after the target is repaired by the next session', async () => {
    const { world, foreign } = await foreignWorld({ oneTableAtATime: true });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    const land = (hour: number): Promise<void> =>
      world.land('raw.events', `select i, i, timestamptz '${hourAt(hour)}' from range(10) as t(i)`);
    await land(0);
    await world.run();
    await land(1);
    foreign.manners.interfere = (call) =>
      isCommitOf(call, /namespaces\/psyberg\//)
        ? { status: 400, body: { error: { message: 'not now', type: 'BadRequestException', code: 400 } } }
        : undefined;
    expect((await world.run(['event_load'])).map((record) => record.status)).toEqual(['published']);
    await land(2);
    expect((await world.run(['event_load'])).map((record) => [record.status, record.error?.code])).toEqual([
      ['failed', 'bad-request'],
    ]);
    delete foreign.manners.interfere;
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    await expectIndexed(world);
    await expectRecomputed(world);
    const hours = await world.sql(
      "select vtts_utc_hour from psyberg.psyberg_signal where process_name = 'event_load' order by all",
    );
    expect(hours.map((row) => row['vtts_utc_hour'])).toEqual([0, 1, 2]);
  });

  it('whose target was replaced by an older copy is refused, and its rows stay, also where the watermark table has forgotten its own history', async () => {
    const { world } = await foreignWorld({ oneTableAtATime: true });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    for (const hour of [0, 1]) {
      await world.land('raw.events', `select i, i, timestamptz '${hourAt(hour)}' from range(10) as t(i)`);
      await world.publish('event_load');
    }
    const [older, newest] = (await world.history('facts.event_fact')).map(
      (snapshot) => snapshot['snapshot-id'],
    );
    await world.rollback('facts.event_fact', older as bigint);
    await world.expire('facts.event_fact', [newest as bigint]);
    const rows = await world.rows('from psyberg.high_water_mark_table');
    const refused = {
      status: 'refused',
      error: { code: 'watermark-contradiction', kind: 'refused' },
    };
    expect((await world.run(['event_load']))[0]).toMatchObject(refused);
    const marks = (await world.history('psyberg.high_water_mark_table')).map(
      (snapshot) => snapshot['snapshot-id'],
    );
    await world.expire('psyberg.high_water_mark_table', marks.slice(0, -1));
    expect((await world.run(['event_load']))[0]).toMatchObject(refused);
    expect(await world.rows('from psyberg.high_water_mark_table')).toEqual(rows);
    expect((await world.history('facts.event_fact')).map((snapshot) => snapshot['snapshot-id'])).toEqual([
      older,
    ]);
  });

  it.each([
    ['together', {}, /transactions\/commit/],
    ['one by one', { oneTableAtATime: true }, /tables\/event_fact$/],
  ] as const)(
    'whose answer to a commit of tables %s is lost has published once',
    async (_how, manners, commit) => {
      const { world, foreign } = await foreignWorld(manners);
      await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
      await world.land('raw.events', `select i, i, timestamptz '${hourAt(0)}' from range(10) as t(i)`);
      let lost = 0;
      foreign.manners.interfere = (call) => {
        if (!isCommitOf(call, commit) || !call.body.includes('"ref-name":"main"') || lost > 0)
          return undefined;
        lost += 1;
        return { status: 504, after: true };
      };
      expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
        Array(3).fill(['published', null]),
      );
      expect(lost).toBe(1);
      expect(await world.history('facts.event_fact')).toHaveLength(1);
      await expectRecomputed(world);
      await expectIndexed(world);
    },
  );

  it('that hands out credentials for files has them known to the statements that read manifests', async () => {
    const { world, foreign } = await foreignWorld({});
    const config = {
      's3.access-key-id': 'AKEY',
      's3.secret-access-key': 'Zq-secret',
      's3.session-token': 'Zq-token',
      'client.region': 'eu-1',
      's3.endpoint': 'https://store.example:9000/',
    };
    foreign.manners.tableResult = {
      config: { 'client.region': 'eu-1' },
      'storage-credentials': [
        { prefix: 's3://bucket/tables', config: { ...config, 's3.path-style-access': 'true' } },
      ],
    };
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await world.land('raw.events', `select i, i, timestamptz '${hourAt(0)}' from range(10) as t(i)`);
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    const [secret, ...others] = await world.sql(
      "select type, scope, secret_string from duckdb_secrets() where name like '!psyberg%'",
    );
    expect(others).toEqual([]);
    expect(secret).toMatchObject({ type: 's3', scope: ['s3://bucket/tables'] });
    for (const part of [
      'key_id=AKEY',
      'region=eu-1',
      'endpoint=store.example:9000',
      'use_ssl=true',
      'url_style=path',
      'secret=redacted',
      'session_token=redacted',
    ])
      expect(String(secret?.['secret_string'])).toContain(part);
  });

  it('that fails now and then and asks for patience is asked again', async () => {
    const { world, foreign } = await foreignWorld({});
    let count = 0;
    foreign.manners.interfere = (call) => {
      count += 1;
      if (count % 3 !== 0) return undefined;
      if (call.method === 'GET')
        return [
          { status: 503 },
          { status: 502 },
          { status: 200, cut: true },
          { status: 429, headers: { 'retry-after': '0' } },
        ][count % 4];
      return { status: count % 2 === 0 ? 429 : 503, headers: { 'retry-after': '0' } };
    };
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
    await world.land('raw.events', `select i, i, timestamptz '${hourAt(0)}' from range(10) as t(i)`);
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    expect(count).toBeGreaterThan(20);
    await expectRecomputed(world);
  });
});
