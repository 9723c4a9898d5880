/**
 * Decides whether the query of a process still treats rows that it has loaded as it did then, although
 * columns of a source were renamed, dropped or added, or took each other's names. Spec + names -> yes or no.
 * DuckDB plans the query over the same columns with their former and their present names. What the query
 * reads by a star, as a whole row, by `columns()` or through a macro shows up in that plan; a name that means
 * a column of another source does not count.
 */
import type { Binder, Bound, BoundColumn, PlannedOver, QueryPlan } from '../engine/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { NamedColumn, SourceNames } from '../model/source-names.ts';
import {
  identifierFragment,
  identifierListFragment,
  joinedFragment,
  madeColumnsFragment,
  renamedCteFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';
import { withTypedVariables } from './bind-process.ts';

export interface SameReadingInput {
  readonly spec: ProcessSpec;
  /** One for each source. */
  readonly sources: readonly SourceNames[];
  /** The columns of the target, by name. */
  readonly target: readonly BoundColumn[];
}

/** Undefined if DuckDB does not tell, or if the query does not bind with either set of names. */
export const sameReading = (binder: Binder, input: SameReadingInput): Promise<boolean | undefined> =>
  binder.over(tablesOf(input), (asked) => comparedOver(asked, input));

async function comparedOver(asked: PlannedOver, input: SameReadingInput): Promise<boolean | undefined> {
  const all = statementFragment('*');
  const earlier = await asked.bind(readingOf(input, 'before', all));
  const later = await asked.bind(readingOf(input, 'after', all));
  if (isFault(earlier) || isFault(later)) return undefined;
  const names = (columns: readonly BoundColumn[]) => columns.map(({ name }) => name.toLowerCase());
  const [returned, returns] = [new Set(names(earlier.columns)), new Set(names(later.columns))];
  if (isOtherTarget(input, returned, returns)) return false;
  const common = [...returned].filter((name) => returns.has(name));
  const columns = common.length === 0 ? statementFragment('1') : identifierListFragment(common);
  const before = await asked.plan(readingOf(input, 'before', columns));
  const after = await asked.plan(readingOf(input, 'after', columns));
  return before === undefined || after === undefined ? undefined : isSamePlan(input, before, after);
}

function isSamePlan({ sources }: SameReadingInput, before: QueryPlan, after: QueryPlan): boolean | undefined {
  const isRead = (column: string): boolean => before.reads.has(column) || after.reads.has(column);
  const changed = sources
    .flatMap(({ columns }, index) => columns.map((each) => ({ ...each, column: columnOf(index, each) })))
    .filter((each) => each.before?.toLowerCase() !== each.after?.toLowerCase() && isRead(each.column));
  if (changed.length === 0) return true;
  if (before.text !== undefined && after.text !== undefined) return before.text === after.text;
  // It is unknown what it does with a column that has another name now; another column gives other values.
  const names = new Set(changed.map((each) => each.before?.toLowerCase()));
  return changed.some((each) => each.after !== undefined && names.has(each.after.toLowerCase()))
    ? false
    : undefined;
}

const isFault = (bound: Bound): bound is Extract<Bound, { fault: object }> => bound.fault !== undefined;

/**
 * Columns that the query no longer returns, or newly returns, only because the source's columns changed. By
 * default the session refuses a target with other columns, and says what to do; otherwise rows that were
 * loaded would keep the values of the former, or lack those of the latter.
 */
function isOtherTarget(
  { spec, sources, target }: SameReadingInput,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): boolean {
  if (spec.onSchemaChange === 'refuse') return false;
  const kept = new Set(target.map(({ name }) => name.toLowerCase()));
  if ([...before].some((name) => !after.has(name) && kept.has(name))) return true;
  const fills = sources.some(({ columns }) => columns.some((column) => column.fillsOldRows === true));
  return fills && spec.onSchemaChange === 'append' && [...after].some((name) => !before.has(name));
}

type Naming = 'before' | 'after';

function readingOf(input: SameReadingInput, naming: Naming, columns: SqlFragment): string {
  const { spec, sources, target } = input;
  const ctes = sources.map(({ alias, columns: all }, index) =>
    renamedCteFragment(
      alias,
      tableOf(index),
      (naming === 'before' ? inOrderOfBefore(all) : all).map((column) => ({
        column: columnOf(index, column),
        // A name that no query uses stands for a column that does not exist now, or did not exist then.
        name: column[naming] ?? `psyberg_absent_${columnOf(index, column)}`,
      })),
    ),
  );
  const previous = target.map(({ name }) => ({ name, column: name }));
  return renderStatement('binding/reading', {
    sources: joinedFragment(
      patternOf(spec).readsPrevious
        ? [...ctes, renamedCteFragment('previous', tableOf(sources.length), previous)]
        : ctes,
      ',\n',
    ),
    columns,
    query: userQueryFragment(withTypedVariables(input, spec.sql)),
  });
}

/** In the order that a star gave them; new columns at the end. */
const inOrderOfBefore = (columns: SourceNames['columns']): SourceNames['columns'] =>
  columns.toSorted(
    (left, right) =>
      (left.placeBefore ?? Number.POSITIVE_INFINITY) - (right.placeBefore ?? Number.POSITIVE_INFINITY) || 0,
  );

const tableOf = (index: number): SqlFragment => identifierFragment(`psyberg_columns_${index}`);

/** No two sources share such a name. */
const columnOf = (source: number, { column }: Pick<NamedColumn, 'column'>): string =>
  `psyberg_${source}_${column}`;

const tablesOf = ({ sources, target }: SameReadingInput): string[] =>
  [
    ...sources.map(({ columns }, index) =>
      columns.map((each) => ({ name: columnOf(index, each), type: each.type })),
    ),
    target,
  ]
    .map((columns) => (columns.length === 0 ? [{ name: 'nothing', type: 'INTEGER' }] : columns))
    .map((columns, index) =>
      renderStatement('binding/make_columns', {
        table: tableOf(index),
        columns: madeColumnsFragment(columns),
      }),
    );
