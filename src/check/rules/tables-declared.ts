/**
 * `table-not-declared`, `macro-table-undeclared`: what a query, or an audit, reads beside its sources is in
 * no plan, and pinned to nothing. The judgement is that of a session.
 */
import { type Found, perProcess } from './rule.ts';

export const tablesDeclared = perProcess(({ reads }) =>
  reads.faults.map(({ code, file, line, column, message, hint }): Found => {
    return { code, file, place: { line, column }, message, hint };
  }),
);
