/** Who listens to a run, and what each is given. Parts -> spans. */
import type { Facts, Part, RunEvent } from './port.ts';

/** A part with its times. It is the same value when it begins and when it has ended. */
export interface TimedPart {
  readonly part: Part;
  readonly parent: TimedPart | undefined;
  /** The session that it belongs to; undefined outside of any. */
  readonly session: SessionNames | undefined;
  /** ms since 1970, with fractions. */
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  error: unknown;
  facts: Facts;
}

/** Known of a session; its id once it is planned. */
export interface SessionNames {
  readonly processName: string;
  psybergSessionId: string | undefined;
}

/**
 * A listener. None of its calls may take long, and none waits: what it sends, it sends by itself. What it
 * throws ends it, with a warning.
 */
export interface Listener {
  /** For that warning. */
  readonly name: string;
  began?(span: TimedPart): void;
  ended?(span: TimedPart): void;
  told?(told: RunEvent, span: TimedPart | undefined): void;
  /** Passes on what it still has, and gives up when the signal says so. Returns what to warn of. */
  close(signal: AbortSignal): Promise<string | undefined>;
}
