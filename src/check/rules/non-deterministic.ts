/**
 * `non-deterministic`: hours that are computed again would get different values, and no test can be exact.
 */

import { engineOf } from '../../model/engines.ts';
import { byteOf } from '../../model/query-tree.ts';
import { nonDeterministicCalls, randomCallsOnSpark } from '../../plan/index.ts';
import type { CheckedProcess } from '../facts.ts';
import { columnOfName, type Found, perProcess, placeInQuery } from './rule.ts';

export const nonDeterministic = perProcess((process) =>
  callsIn(process).map(
    ({ byte, called }): Found => ({
      code: 'non-deterministic',
      file: process.file,
      place: placeInQuery(process, byte),
      message: `${called} gives another result each time: an hour that is computed again would not be what it was`,
      hint: /date|time|now|today|^age/.test(called)
        ? 'take a time of the rows, or $first_hour and $last_hour, the hours that the session computes'
        : `take a column of the rows, or a hash of some: ${HASHES[engineOf(process.spec)]}`,
    }),
  ),
);

const HASHES = { duckdb: 'md5(event_id::varchar)', spark: 'md5(cast(event_id as string))' } as const;

/** Finds the calls as the process's engine names them; there may be no tree for another engine's SQL. */
function callsIn(process: CheckedProcess): { readonly byte: number | undefined; readonly called: string }[] {
  const known = process.sources.flatMap(({ columns }) => columns ?? []);
  const isColumn = (name: string): boolean => columnOfName(known, name) !== undefined;
  const { spec } = process;
  if (engineOf(spec) === 'spark')
    return randomCallsOnSpark(spec.sql)
      .filter(({ called }) => called.endsWith(')') || !isColumn(called))
      .map(({ called, first }) => ({ called, byte: Buffer.byteLength(spec.sql.slice(0, first)) }));
  return nonDeterministicCalls(process.tree, isColumn, spec.macros ?? []).map(({ node, called }) => ({
    called,
    byte: byteOf(node),
  }));
}
