/**
 * Makes the summary entries about hours: which hours the session wrote, and which SQL made each hour of the
 * target. Staged session -> entries of the summary. Pure. The newest summary alone says all of it, whatever
 * expires later.
 */

import { restatesWhole } from '../../compile/index.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { plannedHours } from '../../model/grain.ts';
import type { HourRange } from '../../model/hour.ts';
import { intervalsOf } from '../../model/hour-sets.ts';
import {
  boundedRanges,
  type HoursMade,
  hourPairs,
  hoursMadeJson,
  hoursMadeOf,
  madeAfter,
} from '../../model/hours-made.ts';
import { progressInSummary } from '../../state/process-progress.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import type { Staged } from '../session.ts';

/** The hours whose rows the session has written: those of its plan. None of an adoption. */
const hoursWritten = ({ plan, adoption }: Pick<Staged, 'plan' | 'adoption'>): HourRange[] =>
  adoption !== undefined ? [] : intervalsOf(plannedHours(plan));

/** `addedRecords`: as the summary counts them. */
export function hoursSummary(
  session: Pick<Staged, 'plan' | 'adoption'>,
  { metadata, addedRecords }: { readonly metadata: TableMetadata; readonly addedRecords: string | undefined },
): Record<string, string> {
  const { plan, adoption } = session;
  const { sql } = plan;
  // A plan of an earlier release: what is known of the hours stays, and of these nothing is said.
  const before =
    sql === undefined
      ? progressInSummary(metadata, plan.process_name)?.hoursMade
      : hoursMadeOf(sql.hours_made);
  if (sql === undefined || adoption !== undefined) return before === undefined ? {} : madeEntry(before);
  const hours = hoursWritten(session);
  const made = madeAfter(before ?? [], {
    sql: { fingerprint: sql.fingerprint, textSha256: sql.text_sha256 },
    psybergSessionId: plan.psyberg_session_id,
    hours,
    replaces: restatesWhole(plan) ? 'all' : plan.target.operation === 'overwrite',
    unplaced: hours.length === 0 && addedRecords !== '0',
  });
  return {
    [SUMMARY.sqlFingerprint]: sql.fingerprint,
    [SUMMARY.hoursWritten]: JSON.stringify(hourPairs(boundedRanges(hours))),
    ...madeEntry(made),
  };
}

const madeEntry = (made: readonly HoursMade[]): Record<string, string> =>
  made.length === 0 ? {} : { [SUMMARY.hoursMade]: JSON.stringify(hoursMadeJson(made)) };
