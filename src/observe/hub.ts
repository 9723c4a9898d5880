/**
 * Passes on what a run reports to its listeners. A report belongs to the part that is under way: Node's
 * async context carries that, so that sessions side by side are not mixed up.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Listener, SessionNames, TimedPart } from './listener.ts';
import type { Facts, Observer, Part, RunEvent } from './port.ts';
import { sessionsUnderWay } from './sessions-under-way.ts';

const underWay = new AsyncLocalStorage<TimedPart>();

/** The session for which the caller works; undefined outside of any. */
export const currentSession = (): SessionNames | undefined => underWay.getStore()?.session;

/** A command waits at most this long at its end for listeners that have not yet passed on everything. */
const CLOSE_WAIT_MS = 3_000;

/** `warn`: takes what went wrong with a listener, one line each. */
export function hub(
  listeners: readonly Listener[],
  { warn, closeWaitMs = CLOSE_WAIT_MS }: HubOptions,
): Observer {
  const listening = new Set(listeners);
  const each = (call: (listener: Listener) => void): void => {
    for (const listener of listening)
      try {
        call(listener);
      } catch (error) {
        listening.delete(listener);
        warn(`${listener.name}: stopped by an error: ${textOfError(error)}`);
      }
  };
  const sessions = sessionsUnderWay();
  return {
    listens: true,
    async during<T>(part: Part, work: () => Promise<T>, factsOf?: (result: T) => Facts): Promise<T> {
      const span = beginSpan(part, sessions.parentOf(part) ?? underWay.getStore());
      sessions.began(span);
      each((listener) => listener.began?.(span));
      try {
        const result = await underWay.run(span, work);
        if (factsOf !== undefined) span.facts = factsIn(result, factsOf);
        return result;
      } catch (error) {
        span.error = error;
        throw error;
      } finally {
        span.endedAtMs = nowMs();
        sessions.ended(span);
        each((listener) => listener.ended?.(span));
      }
    },
    tell(told) {
      const span = underWay.getStore();
      if (span?.session !== undefined) nameSession(span.session, told);
      each((listener) => listener.told?.(told, span));
    },
    async close() {
      const late = new AbortController();
      // Keeps the process alive: otherwise a command whose sinks stay silent would end without saying so.
      const timer = setTimeout(() => late.abort(), closeWaitMs);
      const ending = [...listening].map((listener) => ended(listener, late.signal));
      for (const complaint of await Promise.all(ending)) if (complaint !== undefined) warn(complaint);
      clearTimeout(timer);
      listening.clear();
    },
  };
}

export interface HubOptions {
  readonly warn: (message: string) => void;
  readonly closeWaitMs?: number;
}

/** Ends a listener within the time that the signal gives it; returns its complaint, if any. */
async function ended(listener: Listener, signal: AbortSignal): Promise<string | undefined> {
  const late = new Promise<string>((done) =>
    // A listener that heeds the signal can say better what is missing, so it may answer first.
    signal.addEventListener('abort', () =>
      setImmediate(() => done(`${listener.name}: not everything was passed on in time`)),
    ),
  );
  try {
    return await Promise.race([listener.close(signal), late]);
  } catch (error) {
    return `${listener.name}: ${textOfError(error)}`;
  }
}

/** Reads facts from a result. Never fails: reporting must not make the work fail. */
function factsIn<T>(result: T, factsOf: (result: T) => Facts): Facts {
  try {
    return factsOf(result);
  } catch {
    return {};
  }
}

const beginSpan = (part: Part, parent: TimedPart | undefined): TimedPart => ({
  part,
  parent,
  session:
    part.kind === 'process'
      ? { processName: part.processName, psybergSessionId: part.psybergSessionId }
      : parent?.session,
  startedAtMs: nowMs(),
  endedAtMs: undefined,
  error: undefined,
  facts: {},
});

/**
 * Names the session of a run. If the run plans again it becomes another session; if it failed without a
 * plan, its id is only known at its end.
 */
function nameSession(session: SessionNames, told: RunEvent): void {
  if (told.kind === 'session') session.psybergSessionId = told.plan.psyberg_session_id;
  else if (told.kind === 'outcome' && told.outcome.psyberg_session_id !== '')
    session.psybergSessionId = told.outcome.psyberg_session_id;
}

const nowMs = (): number => performance.timeOrigin + performance.now();

export const textOfError = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
