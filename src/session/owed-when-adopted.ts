/** What an adoption takes over of what is not loaded. Session -> hours of each source. Reads manifests. */
import { owedWhenAdopted } from '../kinds/patterns/adopted.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { isLookup } from '../model/lookups.ts';
import type { Session, SourceState } from '../model/session.ts';
import { refuseRowsAhead } from './hours-held.ts';
import { type LeftBehind, leftOnTarget, notesOf, owedBy, settledBy } from './left-behind.ts';
import { refuseUnknownHours } from './refuse-adoption.ts';
import { refuseOwedHours } from './refuse-skipped-rows.ts';
import type { OpenSessionInput } from './session-input.ts';
import { liveFiles } from './tables-of-hours.ts';

/** What an adoption goes on with. */
export interface AdoptionTaken {
  /** The hours that the target owes from then on, of each source. */
  readonly owed: readonly (readonly Hour[])[];
  /**
   * The last hour that processes which are gone had computed, where they owed later ones: those were never
   * computed, complete or not. Undefined where there are none.
   */
  readonly computedTo?: Hour | undefined;
  /** True where such a process owed earlier hours, too, which it had never computed. */
  readonly lacksEarlier?: boolean;
  /** See `SUMMARY.settled`. */
  readonly settled: Readonly<Record<string, readonly string[]>>;
  /** Properties of the target: what is left of the processes in whose place it stands. */
  readonly notes: Readonly<Record<string, string>>;
}

/**
 * Owed are hours in which a source has rows as of the place of the adoption, and that are not complete there;
 * and those that a process owed which was retired, or removed from the project, unless the place is said to
 * be now: that says that they are there. A process without hours can owe none: it is refused. Throws
 * `adoption-hours-unknown`, `adoption-rows-ahead` and `adoption-skips-rows`.
 */
export async function takenOver(input: OpenSessionInput, session: Session): Promise<AdoptionTaken> {
  const target = (await input.catalog.loadTable(session.spec.target.table))?.metadata;
  const all = target === undefined ? undefined : await leftOnTarget(input, target);
  const left = all?.gone ?? [];
  const settled = settledBy(left, session.spec.processName, session.sources);
  const notes = target === undefined || all === undefined ? {} : notesOf(target, all, settled);
  if (patternOf(session.spec).loadsHours)
    return {
      owed: await hoursNotComplete(input, session, left),
      settled,
      notes,
      ...computedBy(
        left,
        session.sources.filter((source) => !isThere(input, source)),
      ),
    };
  // Also of a lookup: whoever names `now` for it says that what was made with it is as it is now.
  refuseOwedHours(
    session.spec,
    left,
    session.sources.filter(({ spec }) => !input.isPlaced?.(spec) || input.adoptAt?.(spec).kind !== 'now'),
  );
  return { owed: session.sources.map(() => []), settled, notes };
}

/** Whether the place says that the target has all of a source. A lookup has no other place than now. */
const isThere = ({ adoptAt }: OpenSessionInput, source: SourceState): boolean =>
  !isLookup(source) && adoptAt?.(source.spec).kind === 'now';

/** How far the processes had come whose owed hours of these sources are taken over. */
function computedBy(
  left: readonly LeftBehind[],
  sources: readonly SourceState[],
): Pick<AdoptionTaken, 'computedTo' | 'lacksEarlier'> {
  const owing = left.filter((each) => sources.some((source) => owedBy([each], source).length > 0));
  const computed = owing.flatMap((each) => {
    const { completeToHour: last } = each.progress;
    const owesLater = sources.some((source) => owedBy([each], source).some((hour) => hour > (last ?? hour)));
    return last !== undefined && owesLater ? [last] : [];
  });
  return {
    ...(computed.length === 0 ? {} : { computedTo: Math.min(...computed) }),
    lacksEarlier: owing.some(({ progress }) => progress.announcedToHour !== undefined),
  };
}

async function hoursNotComplete(
  input: OpenSessionInput,
  session: Session,
  left: readonly LeftBehind[],
): Promise<readonly (readonly Hour[])[]> {
  const sources = await Promise.all(
    session.sources.map(async (source) =>
      isLookup(source) ? source : { ...source, files: await liveFiles(input, source) },
    ),
  );
  const owed = owedWhenAdopted({ ...session, sources }).map((hours, at) => {
    const source = session.sources[at] as SourceState;
    return isThere(input, source) ? hours : union([hours, owedBy(left, source)]);
  });
  if (owed.some((hours) => hours.length > 0)) refuseUnknownHours(input, session);
  await refuseRowsAhead(input, session, union(owed));
  return owed;
}
