/**
 * Limits how long a process waits in the line in front of a catalog before it commits as if there were none.
 */
export interface Patience {
  /** If a process holds the line longer, it has stopped, or its disk or store has. */
  readonly holderMs: number;
  /** The longest that anybody waits, even if the line moves. */
  readonly lineMs: number;
}

/**
 * Sixteen sessions that publish at once wait for fifteen turns. With a store a turn is a dozen requests: half
 * a second if the store answers after 30 ms, several on a busy machine. With 10 s for the whole line the last
 * of sixteen went out of turn and lost their races until they gave up (2026-11-29).
 */
export const TURN_PATIENCE: Patience = { holderMs: 20_000, lineMs: 300_000 };
