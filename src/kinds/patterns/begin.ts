/** Processes that do not begin with all rows of their sources. Session -> yes or no. Pure. */
import type { Session } from '../../model/session.ts';

/**
 * True when a source is to begin at a place that is not the beginning, and no session has published that yet.
 */
export const beginsSomewhere = (session: Session): boolean =>
  session.sources.some((source) => source.start !== undefined);

/**
 * True while a source that is to begin somewhere has no snapshot to begin after: publishing without it would
 * lose the place.
 */
export const awaitsStart = (session: Session): boolean =>
  session.sources.some(
    (source) =>
      source.spec.start.kind !== 'beginning' && source.watermark === undefined && source.head === undefined,
  );
