/** Tells which processes do not begin with all rows of their sources. Session -> yes or no. Pure. */
import { isLookup } from '../../model/lookups.ts';
import type { Session, SourceState } from '../../model/session.ts';

/**
 * True when a source is to begin at a place that is not the beginning, and no session has published that yet.
 */
export const beginsSomewhere = (session: Session): boolean =>
  session.sources.some((source) => source.start !== undefined);

/** The lookups that do not exist yet: without one of them no row can be computed. */
export const awaitedLookups = (session: Session): SourceState[] =>
  session.sources.filter((source) => isLookup(source) && source.awaited);

/**
 * True while a source that is to begin somewhere has no snapshot to begin after: publishing without it would
 * lose the place.
 */
export const awaitsStart = (session: Session): boolean =>
  session.sources.some(
    (source) =>
      source.spec.start.kind !== 'beginning' && source.watermark === undefined && source.head === undefined,
  );
