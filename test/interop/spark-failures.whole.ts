// Goal: mistakes of a process on Spark, a Spark that goes away and a session that is killed there end in one error,
// and nothing is published or left behind. Method: wrong SQL, failed audits, kills and interruptions, and a twin on
// DuckDB that had none of them.
import { beforeAll, describe, expect, it } from 'vitest';
import { openSparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { orphans } from '../support/orphans.ts';
import { spawnSessions } from '../support/spawn.ts';
import { missingJava } from './java/java.ts';
import { sharedSpark } from './spark/shared.ts';
import type { Twin } from './spark/worlds.ts';
import { COUNTED, EVENTS, events, expectTwins, RUNNING, withSpark, worldOf } from './spark-twins.ts';

const missing = await missingJava();
beforeAll(async () => {
  if (missing === undefined) await sharedSpark();
}, 600_000);

describe.skipIf(missing !== undefined)('a process on Spark', () => {
  it('says what is wrong with its SQL, where, and publishes nothing', { timeout: 300_000 }, async () => {
    const wrong = (name: string, sql: string): Twin => ({
      name,
      header: { pattern: 'stateless', sources: [EVENTS], target: {} },
      duckdb: 'select id from e',
      spark: sql,
    });
    const world = await withSpark(
      await worldOf([
        wrong('column', 'select id,\n  nope\nfrom e'),
        wrong('other', 'select id from spark_catalog.default.x'),
        wrong('session', 'select id from psyberg_session.sources.e'),
        wrong('function', 'select id,\n  strptime(cast(ts as string), kind) as t\nfrom e'),
        wrong('type', "select id, interval '1' hour as i from e"),
        wrong('cast', "select\n  cast(concat('x', id) as bigint) as id from e"),
      ]),
    );
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', events(0, 5, 0));
    const failed = async (name: string) => (await world.run([`${name}_spark`]))[0]?.error;
    const column = await failed('column');
    expect(column).toMatchObject({ code: 'process-sql-failed', kind: 'usage' });
    expect(column?.message).toMatch(/^processes\/column_spark\.sql:\d+:3 .*nope/);
    expect(await failed('other')).toMatchObject({ code: 'process-sql-failed' });
    expect(await failed('session')).toMatchObject({ code: 'table-not-declared' });
    // Of DuckDB alone.
    const unknown = await failed('function');
    expect(unknown).toMatchObject({ code: 'process-sql-failed', kind: 'usage' });
    expect(unknown?.message).toMatch(/^processes\/function_spark\.sql:\d+:3 .*strptime/);
    expect(await failed('type')).toMatchObject({ code: 'column-type-unsupported', kind: 'usage' });
    const cast = await failed('cast');
    expect(cast).toMatchObject({ code: 'process-sql-failed' });
    expect(cast?.message).toMatch(/^processes\/cast_spark\.sql:\d+:3 .*malformed/);
    expect(Number(cast?.context['line'])).toBe(Number(column?.context['line']));
    for (const name of ['column', 'other', 'session', 'function', 'type', 'cast'])
      expect(
        await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: `${name}_spark` }),
      ).toBe(false);
    expect(await world.leftovers()).toEqual([]);
  });

  it('publishes nothing where an audit finds rows, and keeps them', { timeout: 300_000 }, async () => {
    const audited: Twin = {
      name: 'audited',
      header: {
        pattern: 'stateless',
        sources: [EVENTS],
        target: {},
        audits: [{ expression: { sql: 'id < 3' } }],
      },
      duckdb: 'select id, ts from e',
    };
    const world = await withSpark(await worldOf([audited]));
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', events(0, 5, 0));
    const [record] = await world.run(['audited_spark']);
    expect(record).toMatchObject({ status: 'audit-failed', audits: [{ status: 'failed', actual: '2' }] });
    expect(record?.audits[0]?.sample.map(({ id }) => id)).toEqual([3, 4]);
    expect(await world.leftovers()).toEqual([]);
  });

  it('is refused where Spark is away', {
    timeout: 300_000,
  }, async () => {
    const world = await worldOf([COUNTED]);
    world.write(
      'psyberg.yaml',
      'name: world\ncatalog: { warehouse: warehouse }\nengines: { spark: { remote: "sc://127.0.0.1:9" } }\n',
    );
    await world.reopen();
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', events(0, 5, 0));
    expect((await world.run(['counted_spark']))[0]?.error).toMatchObject({ code: 'spark-unreachable' });
    await withSpark(world);
    await world.publish('counted_spark');
    await expect(world.psyberg.verify(['counted_spark'])).resolves.toMatchObject([{ status: 'equal' }]);
    expect(await world.leftovers()).toEqual([]);
  });

  it('goes on where a killed session left off, with nothing left of it', { timeout: 900_000 }, async () => {
    const world = await withSpark(await worldOf([COUNTED, RUNNING]));
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour * 10, 5, hour)).join(' union all '));
    const whole = (await spawnSessions(world.root, { processes: ['counted_spark'] })).steps;
    expect(whole.join('\n')).toContain('load insert');
    // At the first word of each step of the next session, and while Spark is at work.
    const killed: string[] = [];
    for (const at of [
      { killAtStep: 2 },
      { killAtStep: whole.findIndex((line) => line.includes('load insert')) + 1 },
      { afterMs: 300 },
      { afterMs: 900 },
      { killAtStep: whole.findIndex((line) => line.includes('audit')) + 1 },
      { killAtCommit: { commit: 1, after: true } },
    ]) {
      await world.land('raw.events', events(1000 + killed.length * 10, 2, killed.length % 3));
      for (const name of ['counted_spark', 'running_spark']) {
        const result = await spawnSessions(world.root, {
          processes: [name],
          ...('afterMs' in at
            ? { onReady: (child) => void setTimeout(() => child.kill('SIGKILL'), at.afterMs) }
            : at),
        });
        if (result.killed) killed.push(name);
      }
      await expectTwins(world, ['counted', 'running'], { ahead: true });
      expect(await orphans(world)).toEqual([]);
    }
    expect(killed.length).toBeGreaterThan(6);
  });

  it('can be interrupted from another process', { timeout: 300_000 }, async () => {
    const remote = parseRemote(await sharedSpark());
    const working = openSparkSession({ remote });
    const long = working.query({
      sql: 'select count(*) as n from range(100000000) a cross join range(1000) b where a.id % 7 = b.id % 5',
      values: {},
    });
    const outcome = long.then(
      () => undefined,
      (error: unknown) => error,
    );
    const other = openSparkSession({ remote, id: working.id });
    let ended: unknown;
    void outcome.then((error) => (ended = error ?? 'ended'));
    while (ended === undefined) {
      await other.interrupt();
      await new Promise((done) => setTimeout(done, 100));
    }
    expect(ended).toMatchObject({ code: 'spark-session-lost' });
    expect(await other.query({ sql: 'select 1 as one', values: {} })).toEqual([{ one: 1 }]);
    await working.close();
  });
});
