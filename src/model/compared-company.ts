/**
 * Says which hours around its own a session computes once more, to see whether its rows depend on them. Pure.
 */
import { unitHours, type WithGrain } from './grain.ts';

/** The most: what a session shows of a source of many files has them, too. */
export const HOURS_AROUND = 24;

/** Up to so many rows a session reads two days more in less than a tenth of a second. */
const FEW_ROWS = 20_000n;

/** How many hours before the session's first one, and after its last one. */
export const hoursAround = (plan: WithGrain, rowsRead: bigint): number =>
  rowsRead <= FEW_ROWS ? HOURS_AROUND : unitHours(plan);
