/**
 * The opened sources of a session that computes hours again, with what the ledger has of their folders. Plain
 * data.
 */
import type { ChangedFile, Session, SourceState } from '../model/session.ts';

export interface RestateSources {
  readonly session: Session;
  /** Files that the ledger has of a folder, with the hours of their rows. */
  readonly recorded: ReadonlyMap<SourceState, readonly ChangedFile[]>;
}
