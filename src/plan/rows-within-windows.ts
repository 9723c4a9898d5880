/**
 * Decides whether rows of a source with a window meet only rows that they may reach through it, because the
 * query compares times: `r.ts <= c.ts and r.ts > c.ts - interval 30 day` beside `before: 30d`. Otherwise what
 * meets depends on how many hours a session computes together. Pure.
 */
import { isTreeNode, listed, lowerText, type TreeNode } from '../model/query-tree.ts';
import { hoursOfInterval } from './interval-hours.ts';
import { isPairTied, isTimeOf, meetingOf, type TiedFrom } from './rows-of-one-unit.ts';
import type { MadeRelation, ReadQuery } from './rows-of-query.ts';

/** True if the query keeps the rows of one relation within the window's reach of those of the other. */
export function isWithinWindow(
  windowed: MadeRelation,
  beside: MadeRelation,
  from: TiedFrom,
  { ofDays, sources }: Pick<ReadQuery, 'ofDays' | 'sources'>,
): boolean {
  if (isPairTied(beside, windowed, from, ofDays)) return true;
  const windows = sources.filter(({ alias }) => windowed.sources.has(alias)).map(({ window }) => window);
  const least = (hours: readonly (number | undefined)[]): number =>
    Math.min(...hours.map((each) => each ?? 0));
  const [before, after] = [
    least(windows.map((window) => window?.beforeHours)),
    least(windows.map((window) => window?.afterHours)),
  ];
  const distances = meetingOf(beside, windowed, from).conditions.flatMap((condition) =>
    distancesIn(condition, {
      mine: (value) => shiftOf(value, (each) => isTimeOf(each, { relation: windowed, beside, ofDays })),
      theirs: (value) =>
        shiftOf(value, (each) => isTimeOf(each, { relation: beside, beside: windowed, ofDays })),
    }),
  );
  // A time is somewhere in its unit, so a distance of a part of a unit may lead into the next one.
  const unit = ofDays ? 24 : 1;
  const isReached = (hours: number, reach: number): boolean => Math.ceil(hours / unit) * unit <= reach;
  return (
    distances.some(({ side, hours }) => side === 'earlier' && isReached(hours, before)) &&
    distances.some(({ side, hours }) => side === 'later' && isReached(hours, after))
  );
}

/** How many hours earlier and later than the rows beside them rows may be, at most. */
interface Distance {
  readonly side: 'earlier' | 'later';
  readonly hours: number;
}

/** Hours that an expression adds to a time of the rows; undefined if it is anything else. */
type Shift = (value: unknown) => number | undefined;

interface Sides {
  readonly mine: Shift;
  readonly theirs: Shift;
}

function distancesIn(condition: TreeNode, sides: Sides): Distance[] {
  const { type, left, right } = condition;
  if (condition['class'] === 'BETWEEN')
    return [
      ...distancesOf(condition['lower'], condition['input'], sides),
      ...distancesOf(condition['input'], condition['upper'], sides),
    ];
  switch (type) {
    case 'COMPARE_LESSTHAN':
    case 'COMPARE_LESSTHANOREQUALTO':
      return distancesOf(left, right, sides);
    case 'COMPARE_GREATERTHAN':
    case 'COMPARE_GREATERTHANOREQUALTO':
      return distancesOf(right, left, sides);
    default:
      return [];
  }
}

/** The distances that follow from `less <= greater`. */
function distancesOf(less: unknown, greater: unknown, { mine, theirs }: Sides): Distance[] {
  const distance = (
    side: Distance['side'],
    own: number | undefined,
    other: number | undefined,
  ): Distance[] =>
    own === undefined || other === undefined
      ? []
      : [{ side, hours: side === 'later' ? other - own : own - other }];
  return [
    ...distance('later', mine(less), theirs(greater)),
    ...distance('earlier', mine(greater), theirs(less)),
  ];
}

/** The shift of `time`, `time - interval 30 day` and the like. */
function shiftOf(value: unknown, isTime: (value: unknown) => boolean): number | undefined {
  if (isTime(value)) return 0;
  if (!isTreeNode(value) || value['class'] !== 'FUNCTION') return undefined;
  const name = lowerText(value['function_name']);
  const [time, span] = listed(value['children']);
  const hours = name === '+' || name === '-' ? hoursOfInterval(span) : undefined;
  if (hours === undefined || !isTime(time)) return undefined;
  return name === '+' ? hours : -hours;
}
