/** What somebody asks to be computed again, and why a session runs at all. */
import type { HourRange } from './hour.ts';

/**
 * `changes`: its sources brought something · `restate`: somebody asked for hours that were computed before,
 * by the SQL of now.
 */
export type Trigger = 'changes' | 'restate';

/** Which hours: those named, those made by another SQL than that of now, or all that the target has. */
export type HoursToRestate =
  | { readonly kind: 'hours'; readonly range: HourRange }
  | { readonly kind: 'changed-sql' }
  | { readonly kind: 'all' };

/** Why a session of a restate runs, as its record keeps it. */
export interface RestateRequest {
  /** Undefined: the process lies below a restated one, and takes up what changed in its sources. */
  readonly hours: HoursToRestate | undefined;
  readonly reason: string | undefined;
  /**
   * True when a process below has not taken up yet what was published last: where that were these hours, by
   * this SQL, the restate goes on below.
   */
  readonly goesOn?: boolean;
}
