/** What a query returns over whole sources, cut to the hours of a session, for every engine alike. Pure. */
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import {
  noneIsNullFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';

/**
 * Of what a query returns over whole sources the rows of the session's hours, which `isInside` says of a row;
 * with all hours every row that lies in one.
 */
export const queryCut = (plan: Plan, spec: ProcessSpec, isInside: SqlFragment): SqlFragment =>
  statementFragment(
    renderStatement('compile/cut_to_hours', {
      query: userQueryFragment(spec.sql),
      in_hours: plan.restates_all === true ? noneIsNullFragment([spec.target.eventTime as string]) : isInside,
    }),
  );
