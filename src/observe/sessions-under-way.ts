/**
 * Which part of each session is under way: for what DuckDB asks of the catalog in this process, which comes
 * from its own threads without any context. Spans -> parent of such a request.
 */
import { branchName } from '../model/session-branch.ts';
import type { SessionNames, TimedPart } from './listener.ts';
import type { Part } from './port.ts';

export interface SessionsUnderWay {
  began(span: TimedPart): void;
  ended(span: TimedPart): void;
  /** Undefined for a part that has a context of its own, or that no session can be found for. */
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
      // The warehouse itself is asked by whichever session runs, where there is one alone.
      return innermost.size === 1 ? innermost.values().next().value : undefined;
    },
  };
}

/** The path begins with the name of the session's view, which is that of its branch. */
const isOfView = (path: string, { processName, psybergSessionId }: SessionNames): boolean =>
  psybergSessionId !== undefined && path.startsWith(`/v1/${branchName(processName, psybergSessionId)}/`);

const isOfCatalog = ({ part: { kind } }: TimedPart): boolean => kind === 'request' || kind === 'catalog-call';
