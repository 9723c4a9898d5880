/**
 * Finds the files of a state table that are replaced by what a session writes. Live files + what is written
 * -> replaced files.
 */
import type { Engine } from '../engine/index.ts';
import { statement } from '../statements/index.ts';
import type { LiveFile } from '../tables/write/single-manifest.ts';
import type { StateTable } from './tables/state-table.ts';

/** What of a process is replaced. */
export interface Replacing {
  readonly definition: StateTable;
  readonly processName: string;
  readonly psybergSessionId: string;
  /** True when rows of this session may be there already and are replaced. */
  readonly replacesSession: boolean;
  /** True: no row is written, and all rows of the process go. `rows` are none. */
  readonly removesProcess?: boolean;
  /** A process whose rows all go: another one has taken over what they say. */
  readonly endedProcess?: string;
  /** Of the ledger of files: the number of this session, and whether rows of later ones are there and go. */
  readonly ledger?: { readonly session: bigint; readonly undone: boolean };
}

/** What of the live files gives way to what is written. */
export async function filesThatGo(
  engine: Engine,
  live: readonly LiveFile[],
  write: Replacing,
): Promise<{
  readonly replaced: ReplacedFiles;
  /** Paths of all that go. */
  readonly removed: readonly string[];
}> {
  const pathsOf = (processName: string | undefined): string[] =>
    live.filter((file) => file.processName === processName).map(({ path }) => path);
  const own = pathsOf(write.processName);
  const replaced =
    write.removesProcess === true
      ? { files: own, holdOthers: false }
      : await replacedFiles(engine, write, own);
  return {
    replaced,
    removed: [...own.filter((path) => replaced.files.includes(path)), ...pathsOf(write.endedProcess)],
  };
}

export interface ReplacedFiles {
  readonly files: readonly string[];
  /** Whether they also hold rows that are kept. */
  readonly holdOthers: boolean;
}

/**
 * Which of a process's live files give way to the new one: all of them when they are many, else those with
 * rows that are written anew.
 */
async function replacedFiles(
  engine: Engine,
  { definition, psybergSessionId, replacesSession, ledger }: Replacing,
  live: readonly string[],
): Promise<ReplacedFiles> {
  if (live.length >= definition.filesPerProcess || (ledger?.undone === true && live.length > 0))
    return { files: live, holdOthers: definition.filesPerProcess > 1 };
  if (!replacesSession || live.length === 0) return { files: [], holdOthers: false };
  const holding = await engine.query(statement('state/files_of_session'), {
    state_files: live,
    psyberg_session_id: psybergSessionId,
  });
  return { files: holding.map((file) => file.path), holdOthers: holding.some((file) => file.holds_others) };
}
