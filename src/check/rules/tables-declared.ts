/**
 * `table-not-declared`, `macro-table-undeclared`: what a query or an audit reads beside its sources is in no
 * plan, and not pinned to a snapshot. Sessions judge it in the same way.
 */
import { type Found, perProcess } from './rule.ts';

export const tablesDeclared = perProcess(({ reads }) =>
  reads.faults.map(({ code, file, line, column, message, hint }): Found => {
    return { code, file, place: { line, column }, message, hint };
  }),
);
