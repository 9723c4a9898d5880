/** Computes how many hours an interval in a query is long. Parsed query -> hours. Pure. */
import { constantOf, isTreeNode, lowerText } from '../model/query-tree.ts';

const UNIT_HOURS: Readonly<Record<string, number>> = {
  second: 1 / 3600,
  minute: 1 / 60,
  hour: 1,
  day: 24,
  week: 168,
};

/**
 * `interval 30 day` as DuckDB's parser takes it apart, or `interval '30 days'`. Undefined: none, one of
 * months, which are of several lengths, or one of which the query does not say how long it is.
 */
export function hoursOfInterval(value: unknown): number | undefined {
  if (!isTreeNode(value)) return undefined;
  if (value['class'] === 'CAST') {
    if (!isTreeNode(value['cast_type']) || value['cast_type']['id'] !== 'INTERVAL') return undefined;
    const [, count, unit = ''] = /^(\d+) ([a-z]+?)s?$/.exec(lowerText(constantOf(value['child']))) ?? [];
    return hoursOf(count, unit);
  }
  const [, unit = ''] = /^to_([a-z]+)s$/.exec(lowerText(value['function_name'])) ?? [];
  const [count, ...others] = constantsIn(value['children']);
  return others.length > 0 ? undefined : hoursOf(count, unit);
}

function hoursOf(count: unknown, unit: string): number | undefined {
  const hours = UNIT_HOURS[unit];
  const number = Number(count);
  return hours === undefined || !Number.isFinite(number) || number < 0 ? undefined : number * hours;
}

/** The constants of an expression of casts and `trunc`; undefined for every other part. */
function constantsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(constantsIn);
  if (!isTreeNode(value)) return [];
  switch (value['class']) {
    case 'CONSTANT':
      return [constantOf(value)];
    case 'CAST':
      return constantsIn(value['child']);
    case 'FUNCTION':
      return lowerText(value['function_name']) === 'trunc' ? constantsIn(value['children']) : [undefined];
    default:
      return [undefined];
  }
}
