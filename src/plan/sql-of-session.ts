/** Makes what a plan says of the SQL of its process. Session -> plan parts. Pure. */
import { unitTexts, type WithGrain } from '../model/grain.ts';
import { hoursMadeJson } from '../model/hours-made.ts';
import type { Plan, PlanStatus } from '../model/plan.ts';
import type { Session } from '../model/session.ts';

/** Hours that other SQL has made, and by which SQL a session with work makes its own. */
export function sqlOfSession(
  {
    sql,
    sqlChanged,
    target,
    spec = {},
  }: Pick<Session, 'sql' | 'sqlChanged' | 'target'> & { readonly spec?: WithGrain },
  status: PlanStatus,
): Pick<Plan, 'sql_changed' | 'sql'> {
  const made = target.hoursMade ?? [];
  const isKept = made.some(({ fingerprint }) => fingerprint === sql?.fingerprint);
  return {
    sql_changed:
      sqlChanged == null
        ? null
        : { since_session_id: sqlChanged.sinceSessionId, hours: unitTexts(spec, sqlChanged.hours) },
    ...(sql === undefined || status !== 'work'
      ? {}
      : {
          sql: {
            fingerprint: sql.fingerprint,
            text_sha256: sql.textSha256,
            text: isKept ? null : sql.text,
            hours_made: hoursMadeJson(made),
          },
        }),
  };
}
