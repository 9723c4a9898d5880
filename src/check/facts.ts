/** Declares what is known about a project without its data: rules look at nothing else. Plain data. */
import type { BoundProcess } from '../binding/bind-process.ts';
import type { DdlColumns } from '../binding/table-columns.ts';
import type { BoundColumn, TextFault } from '../engine/index.ts';
import type { PsybergError } from '../model/errors.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from '../model/process-spec.ts';
import type { ProcessDraft } from '../project/read-process.ts';
import type { DdlFile } from '../project/table-files.ts';
import type { JudgedMacros } from '../workload/duckdb/define-macros.ts';
import type { ReadsOfTexts } from '../workload/duckdb/refuse-undeclared.ts';

export interface CheckedProcess {
  readonly spec: ProcessSpec;
  /** Relative to the project. */
  readonly file: string;
  /** The places in its header, with what stands there. */
  readonly draft: ProcessDraft;
  readonly sources: readonly CheckedSource[];
  /** As `json_serialize_sql` gives it; undefined if DuckDB does not. */
  readonly tree?: unknown;
  /** Why its SQL cannot be parsed. */
  readonly syntax?: TextFault;
  readonly reads: ReadsOfTexts;
  /** Undefined if the columns of a source are not known, or its SQL cannot be parsed. */
  readonly bound?: BoundProcess;
  /** The error with which a session would end since the target that is there has other columns. */
  readonly unfit?: PsybergError;
}

export interface CheckedSource {
  readonly spec: SourceSpec;
  /** Its index among the sources of the header. */
  readonly index: number;
  readonly columns?: readonly BoundColumn[];
  /** If the columns are not known: why. */
  readonly unknown?: UnknownTable;
}

export type UnknownTable =
  /** There is a warehouse, but the table is not in it. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'no-warehouse' }
  /** Something is wrong in the process that writes it, or in the file that describes it. */
  | { readonly kind: 'elsewhere' }
  /** It exists, with a column of a type that DuckDB does not have. */
  | { readonly kind: 'unreadable' }
  /** The warehouse could not be asked. */
  | { readonly kind: 'unreachable'; readonly message: string; readonly hint: string | undefined };

export interface CheckedTableFile extends DdlFile {
  readonly ddl: DdlColumns;
}

export interface Checked {
  readonly project: ProjectSpec;
  readonly processes: readonly CheckedProcess[];
  /** All process files, also those with problems. */
  readonly drafts: readonly ProcessDraft[];
  readonly tableFiles: readonly CheckedTableFile[];
  /** The files of `audits/`, relative to the project. */
  readonly auditFiles: readonly string[];
  readonly macros: JudgedMacros;
}
