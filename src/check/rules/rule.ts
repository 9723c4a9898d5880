/** Declares what a rule of `psyberg check` is, and what it finds. */
import type { BindingFault } from '../../binding/bind-text.ts';
import { placeOfByte } from '../../binding/edited-text.ts';
import type { ProblemCode } from '../../model/problem-codes.ts';
import type { TextPosition } from '../../model/process-spec.ts';
import type { Checked, CheckedProcess } from '../facts.ts';

export interface Found {
  readonly code: ProblemCode;
  /** Relative to the project. */
  readonly file: string;
  readonly place: TextPosition;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Facts -> problems. Pure. The code of a problem tells its severity. */
export type Rule = (checked: Checked) => readonly Found[];

/** Makes a rule that looks at each process separately. */
export const perProcess =
  (find: (process: CheckedProcess, checked: Checked) => readonly Found[]): Rule =>
  (checked) =>
    checked.processes.flatMap((process) => find(process, checked));

/** The place of a node in the query's tree; without a node, the place where the SQL begins. */
export const placeInQuery = (
  { spec: { sql, sqlOffset } }: Pick<CheckedProcess, 'spec'>,
  byte: number | undefined,
): TextPosition => (byte === undefined ? sqlOffset : placeOfByte(sql, sqlOffset, byte));

/** True if the missing table is reported anyway, as one that is no source. `file`: the file with the text. */
export const isUndeclaredRead = (
  { reads }: Pick<CheckedProcess, 'reads'>,
  file: string,
  { table }: Pick<BindingFault, 'table'>,
): boolean =>
  table !== undefined &&
  reads.faults.some((read) => read.file === file && read.table?.toLowerCase() === table.toLowerCase());

/** The column of that name, compared as DuckDB does. */
export const columnOfName = <Column extends { readonly name: string }>(
  columns: readonly Column[],
  name: string,
): Column | undefined => columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
