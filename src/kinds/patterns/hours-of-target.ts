/** Finds the hours that a process has computed, from what its sources hold. Session -> hours. Pure. */
import { wholeUnits } from '../../model/grain.ts';
import { type Hour, hoursOf } from '../../model/hour.ts';
import { withoutLookups } from '../../model/lookups.ts';
import type { ChangedFile, KeyMatch, Session, SourceState } from '../../model/session.ts';
import { patternOf } from './index.ts';
import { pending } from './pending.ts';
import { withWholeDays } from './whole-days.ts';

const NO_KEYS: KeyMatch = { hours: [], keys: 0, files: 0, bytes: 0n, candidateHours: 0, matchedHours: 0 };

/**
 * The hours that a first session would load of the sources as they are, up to the last one that the target
 * has; a query may have returned no row for some of them. `filesOf`: all live files of a source.
 */
export function hoursComputed(
  opened: Session,
  filesOf: ReadonlyMap<SourceState, readonly ChangedFile[]>,
): Hour[] {
  const { completeToHour } = opened.target;
  if (completeToHour === undefined) return [];
  const sources = withoutLookups(opened.sources).map((source) => {
    const { watermark: _read, ...unread } = source;
    return {
      ...unread,
      files: filesOf.get(source) ?? [],
      // Rows of a window with a key only reach hours in which another source has rows.
      ...(source.spec.window?.key === undefined ? {} : { matched: NO_KEYS }),
    };
  });
  const first: Session = { ...opened, sources };
  const { readsPrevious } = patternOf(opened.spec);
  const hours = wholeUnits(opened.spec, pending(readsPrevious ? first : withWholeDays(first)));
  const [firstHour] = hours;
  // Such a pattern computes hours without source rows as well.
  const computed =
    readsPrevious && firstHour !== undefined ? hoursOf({ firstHour, lastHour: completeToHour }) : hours;
  return computed.filter((hour) => hour <= completeToHour);
}
