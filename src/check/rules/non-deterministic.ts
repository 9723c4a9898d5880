/** `non-deterministic`: hours that are computed again would get other values, and no test can be exact. */
import { byteOf } from '../../model/query-tree.ts';
import { nonDeterministicCalls } from '../../plan/index.ts';
import { columnOfName, perProcess, placeInQuery } from './rule.ts';

export const nonDeterministic = perProcess((process) => {
  const known = process.sources.flatMap(({ columns }) => columns ?? []);
  const isColumn = (name: string): boolean => columnOfName(known, name) !== undefined;
  return nonDeterministicCalls(process.tree, isColumn, process.spec.macros ?? []).map(({ node, called }) => ({
    code: 'non-deterministic',
    file: process.file,
    place: placeInQuery(process, byteOf(node)),
    message: `${called} gives another result each time: an hour that is computed again would not be what it was`,
    hint: /date|time|now|today|^age/.test(called)
      ? 'take a time of the rows, or $first_hour and $last_hour, the hours that the session computes'
      : 'take a column of the rows, or a hash of some: md5(event_id::varchar)',
  }));
});
