/** What an audit is, for those who read, compile and run the audits of a process. */

import type * as z from 'zod';
import type { EngineName } from '../../model/engines.ts';
import type { LayoutType } from '../../model/file-layout.ts';
import type { AuditSpec, ParameterUse, TextPosition, TypedValue } from '../../model/process-spec.ts';
import type { AuditResult } from '../../model/run-record.ts';
import type { WriterCounts } from '../../model/writer-counts.ts';
import { cteFragment, type SqlFragment } from '../../statements/index.ts';

/** `Argument`: what stands behind the kind's name in a header, `- <kind>: <argument>`. */
export interface AuditKind<Spec extends AuditSpec = AuditSpec, Argument = unknown> {
  readonly argument: z.ZodType<Argument>;
  /** True where the name alone is an audit as well; the argument is null then. */
  readonly standsAlone?: boolean;
  /** The key of the argument that may hold an alias of the process, however its case is written. */
  readonly sourceKey?: string;
  /** True where that may be the alias of a lookup, which is read whole. */
  readonly readsLookups?: boolean;
  /** Keys that may stand in the header beside the kind's name. */
  readonly beside?: z.ZodRawShape;
  /** As a header writes it, for hints. */
  readonly example: string;
  /** For the reference: what the audit promises, and what each key of its argument means. */
  readonly meaning: string;
  readonly keys: Readonly<Record<string, string>>;
  /** The argument as data; undefined when it leads nowhere, which has been reported then. */
  read(argument: Argument, reading: AuditReading): ReadAudit<Spec> | undefined;
  /** True where the counts of what the session read and staged answer it: no statement runs then. */
  isCounted?(audit: Spec, scope: AuditScope): boolean;
  /**
   * True where what the writer counted of the staged rows says that none is bad: no statement runs then. Not
   * asked of a session whose rows were written by another process.
   */
  isToldByWriter?(audit: Spec, written: WriterCounts): boolean;
  /** The statement that a session runs. */
  compile(audit: Spec, scope: AuditScope): string;
  /** What it binds besides what every query may name. */
  values?(audit: Spec, scope: AuditScope): Readonly<Record<string, TypedValue>>;
  /** True where it asks for the session's clock. */
  readonly readsClock?: boolean;
  /** True where rows of the target that the session did not stage may change what the audit finds. */
  readsTarget(audit: Spec): boolean;
  /** What the statement's rows say; where it {@link isCounted}, one row with the two counts. */
  judge(rows: readonly AuditRow[], audit: Spec): Verdict;
}

/** Beside what only its kind has, an audit may bring a name (the kind's otherwise) and a place of its own. */
export type ReadAudit<Spec extends AuditSpec> = Omit<Spec, 'kind' | 'name' | 'severity' | 'place'> &
  Partial<Pick<AuditSpec, 'name' | 'place'>>;

export interface AuditReading {
  /** An alias as its source writes it. */
  readonly aliasOf: (written: string) => string;
  /** A file of the project that holds one query; undefined, and reported, when there is no such file. */
  readonly queryOf: (writtenPath: string) => QueryFile | undefined;
  /**
   * A condition over the columns of a row; undefined, and reported, when it is none. `key`: where it stands.
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
  /** Of the file, without folder and ending. */
  readonly name: string;
  readonly sql: string;
  /** Where `sql` begins. */
  readonly place: TextPosition;
  readonly parameters: readonly ParameterUse[];
  /** Where `{{name}}` stands in it. */
  readonly placeholders: readonly ParameterUse[];
  /** What the header gives for them, to be quoted; of a list each. */
  readonly identifiers: Readonly<Record<string, readonly string[]>>;
  /** What it gives for `$name`. */
  readonly values: Readonly<Record<string, TypedValue>>;
}

/** What makes a statement one of DuckDB, which asks for no types. */
export const IN_DUCKDB: Pick<AuditScope, 'engine' | 'cte' | 'typeOf'> = {
  engine: 'duckdb',
  cte: cteFragment,
  typeOf: () => undefined,
};

/** The rows that an audit may look at. */
export interface AuditScope {
  /** Whose SQL the statement is to be. */
  readonly engine: EngineName;
  /** A query as a CTE of that name. */
  readonly cte: (name: string, query: string) => SqlFragment;
  /** The source rows of the session, a CTE for each alias, as the process's query sees them; then `more`. */
  readonly sources: (more?: readonly SqlFragment[]) => SqlFragment;
  /**
   * The same without the rows that only the window of their source brings: those of the session's own hours.
   */
  readonly ownSources: () => SqlFragment;
  /** True where some source has a window. */
  readonly hasWindows: boolean;
  /** Of the sources but the lookups, in their order. */
  readonly aliases: readonly string[];
  /** The rows that the session staged. */
  readonly staged: SqlFragment;
  /** The target as it will be. */
  readonly whole: SqlFragment;
  /** The type of a column of the target; undefined where that is not there yet, or has no such column. */
  readonly typeOf: (column: string) => LayoutType | undefined;
  /** The session's clock, in ms since 1970; undefined where no audit asks for it, or there is no session. */
  readonly openedAtMs: number | undefined;
}

export type AuditRow = Readonly<Record<string, unknown>>;

export interface Verdict extends Pick<AuditResult, 'status' | 'expected' | 'actual'> {
  /** Bad rows as plain JSON; none where numbers are all that there is. */
  readonly badRows: readonly AuditRow[];
}
