/** Makes the summary entries that say how far a process has come. Plan -> entries of the summary. Pure. */
import { completeToHour } from '../../model/complete-to-hour.ts';
import type { Plan } from '../../model/plan.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { watermarksJson } from '../../state/tables/high-water-mark.ts';
import { announcedOtherwise } from '../../state/tables/signal.ts';

/** Which session it is, its watermarks, and up to which hour the target is complete with it. */
export function progressSummary(plan: Plan): Record<string, string> {
  const completeTo = completeToHour(plan);
  const announcedTo = completeTo === undefined ? undefined : announcedOtherwise(plan, completeTo);
  return {
    [SUMMARY.processName]: plan.process_name,
    [SUMMARY.sessionId]: plan.psyberg_session_id,
    [SUMMARY.watermarks]: JSON.stringify(watermarksJson(plan)),
    ...(completeTo === undefined ? {} : { [SUMMARY.completeToHour]: completeTo }),
    ...(announcedTo === undefined ? {} : { [SUMMARY.announcedToHour]: announcedTo ?? 'none' }),
    ...(plan.grain === undefined ? {} : { [SUMMARY.grain]: plan.grain }),
    [SUMMARY.pattern]: plan.pattern,
  };
}
