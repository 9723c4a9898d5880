/** Says that the SQL of a process has changed, as text for people. Plan or status -> lines. Pure. */
import type { WithGrain } from '../model/grain.ts';
import type { PlanSqlChanged } from '../model/plan.ts';
import { unitsLabel, unitsText } from './text.ts';

/** A plan or a status. */
export interface ToldOfSql extends WithGrain {
  readonly process_name: string;
  readonly sql_changed?: PlanSqlChanged | null;
}

/** Says what has changed, and which command puts it right; undefined if no hours of other SQL are known. */
export function sqlChangedText(
  told: ToldOfSql,
): { readonly what: string; readonly hint: string } | undefined {
  const { process_name: name, sql_changed: changed } = told;
  if (changed == null) return undefined;
  const { since_session_id: since, hours } = changed;
  const made =
    hours.length === 0
      ? 'which of its rows were made by the old one is not known: their source has no event time'
      : `${unitsText(told, hours.length)} (${unitsLabel(told, hours)}) ${hours.length === 1 ? 'was' : 'were'} made by the old one`;
  return {
    what: `the SQL changed since session ${since}: ${made}`,
    hint: hours.length === 0 ? `psyberg restate ${name} --all` : `psyberg restate ${name} --changed-sql`,
  };
}
