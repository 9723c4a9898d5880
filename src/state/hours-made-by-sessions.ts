/**
 * Finds by which SQL the hours of a target were made from the session table. Rows of sessions -> HoursMade[].
 * Needed when no snapshot of the process is left, for example after another engine has compacted the target
 * and expired the rest.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { Engine } from '../engine/index.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import { type HoursMade, madeAfter, parseHourPairs } from '../model/hours-made.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import { lakeTable, type StatementRow, statement } from '../statements/index.ts';

export type SessionOfTarget = StatementRow<'state/sessions_of_target'>;

export interface SessionsAsked {
  readonly engine: () => Promise<Engine>;
  readonly catalog: CatalogClient;
  readonly sessionTable: TableIdentifier;
  readonly target: TableIdentifier;
  /** Of these processes alone; undefined: of all. */
  readonly processNames?: readonly string[];
}

/** The sessions that published to the target, a row for each source, oldest first. */
export async function sessionsOfTarget(asked: SessionsAsked): Promise<SessionOfTarget[]> {
  const table = (await asked.catalog.loadTable(asked.sessionTable))?.metadata;
  if (table === undefined || mainSnapshot(table) === undefined) return [];
  const session_table = lakeTable(asked.sessionTable);
  return (await asked.engine()).query(statement('state/sessions_of_target', { session_table }), {
    target_table: tableName(asked.target),
    process_names: asked.processNames ?? null,
  });
}

/** Undefined where no session has noted its SQL. */
export async function hoursMadeBySessions(asked: SessionsAsked): Promise<HoursMade[] | undefined> {
  const rows = await sessionsOfTarget(asked);
  let made: HoursMade[] | undefined;
  const seen = new Set<string>();
  for (const { psyberg_session_id: id, pattern, sql_fingerprint: fingerprint, ...row } of rows) {
    const hours = parseHourPairs(row.hours_written);
    if (fingerprint === null || hours === undefined || seen.has(id)) continue;
    seen.add(id);
    made = madeAfter(made ?? [], {
      // How it was written is not kept: it is parsed when somebody asks.
      sql: { fingerprint, textSha256: '' },
      psybergSessionId: id,
      hours,
      replaces: pattern !== 'stateless' || row.trigger === 'restate',
      unplaced: hours.length === 0,
    });
  }
  return made;
}
