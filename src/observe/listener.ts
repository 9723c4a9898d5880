/** Declares who can listen to a run, and what a listener is given. Parts -> spans. */
import type { Facts, Part, RunEvent } from './port.ts';

/** A part with its times. The same object is passed at its beginning and at its end. */
export interface TimedPart {
  readonly part: Part;
  readonly parent: TimedPart | undefined;
  /** The session to which it belongs; undefined outside of any. */
  readonly session: SessionNames | undefined;
  /** ms since 1970, with fractions. */
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  error: unknown;
  facts: Facts;
}

/** The names of a session; its id is known once it is planned. */
export interface SessionNames {
  readonly processName: string;
  psybergSessionId: string | undefined;
}

/**
 * A listener. Its calls must be quick and are not awaited: what it sends, it sends in the background. If it
 * throws, it is removed with a warning.
 */
export interface Listener {
  /** Used in that warning. */
  readonly name: string;
  began?(span: TimedPart): void;
  ended?(span: TimedPart): void;
  told?(told: RunEvent, span: TimedPart | undefined): void;
  /** Passes on what is left, and gives up when the signal aborts. Returns a warning, if any. */
  close(signal: AbortSignal): Promise<string | undefined>;
}
