/**
 * Reports sessions to OpenLineage: one run for each, no matter how many commands it takes. Reports -> events
 * -> transports. Whatever an event needs to know about tables is looked up and sent beside the session.
 */

import { openParser, type Parser } from '../../engine/open-parser.ts';
import type { Listener, TimedPart } from '../listener.ts';
import type { Outcome, RunEvent, SessionTold } from '../port.ts';
import type { ObserverContext } from '../request.ts';
import { type EventType, type Facet, facet, type LineageEvent } from './facets.ts';
import { parentOf } from './parent.ts';
import { lineageEvent, type SessionEvent, type TablesOfSession } from './session-event.ts';
import { sessionTables } from './session-tables.ts';
import { transportSettings } from './settings.ts';
import { openTransport } from './transports.ts';

/** Throws an error in words if the settings are wrong. */
export async function openLineage(context: ObserverContext): Promise<Listener> {
  const transports = transportSettings(context).map(openTransport);
  const parser = await openParser();
  const { environment } = context;
  const around = {
    namespace: environment['OPENLINEAGE_NAMESPACE'] || 'default',
    parent: parentOf(environment),
    engine: engineFacet(parser),
  };
  const send = (event: LineageEvent): void => {
    for (const transport of transports) transport.send(event);
  };
  const queue = eventQueue((event) => send(lineageEvent(event, around)), parser);
  return {
    name: 'lineage',
    told: queue.told,
    ended: queue.ended,
    async close(signal) {
      await Promise.race([queue.settled(), new Promise((done) => signal.addEventListener('abort', done))]);
      const complaints = await Promise.all(transports.map((transport) => transport.close(signal)));
      await parser.close();
      return [queue.complaint(), ...complaints].find((complaint) => complaint !== undefined);
    },
  };
}

const engineFacet = ({ version }: Parser): Facet =>
  facet('ProcessingEngineRunFacet', { name: 'DuckDB', version: version.replace(/^v/, '') });

interface EventQueue extends Required<Pick<Listener, 'told' | 'ended'>> {
  /** Settles once every event is made. */
  settled(): Promise<void>;
  /** The reason why an event could not be made. */
  complaint(): string | undefined;
}

/** A session that began in this command and has not ended. */
interface Open {
  readonly session: SessionTold;
  readonly tables: ReturnType<typeof sessionTables>;
}

function eventQueue(send: (event: SessionEvent) => void, parser: Parser): EventQueue {
  const open = new Map<string, Open>();
  const { enqueue, settled, complaint } = madeInTurn(send);
  const tell = (type: EventType, { session, tables }: Open, more: Partial<SessionEvent> = {}): void => {
    const atMs = Date.now();
    const { project, spec, plan } = session;
    const psybergSessionId = plan.psyberg_session_id;
    enqueue(async () => ({
      ...{ type, atMs, project, spec, plan, psybergSessionId, outcome: undefined },
      ...more,
      tables: await tables(),
    }));
  };
  const end = (type: EventType, ended: Open, more?: Partial<SessionEvent>): void => {
    open.delete(ended.session.spec.processName);
    tell(type, ended, more);
  };
  const begun = (session: SessionTold): Open => ({ session, tables: sessionTables(session, parser) });
  return {
    told(event: RunEvent) {
      switch (event.kind) {
        case 'session': {
          const before = open.get(event.spec.processName);
          if (
            before !== undefined &&
            before.session.plan.psyberg_session_id !== event.plan.psyberg_session_id
          )
            end('ABORT', before, { message: 'it was planned again' });
          const now = begun(event);
          open.set(event.spec.processName, now);
          if (!event.resumed) tell('START', now);
          return;
        }
        case 'outcome':
          tellOutcome(event, { open, begun, end, enqueue });
          return;
        case 'aborted':
          end('ABORT', begun(event.session), { message: 'it was aborted' });
          return;
      }
    },
    ended({ part, session, error }: TimedPart) {
      const known = session === undefined ? undefined : open.get(session.processName);
      if (known === undefined) return;
      if (part.kind === 'stage' && (part.stage === 'load' || part.stage === 'audit') && error === undefined)
        tell('RUNNING', known);
      // A failed step or adoption has no outcome.
      else if (part.kind === 'process' && error !== undefined)
        end(isInterruption(error) ? 'ABORT' : 'FAIL', known, { message: (error as Error).message });
    },
    settled,
    complaint,
  };
}

interface Making extends Pick<EventQueue, 'settled' | 'complaint'> {
  enqueue(make: () => Promise<SessionEvent>): void;
}

/** Makes events in the order in which they were reported. */
function madeInTurn(send: (event: SessionEvent) => void): Making {
  let making: Promise<void> = Promise.resolve();
  let complaint: string | undefined;
  return {
    enqueue(make) {
      making = making.then(async () => {
        try {
          send(await make());
        } catch (error) {
          complaint ??= `lineage: an event could not be made: ${(error as Error).message}`;
        }
      });
    },
    settled: () => making,
    complaint: () => complaint,
  };
}

const isInterruption = (error: unknown): boolean => (error as { code?: unknown }).code === 'interrupted';

interface Telling {
  readonly open: ReadonlyMap<string, Open>;
  readonly begun: (session: SessionTold) => Open;
  readonly end: (type: EventType, ended: Open, more?: Partial<SessionEvent>) => void;
  readonly enqueue: (make: () => Promise<SessionEvent>) => void;
}

const NO_TABLES: TablesOfSession = { sources: new Map(), target: undefined, origins: undefined };

/**
 * Reports how a session ended. One that found nothing to do has no run; one that failed before it had a plan
 * has a failed run.
 */
function tellOutcome(
  { project, spec, outcome, session }: Extract<RunEvent, { kind: 'outcome' }>,
  { open, begun, end, enqueue }: Telling,
): void {
  const type = endOf(outcome);
  const psybergSessionId = outcome.psyberg_session_id;
  if (type === undefined || psybergSessionId === '') return;
  const known = open.get(spec.processName) ?? (session === undefined ? undefined : begun(session));
  if (known !== undefined && known.session.plan.psyberg_session_id === psybergSessionId) {
    end(type, known, { outcome });
    return;
  }
  const atMs = Date.now();
  for (const each of ['START', type] as const)
    enqueue(async () => ({
      ...{ type: each, atMs, project, spec, psybergSessionId, plan: undefined, tables: NO_TABLES },
      outcome: each === 'START' ? undefined : outcome,
    }));
}

/** Undefined while the session goes on, or if there was nothing to do. */
function endOf({ status, error }: Outcome): EventType | undefined {
  if (status === 'published') return 'COMPLETE';
  if (error === null) return undefined;
  return error.code === 'interrupted' ? 'ABORT' : 'FAIL';
}
