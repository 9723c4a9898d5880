/** The hours that a target owes from its adoption on. Session -> hours of each source. Reads manifests. */
import { owedWhenAdopted } from '../kinds/patterns/adopted.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { isLookup } from '../model/lookups.ts';
import type { Session } from '../model/session.ts';
import { refuseRowsAhead } from './hours-held.ts';
import { owedByRetired } from './left-by-retired.ts';
import { refuseUnknownHours } from './refuse-adoption.ts';
import type { OpenSessionInput } from './session-input.ts';
import { liveFiles } from './tables-of-hours.ts';

/**
 * Hours in which a source has rows as of the place of the adoption, and that are not complete there; and
 * those that a process owed which was retired, unless the place is said to be now: that says that they are
 * there. Throws `adoption-hours-unknown` and `adoption-rows-ahead`.
 */
export async function hoursNotComplete(
  input: OpenSessionInput,
  session: Session,
): Promise<readonly (readonly Hour[])[]> {
  if (!patternOf(session.spec).loadsHours) return session.sources.map(() => []);
  const sources = await Promise.all(
    session.sources.map(async (source) =>
      isLookup(source) ? source : { ...source, files: await liveFiles(input, source) },
    ),
  );
  const target = (await input.catalog.loadTable(session.spec.target.table))?.metadata;
  const left = session.sources.map((source) =>
    // A lookup has no other place than now.
    target === undefined || (!isLookup(source) && input.adoptAt?.(source.spec).kind === 'now')
      ? []
      : owedByRetired(target, source),
  );
  const owed = owedWhenAdopted({ ...session, sources }).map((hours, at) => union([hours, left[at] ?? []]));
  if (owed.some((hours) => hours.length > 0)) refuseUnknownHours(input, session);
  await refuseRowsAhead(input, session, union(owed));
  return owed;
}
