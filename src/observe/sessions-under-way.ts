/**
 * Keeps the current part of each session. Spans -> parent of a request. For requests of DuckDB to the
 * catalog in this process: they come from DuckDB's own threads, without any context.
 */
import { branchName } from '../model/session-branch.ts';
import type { SessionNames, TimedPart } from './listener.ts';
import type { Part } from './port.ts';

export interface SessionsUnderWay {
  began(span: TimedPart): void;
  ended(span: TimedPart): void;
  /** Undefined for a part that has its own context, or if no session can be found for it. */
  parentOf(part: Part): TimedPart | undefined;
}

export function sessionsUnderWay(): SessionsUnderWay {
  const innermost = new Map<SessionNames, TimedPart>();
  return {
    began(span) {
      if (span.session !== undefined && !isOfCatalog(span)) innermost.set(span.session, span);
    },
    ended(span) {
      if (span.session === undefined || innermost.get(span.session) !== span) return;
      if (span.part.kind === 'process' || span.parent === undefined) innermost.delete(span.session);
      else innermost.set(span.session, span.parent);
    },
    parentOf(part) {
      if (part.kind !== 'request' || part.side !== 'served') return undefined;
      for (const [names, span] of innermost) if (isOfView(part.path, names)) return span;
      // A request for the warehouse itself belongs to the session that runs, if it is the only one.
      return innermost.size === 1 ? innermost.values().next().value : undefined;
    },
  };
}

/** True if the path begins with the name of the session's view, which is that of its branch. */
const isOfView = (path: string, { processName, psybergSessionId }: SessionNames): boolean =>
  psybergSessionId !== undefined && path.startsWith(`/v1/${branchName(processName, psybergSessionId)}/`);

const isOfCatalog = ({ part: { kind } }: TimedPart): boolean => kind === 'request' || kind === 'catalog-call';
