/**
 * What a table of the engine's own state is: an Iceberg schema, and how its rows are written and kept.
 * Columns may be added at the end, never renamed: others read them. A table that lacks such a column gets it
 * from the next session that writes to it.
 */
import { renderStatement, type StatementName, typedRowsFragments } from '../../statements/index.ts';

/** Which of the rows are kept that a process has in files that give way. */
type KeptStatement = Extract<StatementName, `state/kept_${string}`>;

export interface StateColumn<Name extends string = string> {
  readonly name: Name;
  /** Iceberg type. */
  readonly type: string;
}

export interface StateTable<Name extends string = string> {
  readonly columns: readonly StateColumn<Name>[];
  /** Those among them that a table of an earlier release may lack. */
  readonly added: ReadonlySet<string>;
  /** The query that makes rows of the columns' types from `$rows`, a JSON array of {@link StateRow}s. */
  readonly rowsQuery: () => string;
  /** Live files of one process after which they are folded into one: 1 keeps a single file. Not measured. */
  readonly filesPerProcess: number;
  /** What is kept of files that give way. */
  readonly keptStatement: KeptStatement;
}

/** A row, each value as text. */
export type StateRow = Readonly<Record<string, string | number | null>>;
/** A row of that table: all of its columns, and no other. */
export type RowOf<Table> =
  Table extends StateTable<infer Name> ? Readonly<Record<Name, string | number | null>> : never;

/** `columns`, then those `added` since the first release: names and Iceberg types, in the table's order. */
export function stateTable<Name extends string, Added extends string = never>({
  columns,
  added,
  ...rest
}: {
  readonly columns: Readonly<Record<Name, string>>;
  readonly added?: Readonly<Record<Added, string>>;
  readonly filesPerProcess: number;
  readonly keptStatement: KeptStatement;
}): StateTable<Name | Added> {
  const all = Object.entries({ ...columns, ...added }) as [Name | Added, string][];
  const listed = all.map(([name, type]) => ({ name, type }));
  return {
    ...rest,
    columns: listed,
    added: new Set(Object.keys(added ?? {})),
    rowsQuery: () => renderStatement('state/rows', typedRowsFragments(listed)),
  };
}
