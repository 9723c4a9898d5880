/** What an audit is, for those who read, compile and run the audits of a process. */

import type * as z from 'zod';
import type { EngineName } from '../../model/engines.ts';
import type { LayoutType } from '../../model/file-layout.ts';
import type { AuditSpec, ParameterUse, TextPosition, TypedValue } from '../../model/process-spec.ts';
import type { AuditResult } from '../../model/run-record.ts';
import type { WriterCounts } from '../../model/writer-counts.ts';
import { cteFragment, type SqlFragment } from '../../statements/index.ts';

/** `Argument`: what a header writes behind the kind's name, `- <kind>: <argument>`. */
export interface AuditKind<Spec extends AuditSpec = AuditSpec, Argument = unknown> {
  readonly argument: z.ZodType<Argument>;
  /** True if the name alone is an audit as well; its argument is then null. */
  readonly standsAlone?: boolean;
  /** The key of the argument that may name an alias of the process, in any case of letters. */
  readonly sourceKey?: string;
  /** True if that may be the alias of a lookup, which is read whole. */
  readonly readsLookups?: boolean;
  /** Keys that may stand in the header beside the kind's name. */
  readonly beside?: z.ZodRawShape;
  /** An audit of this kind as a header writes it; it is shown in hints. */
  readonly example: string;
  /** What the audit promises, and what each key of its argument means: text for the reference. */
  readonly meaning: string;
  readonly keys: Readonly<Record<string, string>>;
  /** Turns the argument into data. Undefined if it is wrong, which has been reported by then. */
  read(argument: Argument, reading: AuditReading): ReadAudit<Spec> | undefined;
  /** True if the counts of the rows that were read and staged answer the audit: then no statement runs. */
  isCounted?(audit: Spec, scope: AuditScope): boolean;
  /**
   * True if the counts of the writer prove that no staged row is bad: then no statement runs. It is not
   * called for rows that another process wrote.
   */
  isToldByWriter?(audit: Spec, written: WriterCounts): boolean;
  /** The statement that a session runs. */
  compile(audit: Spec, scope: AuditScope): string;
  /** Values that the statement binds besides the parameters of every query. */
  values?(audit: Spec, scope: AuditScope): Readonly<Record<string, TypedValue>>;
  /** True if the statement needs the session's clock. */
  readonly readsClock?: boolean;
  /** True if the audit's finding may depend on rows of the target that the session did not stage. */
  readsTarget(audit: Spec): boolean;
  /**
   * The verdict on the statement's rows; for an audit that {@link isCounted}, on one row with the two counts.
   */
  judge(rows: readonly AuditRow[], audit: Spec): Verdict;
}

/** Data of an audit. `name` and place default to those of its kind. */
export type ReadAudit<Spec extends AuditSpec> = Omit<Spec, 'kind' | 'name' | 'severity' | 'place'> &
  Partial<Pick<AuditSpec, 'name' | 'place'>>;

export interface AuditReading {
  /** The alias in the letters that its source uses. */
  readonly aliasOf: (written: string) => string;
  /** Reads a file of the project that holds one query. Undefined, and reported, if there is no such file. */
  readonly queryOf: (writtenPath: string) => QueryFile | undefined;
  /**
   * Reads a condition over the columns of a row. Undefined, and reported, if the text is none. `key`: where
   * it is written.
   */
  readonly expressionOf: (sql: string, key: string) => Expression | undefined;
}
export interface Expression {
  readonly sql: string;
  readonly parameters: readonly ParameterUse[];
}
export interface QueryFile {
  /** Absolute path. */
  readonly file: string;
  /** The name of the file, without folder and ending. */
  readonly name: string;
  readonly sql: string;
  /** Where `sql` begins in the file. */
  readonly place: TextPosition;
  readonly parameters: readonly ParameterUse[];
  /** The places of `{{name}}` in `sql`. */
  readonly placeholders: readonly ParameterUse[];
  /** By name: the identifiers that the header gives for `{{name}}`, to be quoted one by one. */
  readonly identifiers: Readonly<Record<string, readonly string[]>>;
  /** By name: the values that the header gives for `$name`. */
  readonly values: Readonly<Record<string, TypedValue>>;
}

/** The dialect of DuckDB, which needs no column types. */
export const IN_DUCKDB: Pick<AuditScope, 'engine' | 'cte' | 'typeOf'> = {
  engine: 'duckdb',
  cte: cteFragment,
  typeOf: () => undefined,
};

/** The rows that an audit may look at. */
export interface AuditScope {
  /** The engine that will run the statement. */
  readonly engine: EngineName;
  /** A query as a CTE of that name. */
  readonly cte: (name: string, query: string) => SqlFragment;
  /**
   * The source rows of the session as CTEs, one for each alias, as the process's query sees them; then
   * `more`.
   */
  readonly sources: (more?: readonly SqlFragment[]) => SqlFragment;
  /** The same, but only rows of the session's own hours: without those that a window adds. */
  readonly ownSources: () => SqlFragment;
  /** True if a source has a window. */
  readonly hasWindows: boolean;
  /** The aliases of the sources in their order, without lookups. */
  readonly aliases: readonly string[];
  /** The rows that the session staged. */
  readonly staged: SqlFragment;
  /** The target as it will be after publishing. */
  readonly whole: SqlFragment;
  /** The type of a column of the target; undefined if there is no target yet, or no such column. */
  readonly typeOf: (column: string) => LayoutType | undefined;
  /** The session's clock, in ms since 1970; undefined if no audit needs it, or there is no session. */
  readonly openedAtMs: number | undefined;
}

export type AuditRow = Readonly<Record<string, unknown>>;

export interface Verdict extends Pick<AuditResult, 'status' | 'expected' | 'actual'> {
  /** Bad rows as plain JSON; empty if the audit only has numbers. */
  readonly badRows: readonly AuditRow[];
}
