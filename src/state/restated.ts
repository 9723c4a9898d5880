/**
 * Writes and reads what a restate leaves in the summary of the snapshot that it publishes. Plan ->
 * properties, target metadata -> hours. Pure. From it a missing record can be written to the state tables,
 * and a restate of the processes below can continue.
 */
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { plannedHours } from '../model/grain.ts';
import { type Hour, hoursOf } from '../model/hour.ts';
import { intervalsOf } from '../model/hour-sets.ts';
import { type HourPair, hourPairs, rangesOfPairs } from '../model/hours-made.ts';
import type { Plan } from '../model/plan.ts';
import { SUMMARY } from './summary-keys.ts';

/** None for a session of changes. */
export function restateProperties(plan: Plan): Readonly<Record<string, string>> {
  if (plan.trigger !== 'restate') return {};
  const isAsked = plan.sources.every(({ changes, lookup }) => lookup === true || changes.length === 0);
  return {
    [SUMMARY.trigger]: plan.trigger,
    ...(plan.reason === undefined ? {} : { [SUMMARY.reason]: plan.reason }),
    ...(isAsked ? { [SUMMARY.restated]: JSON.stringify(restatedJson(plan)) } : {}),
  };
}

interface RestatedJson {
  readonly hours: readonly HourPair[];
  readonly process_sha256: string;
}

const restatedJson = (plan: Plan): RestatedJson => ({
  hours: hourPairs(intervalsOf(plannedHours(plan))),
  process_sha256: plan.process_sha256,
});

/** Whether the process published last a restate of all these hours, by this SQL. */
export function isRestated(
  target: TableMetadata,
  process: { readonly processName: string; readonly sqlSha256: string },
  hours: readonly Hour[],
): boolean {
  for (const { summary } of ancestors(target, mainSnapshot(target))) {
    if (summary?.[SUMMARY.processName] !== process.processName) continue;
    const text = summary[SUMMARY.restated];
    if (text === undefined) return false;
    const found = JSON.parse(text) as RestatedJson;
    const done = new Set(rangesOfPairs(found.hours).flatMap(hoursOf));
    return found.process_sha256 === process.sqlSha256 && hours.every((hour) => done.has(hour));
  }
  return false;
}
