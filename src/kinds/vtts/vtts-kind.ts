/** What a provider of VTTS is: who says up to which hour a source is complete. */

import type * as z from 'zod';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { Hour } from '../../model/hour.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { TextPosition, VttsSpec } from '../../model/process-spec.ts';
import type {
  ArgumentsOf,
  SqlFragment,
  Statement,
  StatementName,
  StatementRow,
} from '../../statements/index.ts';

export interface VttsKind<Spec extends VttsSpec = VttsSpec> {
  /** How a header writes it; shown in messages. */
  readonly form: string;
  /** The argument in `vtts: { <kind>: <argument> }`; undefined if a header writes the name alone. */
  readonly argument?: VttsArgument<Spec>;
  /** True if asking costs nothing: then it is asked even if nothing changed. */
  readonly isFree: boolean;
  /**
   * True if the answer follows from the snapshot that the session pins. Any other provider moves on by itself
   * and is asked before the source is pinned: asked later, it could promise hours whose rows came after that
   * snapshot.
   */
  readonly isOfHead: boolean;
  /** True if it can say something of a source without rows. */
  readonly knowsWithoutRows?: true;
  /**
   * The hour up to which the source is complete, included; undefined while nothing is known. Throws
   * `vtts-invalid`.
   */
  ask(vtts: Spec, source: AskedSource): Hour | undefined | Promise<Hour | undefined>;
}

interface VttsArgument<Spec extends VttsSpec> {
  readonly shape: z.ZodType<string>;
  /** What the argument means: text for the reference. */
  readonly meaning: string;
  /** What is wrong with an argument beyond its shape; undefined if nothing is. */
  problemOf?(written: string): { readonly message: string; readonly hint: string } | undefined;
  /** `place`: where the argument is in the process's file. */
  read(written: string, place: TextPosition): Omit<Spec, 'kind'>;
}

/** A source as a provider may look at it. */
export interface AskedSource {
  readonly processName: string;
  /** The process's file, as messages show it. */
  readonly file: string;
  readonly table: TableIdentifier;
  /** The newest hour in which the source has rows. */
  readonly newestHour: Hour | undefined;
  /**
   * Set for an adoption at an older place: then at most the hours that were complete there count. Saying too
   * few is safe.
   */
  readonly asOf?: AskedPlace;
  /** The snapshots from the head back. */
  readonly snapshots: () => Iterable<Snapshot>;
  /** The rows of the signal table; undefined while there are none. */
  readonly signals: () => Promise<AskedSignals | undefined>;
  /** Starts DuckDB. */
  readonly warehouse: () => Promise<AskedWarehouse>;
}

/** The snapshot of an older place. */
export interface AskedPlace {
  readonly committedAtMs: number;
  /** The session that made the snapshot, if one did. */
  readonly psybergSessionId: string | undefined;
}

/** The signal table as SQL can read it: the text behind `from`, and the values that it binds. */
export interface AskedSignals {
  readonly relation: SqlFragment;
  readonly parameters: { readonly state_files?: readonly string[] };
}

/** The tables of the catalog, to be read only. */
export interface AskedWarehouse {
  /** The rows of one of the engine's own statements. */
  query<Name extends StatementName>(
    statement: Statement<Name>,
    ...parameters: ArgumentsOf<Name>
  ): Promise<readonly StatementRow<Name>[]>;
  /** What DuckDB's parser says of a text. */
  parse(query: string): Promise<ParsedQuery>;
  /** Runs a query of the project's own, whose tables are in the source's schema unless it says otherwise. */
  answer(query: string): Promise<QueryAnswer>;
}
export interface ParsedQuery {
  readonly error?: boolean;
  readonly error_message?: string;
  /** Only where the text cannot be parsed: other statements than queries have none. */
  readonly position?: string;
  readonly statements?: readonly unknown[];
}
export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}
