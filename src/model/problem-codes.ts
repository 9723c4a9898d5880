/**
 * Lists everything that `psyberg check` may report, once: how bad it is, and what it means. The type
 * `ProblemCode` is derived from here; the documentation's page on problems is printed from here. If an error
 * of a session means the same, the code is that of the error.
 */

/** `error`: a run would fail, or its result could not be relied on. `warning`: it may not be intended. */
export type Severity = 'error' | 'warning';

export interface ProblemEntry {
  readonly severity: Severity;
  /** One sentence, for the documentation. What to do now is the hint of the problem itself. */
  readonly meaning: string;
}

const error = (meaning: string): ProblemEntry => ({ severity: 'error', meaning });
const warning = (meaning: string): ProblemEntry => ({ severity: 'warning', meaning });

/** By name. A new code is one line here. */
export const PROBLEM_CODES = {
  'audit-file-invalid': error('The SQL file of an audit is not one query, or names an unknown parameter.'),
  'audit-sql-failed': error('An audit cannot be bound: it names a column or function that is not there.'),
  'audit-unused': warning('A file of `audits/` is named by no process, so it is never run.'),
  'column-type-unsupported': error('A query returns a column of a type that no Iceberg table can have.'),
  'event-time-missing': error('A source has not the column that is named as its event time.'),
  'event-time-type': error('The event time of a source is no timestamp, date, or integer with a unit.'),
  'hours-not-alone': warning(
    'A stateful query takes rows of several hours to make one, and sessions compute other hours together.',
  ),
  'hours-of-session': warning(
    'A query returns a value that depends on the hours which a session computes together.',
  ),
  'join-without-window': warning('Nothing ties the hours of two sources that a query joins.'),
  'macro-invalid': error('A macro of `macros/` cannot be defined, is there twice, or uses itself.'),
  'lookup-key-missing': error('The key of a lookup is no column of it, or of no other source.'),
  'macro-table-undeclared': error('A query names to a macro a table that is no source of its process.'),
  'non-deterministic': warning('A query would give another result when its hours are computed again.'),
  'partition-column-missing': error('`partition_by` names a column that the query does not return.'),
  'partition-type': error('A partition transform does not take the type of its column.'),
  'previous-column': error('The SQL of a dimension reads a column of `previous` that cannot be inferred.'),
  'process-circle': error('Processes depend on each other in a circle.'),
  'process-file-invalid': error('The header of a process, or the text of its SQL, is wrong.'),
  'process-name-taken': error('Two processes have one name.'),
  'process-sql-failed': error('The SQL of a process cannot be parsed or bound.'),
  'project-file-invalid': error('`psyberg.yaml` is wrong.'),
  'rows-in-no-order': warning(
    'A query takes rows in whatever order they are read, as a list without ORDER BY: computed again, it may differ.',
  ),
  'rows-not-alone': warning(
    'A stateless query takes several rows to make one, and sessions read them at different times.',
  ),
  'select-star': warning(
    'A query takes all columns of a source: those of its target change with the source.',
  ),
  'source-columns-unknown': warning('Nobody says which columns a source has, so what reads it is not bound.'),
  'source-is-state-table': error('A process reads a state table of the project.'),
  'source-missing': error('A source is neither in `tables/` nor in the warehouse, and no process writes it.'),
  'source-unused': warning('A source is declared and holds its process back, and its SQL does not read it.'),
  'table-ddl-failed': error(
    'The DDL of a file of `tables/` is wrong, or does not create the table of its name.',
  ),
  'table-not-declared': error('A query reads a table or file that is no source of its process.'),
  'table-spelled-differently': error('One table is written with and without capitals.'),
  'table-unused': warning('A file of `tables/` describes a table that no process reads.'),
  'target-event-time': error("The target's event time is no timestamp or date of the query."),
  'target-is-state-table': error('A process writes to a state table of the project.'),
  'target-schema-mismatch': error(
    'The query returns other columns than the target that is there has, and `on_schema_change` does not say what becomes of them.',
  ),
  'target-type-mismatch': error(
    'The query returns values that the columns of the target that is there would change.',
  ),
  'target-written-twice': error('Two processes write one table.'),
  'test-file-invalid': error('A test file cannot be read: its keys, names or rows are wrong.'),
  'window-key-missing': error('A table has not the column that is the key of a window.'),
  'window-too-short': warning(
    'A query joins rows over an interval that is longer than the window of its source.',
  ),
} as const satisfies Record<string, ProblemEntry>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** Something wrong in a file of the project; an object of `check --json`. */
export interface CheckProblem {
  /** Relative to the project's folder, with forward slashes. */
  readonly file: string;
  /** Starts at 1; columns count UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly severity: Severity;
  readonly code: ProblemCode;
  readonly message: string;
  /** What to do; can be followed or pasted. */
  readonly hint: string | null;
}
