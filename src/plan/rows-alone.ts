/**
 * Decides whether the SQL of a process returns the same whether it sees all rows or, as sessions do, a part
 * of them at a time. Parsed query -> what speaks against it. Pure.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import { queryNodes } from '../model/query-tree.ts';
import { macrosTogether } from '../model/rows-together.ts';
import { hoursReturned, namesHours } from './hours-returned.ts';
import { joinsWithoutHours } from './joins-without-hours.ts';
import type { NamesInSources, TakenTogether } from './rows-of-query.ts';
import { rowsTogether } from './rows-together.ts';

export interface RowsAlone {
  /** Places that combine rows which sessions may see at different times: worth a warning. */
  readonly told: readonly TakenTogether[];
  /**
   * True if the SQL itself shows that an hour gets the same rows in every session, apart from joins of two
   * sources. False proves nothing: a stateful session then computes an hour again together with other hours,
   * and compares.
   */
  readonly isKnown: boolean;
}

const KNOWN: RowsAlone = { told: [], isKnown: true };
const UNREAD: RowsAlone = { told: [], isKnown: false };

type Judged = Pick<ProcessSpec, 'pattern' | 'sources' | 'target' | 'grain' | 'macros'>;

export interface KnownOfTables {
  /** True if the target's event time is a date, by which whole days are replaced. */
  readonly ofDates?: boolean;
  /**
   * The columns of the sources. If one has a name that a SELECT also gives to something else, DuckDB takes
   * the column.
   */
  readonly columns?: NamesInSources;
}

/** The columns' names in lower case, as DuckDB compares them. */
export const namesInSources = (
  sources: readonly {
    readonly spec: Pick<SourceSpec, 'alias'>;
    readonly columns?: readonly { readonly name: string }[];
  }[],
): NamesInSources =>
  new Map(
    sources.flatMap(({ spec, columns }) =>
      columns === undefined
        ? []
        : [[spec.alias.toLowerCase(), columns.map(({ name }) => name.toLowerCase())] as const],
    ),
  );

/**
 * `tree`: from DuckDB's parser; without one nothing is warned of, and nothing is known. A dimension runs its
 * SQL hour by hour, so an hour cannot come out in two ways.
 */
export function rowsAlone(
  tree: unknown,
  spec: Judged,
  { ofDates = false, columns }: KnownOfTables = {},
): RowsAlone {
  const { loadsHours, readsPrevious } = patternOf(spec);
  const [query] = queryNodes(tree);
  if (readsPrevious) return KNOWN;
  if (query === undefined) return UNREAD;
  const { rows, found } = rowsTogether(query, {
    sources: spec.sources,
    columns,
    rowsStandAlone: !loadsHours,
    ofDays: spec.grain === 'day' || ofDates,
    macros: macrosTogether(spec.macros ?? []),
  });
  if (!loadsHours) return { told: found, isKnown: found.length === 0 };
  const isFollowed = rows.inUnit.has(spec.target.eventTime?.toLowerCase() ?? '');
  const isMeant = found.length === 0 || joinsWithoutHours(tree, spec).length > 0;
  return {
    told: found.filter(isToldOfHours),
    isKnown: isFollowed && isMeant && found.every(isOfTwoSources) && !choosesByHours(tree, spec),
  };
}

/**
 * Joins of two sources have a warning of their own (`join-without-window`); beyond it their hours are taken
 * as intended.
 */
const isOfTwoSources = (together: TakenTogether): boolean =>
  isMeeting(together) && !together.isWithItself && !together.isWindowed;

/**
 * True if the query filters rows by the session's hours. If it returns them, `hours-of-session` warns of it.
 */
const choosesByHours = (tree: unknown, spec: Judged): boolean =>
  namesHours(tree) && hoursReturned(tree, spec).length === 0;

const isMeeting = ({ kind }: TakenTogether): boolean => kind === 'join' || kind === 'subquery';

/** A window says how far rows matter, so what it covers is taken as intended. */
const isToldOfHours = (together: TakenTogether): boolean =>
  !together.isWindowed && !isOfTwoSources(together) && !(isMeeting(together) && together.comparesHours);

/** What combines rows, in words. */
export function togetherText({ kind, name }: TakenTogether): string {
  switch (kind) {
    case 'aggregate':
      if (name === undefined) return 'GROUP BY';
      return name === 'count_star' ? 'count(*)' : `${name}()`;
    case 'window function':
      return name === undefined ? 'a window function' : `${name}() over (…)`;
    case 'limit':
      return name === undefined ? 'LIMIT' : 'a sample';
    case 'distinct':
      return 'DISTINCT';
    case 'join':
      return 'a join of rows of its sources';
    case 'outer join':
      return `a ${name} that keeps rows without a partner`;
    case 'set operation':
      return (name ?? kind).toUpperCase();
    case 'rows of no source':
      return 'rows that come of no source, which each session would add';
    case 'subquery':
      return 'a subquery over rows of its sources';
    case 'recursion':
      return 'a recursive query';
    case 'pivot':
      return 'PIVOT';
    case 'macro':
      return `the macro ${name}`;
    default:
      return kind;
  }
}
