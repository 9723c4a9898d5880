/** Puts a session together from its opened parts. Sources + target -> Session, frozen. Pure. */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { Session, SourceState } from '../model/session.ts';
import type { ProcessProgress } from '../state/process-progress.ts';
import type { OpenSessionInput } from './session-input.ts';
import { targetState } from './target-state.ts';

export interface OpenedParts {
  readonly sources: readonly SourceState[];
  readonly target: TableMetadata | undefined;
  readonly progress: ProcessProgress | undefined;
}

export const sessionOf = (
  { spec, psybergSessionId, nowMs }: Pick<OpenSessionInput, 'spec' | 'psybergSessionId' | 'nowMs'>,
  { sources, target, progress }: OpenedParts,
): Session =>
  Object.freeze({
    spec,
    psybergSessionId,
    openedAtMs: nowMs,
    sources: Object.freeze(sources),
    target: targetState(spec, target, progress),
  });
