/**
 * Decides whether the SQL of a process means the same to sessions, which see a part of the rows at a time, as
 * over whole tables. Parsed query -> what speaks against it. Pure.
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
  /** What takes rows together that sessions may see at different times: worth telling. */
  readonly told: readonly TakenTogether[];
  /**
   * True where the SQL itself says that no session gives an hour other rows than another one would, but for
   * what two sources have to do with each other. False says nothing: a stateful session then computes an hour
   * in another company, and compares.
   */
  readonly isKnown: boolean;
}

const KNOWN: RowsAlone = { told: [], isKnown: true };
const UNREAD: RowsAlone = { told: [], isKnown: false };

type Judged = Pick<ProcessSpec, 'pattern' | 'sources' | 'target' | 'grain' | 'macros'>;

export interface KnownOfTables {
  /** The target's event time is a date, by which whole days are replaced. */
  readonly ofDates?: boolean;
  /** Where a column has the name that a SELECT gives another one, DuckDB takes the column. */
  readonly columns?: NamesInSources;
}

/** Names as a query is judged by: in lower case, as DuckDB compares them. */
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
 * `tree`: as DuckDB's parser gives it; without one nothing is told, and nothing known. A dimension runs its
 * SQL hour by hour, so that no session can give it two.
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

/** Rows of two sources that meet are told as `join-without-window`, and their hours taken for meant so. */
const isOfTwoSources = (together: TakenTogether): boolean =>
  isMeeting(together) && !together.isWithItself && !together.isWindowed;

/**
 * The hours of the session choose among rows. Where they are returned, that is told as `hours-of-session`.
 */
const choosesByHours = (tree: unknown, spec: Judged): boolean =>
  namesHours(tree) && hoursReturned(tree, spec).length === 0;

const isMeeting = ({ kind }: TakenTogether): boolean => kind === 'join' || kind === 'subquery';

/** A window says how far rows matter, so it is taken for what was meant. */
const isToldOfHours = (together: TakenTogether): boolean =>
  !together.isWindowed && !isOfTwoSources(together) && !(isMeeting(together) && together.comparesHours);

/** What takes rows together, in words. */
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
