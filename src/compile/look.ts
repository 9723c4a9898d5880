/**
 * The types of a look: a session that is opened to be read by a person or another program. It says what its
 * statements are compiled for, and what they are; no plan contains any of it.
 */
import type { QueryColumn } from '../model/column-type.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { BoundSql } from '../model/step.ts';
import type { SqlFragment } from '../statements/index.ts';
import type { SourceParameters } from './parameters.ts';
import type { LookStatement } from './step-statements.ts';

/** The columns of a process's query, held against its target. */
export interface LookShape {
  /** The columns of the query, in order. */
  readonly columns: readonly QueryColumn[];
  /** The target has all of them: hours that follow each other are computed in its types. */
  readonly fitsTarget: boolean;
  /**
   * The sources of a dimension's query whose target is not there, or lacks columns that it reads of
   * `previous`: with that as its own SQL makes it, without rows.
   */
  readonly inferred?: { readonly fragment: SqlFragment; readonly parameters: SourceParameters };
}

/** A statement that a look runs. */
export interface LookStep extends BoundSql {
  readonly kind: LookStatement;
}

/** What gives rows, after what has to run before it. */
export interface LookRows {
  readonly before: readonly LookStep[];
  readonly rows: LookStep;
}

/** Which hours the SQL of a look is for. */
export type HoursAsked =
  /** The hours of the next session. */
  | 'session'
  /** The hours that were asked for. */
  | 'given'
  /** Nothing is to be loaded: the last ones, so that there is something to read. */
  | 'last';

/** What `psyberg compile` gives of a process. */
export interface CompiledTexts {
  readonly load: string;
  readonly audit: string;
}

export interface TextsRequest {
  readonly shape: LookShape;
  readonly asked: HoursAsked;
  /** Rows that an audit shows of those that it finds. */
  readonly keptRows: number;
}

export interface LimitedShape {
  readonly shape: LookShape;
  /** As many rows at most; undefined: all. */
  readonly limit: number | undefined;
}

/** How a look is written for an engine. Pure. */
export interface LookDialect {
  /** The rows of the query; of a dimension hour by hour, in a table that lasts as long as they are read. */
  rows(plan: Plan, spec: ProcessSpec, limited: LimitedShape): LookRows;
  /** The rows of one source as the query sees them; of a dimension those of all its hours. */
  source(plan: Plan, alias: string, limit: number | undefined): LookRows;
  /** Names the sources that have no row to see. */
  emptySources(plan: Plan): LookStep;
  /** Load and audits as texts that a shell of the engine runs. */
  texts(plan: Plan, spec: ProcessSpec, request: TextsRequest): CompiledTexts;
  /** The shell's statements that attach served tables under the name that the texts use; with the token. */
  attach(served: { readonly warehouse: string; readonly uri: string; readonly token: string }): string;
}
