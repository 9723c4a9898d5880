/** Cuts what a query returns over whole sources to the hours of a session, for every engine alike. Pure. */
import type { ProcessSpec } from '../model/process-spec.ts';
import {
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';

/**
 * From what a query returns over whole sources, the rows of the session's hours. `isInside`: the condition
 * that tells them.
 */
export const queryCut = (spec: ProcessSpec, isInside: SqlFragment): SqlFragment =>
  statementFragment(
    renderStatement('compile/cut_to_hours', { query: userQueryFragment(spec.sql), in_hours: isInside }),
  );
