/**
 * Gives what a run tells to its listeners. What is told meanwhile belongs to the part that is under way:
 * Node's async context carries it, so that sessions side by side are not mixed up.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Listener, SessionNames, TimedPart } from './listener.ts';
import type { Facts, Observer, Part, RunEvent } from './port.ts';
import { sessionsUnderWay } from './sessions-under-way.ts';

const underWay = new AsyncLocalStorage<TimedPart>();

/** The session that the caller works for; undefined outside of any. */
export const currentSession = (): SessionNames | undefined => underWay.getStore()?.session;

/** How long a command waits at its end for listeners that have not passed on everything yet. */
export const CLOSE_WAIT_MS = 3_000;

/** `warn`: takes what went wrong with a listener, a line each. */
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
      // It holds the process: without it a command whose sinks are silent would end before it says so.
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

/** What a listener has to complain of at its end, within the time that the signal gives it. */
async function ended(listener: Listener, signal: AbortSignal): Promise<string | undefined> {
  const late = new Promise<string>((done) =>
    // A listener that heeds the signal says better what is missing: it has the first word.
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

/** What is told of a result is never worth failing the work. */
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

/** A run that plans anew has another session; one that failed without a plan gets its id at its end. */
function nameSession(session: SessionNames, told: RunEvent): void {
  if (told.kind === 'session') session.psybergSessionId = told.plan.psyberg_session_id;
  else if (told.kind === 'outcome' && told.outcome.psyberg_session_id !== '')
    session.psybergSessionId = told.outcome.psyberg_session_id;
}

const nowMs = (): number => performance.timeOrigin + performance.now();

export const textOfError = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
