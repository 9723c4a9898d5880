// Goal: a project whose pointers live in PostgreSQL is a project like any other, and its password stays with
// it. Method: whole sessions, the command line, and a server that is killed in between.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, startCli } from '../cli/fixture.ts';
import { missingPostgres, PASSWORD, type Postgres, startPostgres } from '../support/postgres.ts';
import { spawnSessions } from '../support/spawn.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const missing = missingPostgres();
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD)];
const expectNoSecret = (text: string): void => {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
};

const PROCESSES = [
  processFile(
    {
      process_name: 'fact_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.fact', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count'],
    },
    'select id, ts from e',
  ),
  processFile(
    {
      process_name: 'hourly',
      pattern: 'stateful',
      sources: [{ table: 'facts.fact', event_time: 'ts', alias: 'f' }],
      target: { table: 'facts.hourly', event_time: 'hour' },
    },
    "select date_trunc('hour', ts) as hour, count(*) as n from f group by all",
  ),
];

describe.skipIf(missing !== undefined)(
  `a project over PostgreSQL${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let postgres: Postgres;
    let url: string;
    let world: World;
    let landed = 0;
    const land = async (hour: number): Promise<void> => {
      landed += 10;
      await world.land(
        'raw.events',
        `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${landed - 10}, ${landed}) t(i)`,
      );
    };
    const expectWhole = async (): Promise<void> => {
      expect(await world.rows('select id, ts from facts.fact')).toEqual(
        await world.rows('select id, ts from raw.events'),
      );
      expect(await world.rows('select * from facts.hourly')).toEqual(
        await world.rows("select date_trunc('hour', ts) as hour, count(*) as n from raw.events group by all"),
      );
      expect(await world.leftovers()).toEqual([]);
    };
    beforeAll(async () => {
      postgres = await startPostgres();
      url = await postgres.createDatabase();
      world = await createWorld({
        processes: PROCESSES,
        files: { 'psyberg.yaml': `name: world\ncatalog:\n  warehouse: warehouse\n  database: ${url}\n` },
      });
      await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    });
    afterAll(async () => {
      await world?.close();
      await postgres?.close();
    });

    it('runs sessions of both patterns, late data included, and keeps no pointer in the warehouse', async () => {
      for (const hour of [1, 2, 1]) {
        await land(hour);
        expect((await world.run()).map((record) => [record.status, record.error])).toEqual([
          ['published', null],
          ['published', null],
        ]);
      }
      await expectWhole();
      expect(existsSync(join(world.warehouse, 'catalog.db'))).toBe(false);
      const rows = await postgres.query(
        url,
        "select table_name, iceberg_type from iceberg_tables where table_namespace = 'facts' order by 1",
      );
      expect(rows).toEqual([
        { table_name: 'fact', iceberg_type: 'TABLE' },
        { table_name: 'hourly', iceberg_type: 'TABLE' },
      ]);
    });
    it('is shared by processes that run at once, and repairs what a killed one left', async () => {
      await land(3);
      expect((await spawnSessions(world.root, { processes: ['fact_load'], killAtStep: 3 })).killed).toBe(
        true,
      );
      const [one, two] = await Promise.all([spawnSessions(world.root), spawnSessions(world.root)]);
      // Two sessions of one process may meet until one gives up; what fails otherwise is a failure.
      const allowed = (code: string | undefined): boolean =>
        code === undefined ||
        ['session-overtaken', 'target-moved', 'commit-conflict', 'upstream-failed'].includes(code);
      expect(
        [...one.records, ...two.records]
          .map((record) => record.error)
          .filter((error) => !allowed(error?.code)),
      ).toEqual([]);
      await world.run();
      await expectWhole();
    });
    it('fails without a change while the server is down, says so, and goes on when it is back', async () => {
      await land(4);
      await postgres.kill();
      const [record] = await world.run(['fact_load']);
      expect(record).toMatchObject({
        status: 'failed',
        error: { code: 'catalog-database-unavailable', retryable: true },
      });
      expectNoSecret(JSON.stringify(record));
      const down = await cli('run', '--project', world.root, '--json', '--verbose');
      expect(down.code).toBe(2);
      expect(JSON.parse(down.stdout)).toMatchObject({
        error: {
          code: 'catalog-database-unreachable',
          message: expect.stringMatching(/127\.0\.0\.1:\d+\/warehouse_1 cannot be reached/),
        },
      });
      expectNoSecret(down.stdout + down.stderr);
      await postgres.start();
      expect((await world.run()).map(({ status }) => status)).toEqual(['published', 'published']);
      await expectWhole();
    });
    it('never prints its password: not in what commands say, not in errors', async () => {
      const commands = [['doctor', '--json', '--verbose'], ['plan', '--explain'], ['status']];
      for (const { code, stdout, stderr } of await Promise.all(
        commands.map((command) => cli(...command, '--project', world.root)),
      )) {
        expect([code, stderr]).toEqual([0, expect.any(String)]);
        expectNoSecret(stdout + stderr);
      }
      const serving = startCli(['catalog', 'serve', '--project', world.root]);
      while (!serving.stdout().includes('\n') && serving.child.exitCode === null)
        await new Promise((later) => setTimeout(later, 20));
      serving.child.kill('SIGTERM');
      const { code, stdout, stderr } = await serving.done;
      expect(code).toBe(0);
      expectNoSecret(stdout + stderr);
    });
    it.each([
      [
        'a wrong password',
        (at: URL) => Object.assign(at, { password: 'wrong-secret' }).href,
        'catalog-database-unusable',
        /password authentication failed/,
      ],
      [
        'a database that is not there',
        (at: URL) => Object.assign(at, { pathname: '/nowhere' }).href,
        'catalog-database-unusable',
        /"nowhere" does not exist/,
      ],
      [
        'a port where nobody listens',
        (at: URL) => Object.assign(at, { port: '1' }).href,
        'catalog-database-unreachable',
        /127\.0\.0\.1:1\/warehouse_1 cannot be reached/,
      ],
      [
        'a URL that is none',
        () => 'postgres://psyberg:wrong-secret@[oops/x',
        'catalog-database-unusable',
        /cannot be understood as a URL/,
      ],
    ])('answers to %s with one error and exit code 2', async (_what, change, code, message) => {
      const changed = await createWorldFiles(change(new URL(url)));
      const found = await cli('status', '--project', changed, '--json');
      expect(found.code).toBe(2);
      expect(JSON.parse(found.stdout)).toMatchObject({
        error: { code, message: expect.stringMatching(message), hint: expect.any(String) },
      });
      expect(found.stdout + found.stderr).not.toContain('wrong-secret');
      expectNoSecret(found.stdout + found.stderr);
    });
    async function createWorldFiles(database: string): Promise<string> {
      world.write(
        'elsewhere/psyberg.yaml',
        `name: world\ncatalog:\n  warehouse: warehouse\n  database: "${database}"\n`,
      );
      world.write(
        'elsewhere/processes/a.sql',
        '/*---\nprocess_name: a\npattern: stateless\nsources: [{ table: raw.a, event_time: ts }]\ntarget: { table: facts.a, event_time: ts }\n---*/\nselect * from a\n',
      );
      return join(world.root, 'elsewhere');
    }
  },
);
