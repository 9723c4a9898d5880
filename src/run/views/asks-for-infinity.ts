/** Whether a session's SQL may compare times with `infinity`; its tables are then shown otherwise. Pure. */
import type { Begun } from '../session.ts';

/** True if the SQL of the process or of its audits, variables or macros names `infinity`. */
export const asksForInfinity = ({ spec }: Pick<Begun, 'spec'>): boolean =>
  [
    spec.sql,
    JSON.stringify([spec.audits, spec.variables]),
    ...(spec.macros ?? []).map(({ definition }) => definition),
  ].some((sql) => /infinity/i.test(sql));
