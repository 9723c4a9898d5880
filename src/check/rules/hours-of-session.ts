/** `hours-of-session`: what an hour gets depends on the hours that a session computes beside it. */
import { hoursReturned } from '../../plan/hours-returned.ts';
import { hoursWarning } from '../../plan/warnings.ts';
import { perProcess, placeInQuery } from './rule.ts';

export const hoursOfSession = perProcess((process) => {
  const names = hoursReturned(process.tree, process.spec);
  if (names.length === 0) return [];
  // DuckDB's tree does not tell where a parameter stands.
  const place = placeInQuery(process, undefined);
  return [{ ...hoursWarning(process.spec, names), file: process.file, place }];
});
