/**
 * Tells which hours around its own a session computes a second time, to see whether its rows depend on them.
 * Pure.
 */
import { unitHours, type WithGrain } from './grain.ts';

/** At most this many, also because what a session shows of a source with many files includes them. */
export const HOURS_AROUND = 24;

/** Up to this many rows, a session reads two more days in less than a tenth of a second. */
const FEW_ROWS = 20_000n;

/** How many hours to take before the session's first one, and after its last one. */
export const hoursAround = (plan: WithGrain, rowsRead: bigint): number =>
  rowsRead <= FEW_ROWS ? HOURS_AROUND : unitHours(plan);
