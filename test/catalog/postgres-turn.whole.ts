// Goal: commits of all machines on one PostgreSQL come one after the other; who is killed in a turn holds nobody
// up, and who has stopped not for long. Method: turns of several pools, and a process that is killed in its turn.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type InTurn, postgresTurn } from '../../src/catalog/store/postgres-turn.ts';
import { missingPostgres, type Postgres, startPostgres } from '../support/postgres.ts';

const missing = missingPostgres();
if (missing !== undefined) console.warn(`skipped: turns on PostgreSQL: ${missing}`);

const PATIENCE = { holderMs: 1_000, lineMs: 60_000 };
const MODULE = new URL('../../src/catalog/store/postgres-turn.ts', import.meta.url).href;

describe.skipIf(missing !== undefined)('the line of a catalog in PostgreSQL', { timeout: 60_000 }, () => {
  let postgres: Postgres;
  let url: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.createDatabase();
  }, 120_000);
  afterAll(() => postgres?.close());

  /** Of another machine: a pool of its own. */
  function machine(catalogName = 'one'): InTurn {
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    pool.on('connect', (connection) => void connection.on('error', () => undefined));
    onTestFinished(() => pool.end());
    return postgresTurn(pool, catalogName, PATIENCE);
  }

  it('lets one in after the other, also after one that failed, and waits as long as it moves', async () => {
    const machines = Array.from({ length: 4 }, () => machine());
    let [inside, most] = [0, 0];
    const turn = (inTurn: InTurn, fails: boolean): Promise<void> =>
      inTurn(async () => {
        inside += 1;
        most = Math.max(most, inside);
        await sleep(200);
        inside -= 1;
        if (fails) throw new Error('as asked');
      });
    // Together longer than anybody waits behind one of them.
    const turns = machines.flatMap((each, index) => [turn(each, index === 0), turn(each, false)]);
    const ended = await Promise.allSettled(turns);
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(most).toBe(1);
  });

  it('is of one catalog alone', async () => {
    const other = machine('two');
    const done = await machine()(() => other(async () => 'done'));
    expect(done).toBe('done');
  });

  it('holds others up while a process has its turn, and not when that was killed', async () => {
    const program = `import pg from 'pg';
      import { postgresTurn } from ${JSON.stringify(MODULE)};
      await postgresTurn(new pg.Pool({ connectionString: ${JSON.stringify(url)} }), 'one')(() => new Promise((resolve) => {
        console.log('in'); setTimeout(resolve, 60_000);
      }));`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: import.meta.dirname,
    });
    await once(other.stdout, 'data');
    let hadTurn = false;
    const turn = machine()(async () => {
      hadTurn = true;
    });
    await sleep(300);
    expect(hadTurn).toBe(false);
    const startedMs = performance.now();
    other.kill('SIGKILL');
    await turn;
    expect(hadTurn).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(PATIENCE.holderMs);
  });

  it('goes on without one who has stopped', async () => {
    const stopped = machine()(() => sleep(3_500));
    await sleep(200);
    const startedMs = performance.now();
    expect(await machine()(async () => 7)).toBe(7);
    expect(performance.now() - startedMs).toBeGreaterThan(PATIENCE.holderMs * 0.9);
    expect(performance.now() - startedMs).toBeLessThan(3_000);
    // It may have been ended in the database: its own work counts all the same.
    await stopped;
  });
});
