/** Defines what somebody asks to be computed again, and why a session runs at all. */
import type { HourRange } from './hour.ts';

/**
 * `changes`: its sources brought something · `restate`: somebody asked for hours that were computed before,
 * with the current SQL.
 */
export type Trigger = 'changes' | 'restate';

/** Which hours: named ones, those made by other SQL than the current one, or all that the target has. */
export type HoursToRestate =
  | { readonly kind: 'hours'; readonly range: HourRange }
  | { readonly kind: 'changed-sql' }
  | { readonly kind: 'all' };

/** Why a session of a restate runs, as recorded. */
export interface RestateRequest {
  /** Undefined: the process lies below a restated one, and loads what changed in its sources. */
  readonly hours: HoursToRestate | undefined;
  readonly reason: string | undefined;
  /**
   * True if a process below has not yet loaded what was published last: if that was these hours, by this SQL,
   * the restate continues below.
   */
  readonly goesOn?: boolean;
}
