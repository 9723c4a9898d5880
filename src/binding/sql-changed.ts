/**
 * Finds whether the SQL of a process differs from the SQL that made the hours of its target. Session ->
 * Session. Texts that a session has run before are known by their hash, so DuckDB parses only new ones.
 */
import { type Binder, type Engine, parseQuery } from '../engine/index.ts';
import { engineOf } from '../model/engines.ts';
import { type HoursMade, type ProcessSql, type SqlChanged, sqlChangedOf } from '../model/hours-made.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Session } from '../model/session.ts';
import { processSqlOf, sqlTextOf, textSha256Of } from '../project/process-fingerprint.ts';

/** The session with `sql` and `sqlChanged` set. */
export async function withSqlChanged(ports: SqlPorts, session: Session): Promise<Session> {
  const { spec, target } = session;
  const made = target.hoursMade ?? [];
  const sql = await sqlOfNow(ports, spec, made);
  return { ...session, sql: { ...sql, text: sqlTextOf(spec) }, sqlChanged: sqlChangedOf(made, sql) };
}

/** What parses a text: DuckDB if it is running already, otherwise a binder, which starts faster. */
export interface SqlPorts {
  binder(): Promise<Binder>;
  engine(): Promise<Engine>;
  engineStarted(): boolean;
}

/**
 * Of the hours that sessions have made, those made by other SQL than the current one; null if none are known.
 */
export async function sqlChangedSince(
  ports: SqlPorts,
  spec: ProcessSpec,
  made: readonly HoursMade[] | undefined,
): Promise<SqlChanged | null> {
  if (made === undefined || made.length === 0) return null;
  return sqlChangedOf(made, await sqlOfNow(ports, spec, made));
}

async function sqlOfNow(ports: SqlPorts, spec: ProcessSpec, made: readonly HoursMade[]): Promise<ProcessSql> {
  const textSha256 = textSha256Of(spec);
  const known = made.find((each) => each.textSha256 === textSha256);
  if (known !== undefined) return { fingerprint: known.fingerprint, textSha256 };
  const tree = engineOf(spec) === 'duckdb' ? await treeOf(ports, spec.sql) : undefined;
  return processSqlOf(spec, tree);
}

/** A text that cannot be parsed is reported where it is run. */
async function treeOf({ binder, engine, engineStarted }: SqlPorts, sql: string): Promise<unknown> {
  if (engineStarted()) return parseQuery(await engine(), sql);
  const [parsed] = await (await binder()).parse([sql]);
  return parsed?.tree;
}
