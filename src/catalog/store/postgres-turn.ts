/**
 * The line in front of a catalog whose pointers are in PostgreSQL, for whoever commits to tables that all
 * commit to: the processes of all machines come one after the other. As in `sqlite-turn.ts` it only saves
 * work.
 *
 * The lock is one of a transaction, so that it ends with its connection, however that ends, and is nobody
 * else's where a pooler lends connections by the transaction.
 */
import type { Pool, PoolClient } from 'pg';
import { oneAfterTheOther } from '../../model/in-turn.ts';
import { type Patience, TURN_PATIENCE } from './turn-patience.ts';

/** Any number, as long as all processes take the same; beside it the name of the catalog counts. */
const TURN_LOCK = 727_021_102;

const BEGIN = `begin;
  select set_config('tcp_keepalives_idle', '10', true), set_config('tcp_keepalives_interval', '5', true),
    set_config('tcp_keepalives_count', '3', true)`;
const LIMITS = `select set_config('statement_timeout', $1, true),
    set_config('idle_in_transaction_session_timeout', $2, true)`;
const LOCK = 'select pg_advisory_xact_lock($1, hashtext($2))';
/** Who has the lock, and since when. */
const HOLDER = `select activity.pid || ' ' || coalesce(activity.xact_start::text, '') as holder
  from pg_locks as locks join pg_stat_activity as activity using (pid)
  where locks.locktype = 'advisory' and locks.granted
    and locks.database = (select oid from pg_database where datname = current_database())
    and locks.classid = $1::bigint::oid
    and locks.objid = (hashtext($2)::bigint & 4294967295)::oid`;

export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Of one process a single connection waits: more of them would take those from the one that has its turn. */
export function postgresTurn(pool: Pool, catalogName: string, patience: Patience = TURN_PATIENCE): InTurn {
  const inProcess = oneAfterTheOther();
  return (work) =>
    inProcess(async () => {
      const holding = await lockedBy(pool, catalogName, patience);
      try {
        return await work();
      } finally {
        await release(holding);
      }
    })();
}

/** A connection that has the lock; undefined where it was not to be had in time. */
async function lockedBy(
  pool: Pool,
  catalogName: string,
  { holderMs, lineMs }: Patience,
): Promise<PoolClient | undefined> {
  const untilMs = performance.now() + lineMs;
  let connection: PoolClient | undefined;
  try {
    connection = await pool.connect();
    let holder: unknown;
    do {
      await connection.query(BEGIN);
      // A process that was stopped in its turn gives it back at last.
      await connection.query(LIMITS, [String(holderMs), String(holderMs * 3)]);
      const { rows } = await connection.query<{ holder: string }>(HOLDER, [TURN_LOCK, catalogName]);
      if (holder !== undefined && rows[0]?.holder === holder) break;
      holder = rows[0]?.holder;
      const isLocked = await connection.query(LOCK, [TURN_LOCK, catalogName]).then(
        () => true,
        () => false,
      );
      if (isLocked) return connection;
      await connection.query('rollback');
    } while (performance.now() < untilMs);
  } catch {
    // The commit itself tells what is the matter with the database.
  }
  connection?.release(true);
  return undefined;
}

async function release(connection: PoolClient | undefined): Promise<void> {
  const isEnded = await connection?.query('commit').then(
    () => true,
    () => false,
  );
  connection?.release(isEnded !== true);
}
