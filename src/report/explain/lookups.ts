/**
 * Describes the lookups of a plan: read whole, and changed or not since they were last used. Plan -> spans.
 * Pure.
 */
import type { Plan, PlanSource, PlanWindowKeys } from '../../model/plan.ts';
import type { Spans } from '../document.ts';
import { instantLabel, plural } from '../text.ts';
import { keysText } from './keys.ts';

/** The text after its name: what a session reads of it. */
export function lookupNews({ read, head }: PlanSource): string {
  if (head === null) return 'a lookup; no rows yet';
  return read.kind === 'snapshot'
    ? `a lookup, read whole as of snapshot ${read.snapshot_id}`
    : 'a lookup; nothing is read';
}

export function lookupFacts(source: PlanSource): [string, Spans][] {
  const { watermark, restated } = source;
  const facts: [string, string][] = [
    [
      'used last',
      watermark === null
        ? 'never'
        : `snapshot ${watermark.snapshot_id}, ${instantLabel(watermark.committed_at)}`,
    ],
  ];
  if (watermark !== null) facts.push(['changed', changeText(source)]);
  if (restated !== undefined) facts.push(['computed again', restatedText(restated)]);
  return facts.map(([name, text]) => [name, [text]]);
}

function changeText({ lookup_change: change, on_change: onChange, changes }: PlanSource): string {
  if (change == null)
    return changes.length === 0 ? 'not since then' : 'no row since then: its files were rewritten';
  const times = change.snapshots === null ? '' : ` by ${plural(change.snapshots, 'snapshot')}`;
  return onChange === 'restate'
    ? `since then${times}`
    : `since then${times}: hours that were made before keep what they have`;
}

/** The hours that are computed again for a changed lookup, and how they were found. */
function restatedText(found: PlanWindowKeys): string {
  if (found.keys === 0 && found.all_hours_because === null)
    return `all ${plural(found.hours, 'hour')} that the target has`;
  return keysText(found, 'of the target');
}

/** The changed lookups of a plan whose changes will not appear in any hour made before. */
export const ignoredChanges = ({ process_name: name, sources }: Plan): string[] =>
  sources.flatMap(({ table, on_change: onChange, lookup_change: change }) =>
    onChange === 'ignore' && change != null
      ? [
          `${name}: ${table} changed since ${instantLabel(change.since)}, as it was used last; hours made before keep what they have`,
        ]
      : [],
  );
