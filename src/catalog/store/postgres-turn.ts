/**
 * Makes those who commit to tables that everybody commits to wait in line, for a catalog whose pointers are
 * in PostgreSQL: the processes of all machines come one after the other. As in `sqlite-turn.ts` this only
 * saves work.
 *
 * The lock belongs to a transaction, so that it ends with its connection, however that ends, and so that
 * nobody else gets it if a pooler lends connections by the transaction.
 */
import type { Pool, PoolClient } from 'pg';
import { oneAfterTheOther } from '../../model/in-turn.ts';
import { type Patience, TURN_PATIENCE } from './turn-patience.ts';

/** Any number, but the same in all processes; the lock also depends on the catalog's name. */
const TURN_LOCK = 727_021_102;

const BEGIN = `begin;
  select set_config('tcp_keepalives_idle', '10', true), set_config('tcp_keepalives_interval', '5', true),
    set_config('tcp_keepalives_count', '3', true)`;
const LIMITS = `select set_config('statement_timeout', $1, true),
    set_config('idle_in_transaction_session_timeout', $2, true)`;
const LOCK = 'select pg_advisory_xact_lock($1, hashtext($2))';
/** Which process has the lock, and since when. */
const HOLDER = `select activity.pid || ' ' || coalesce(activity.xact_start::text, '') as holder
  from pg_locks as locks join pg_stat_activity as activity using (pid)
  where locks.locktype = 'advisory' and locks.granted
    and locks.database = (select oid from pg_database where datname = current_database())
    and locks.classid = $1::bigint::oid
    and locks.objid = (hashtext($2)::bigint & 4294967295)::oid`;

export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Only one connection of a process waits: more would take connections from the one whose turn it is. */
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

/** A connection that has the lock; undefined if it could not get it in time. */
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
      // A process that was stopped during its turn releases the lock in the end.
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
    // If the database has a problem, the commit itself will report it.
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
