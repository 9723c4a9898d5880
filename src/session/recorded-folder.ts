/**
 * Opens a folder of files as of its watermark: exactly the files in the ledger, which must not have changed
 * since. SourceSpec + ledger + watermark -> SourceState.
 */
import { type RecordedFile, recordedFiles, summarizeLedger } from '../landing/ledger.ts';
import { listFiles } from '../landing/list-files.ts';
import { refusal } from '../model/errors.ts';
import { type FileToRead, FOLDER_UUID, folderName } from '../model/files-source.ts';
import type { ChangedFile, SourceState } from '../model/session.ts';
import type { ProcessProgress } from '../state/process-progress.ts';
import { type FolderSpec, ledgerLost, ledgerOf, ownMark, readRows, refuseCatalog } from './open-folder.ts';
import type { OpenSessionInput } from './session-input.ts';
import { NOTHING_NEW } from './source-facts.ts';
import { asOfWatermark } from './watermark-facts.ts';

export interface RecordedFolder {
  readonly state: SourceState;
  /** The files with the hours of their rows. */
  readonly files: readonly ChangedFile[];
}

/**
 * Undefined where the process has read nothing of it. Throws `restate-source-gone` for files that are gone or
 * were changed, and the errors of reading them.
 */
export async function recordedFolder(
  input: OpenSessionInput,
  spec: FolderSpec,
  progress: ProcessProgress,
): Promise<RecordedFolder | undefined> {
  await refuseCatalog(input, spec);
  const engine = await input.engine();
  const marks = progress.watermarks.filter((each) => each.tableUuid === FOLDER_UUID);
  const watermark = ownMark(input, spec, marks);
  if (watermark === undefined) return undefined;
  const ledger = await ledgerOf(input, engine, watermark);
  const { known, types } = await summarizeLedger(ledger, spec.files);
  const expected = watermark.totalRecords ?? 0n;
  if (known !== expected) throw ledgerLost(input, { expected, found: known });
  const recorded = await recordedFiles(ledger, spec.files);
  const listed = await listFiles(engine, spec.files, input.nowMs);
  refuseGone(input, spec, recorded, listed);
  const times = new Map(listed.map(({ path, modifiedAtUs }) => [path, modifiedAtUs]));
  const files = recorded.map(({ readBy: _readBy, modifiedAtUs, ...file }) => ({
    ...file,
    // Checked again while the file is read.
    modifiedAtUs: times.get(file.path) ?? modifiedAtUs,
  }));
  const { files: hours, ...read } =
    files.length === 0
      ? { files: [] }
      : await readRows(input, spec, {
          engine,
          files,
          shape: null,
          session: watermark.snapshotId,
          undone: false,
          known: types,
        });
  const state = Object.freeze({
    ...NOTHING_NEW,
    spec,
    detectedBy: 'files' as const,
    listedBy: 'files' as const,
    ...read,
    ...asOfWatermark(watermark),
  });
  return { state, files: hours };
}

function refuseGone(
  { spec: { processName } }: OpenSessionInput,
  { files }: FolderSpec,
  recorded: readonly RecordedFile[],
  listed: readonly FileToRead[],
): void {
  const there = new Map(listed.map((file) => [file.path, file]));
  const lost = recorded.filter((file) => !isSame(file, there.get(file.path)));
  const [first] = lost;
  if (first === undefined) return;
  const isGone = !there.has(first.path);
  const others = lost.length === 1 ? '' : `, and so are ${lost.length - 1} others`;
  throw refusal(
    'restate-source-gone',
    `the file ${first.path} that session ${first.readBy} of ${processName} loaded is ${isGone ? 'gone' : 'another one now'}${others}: what its hours were made of cannot be read again`,
    {
      hint: `put ${isGone ? 'it' : 'the earlier file'} back into ${folderName(files.globs)} as it was, with its time of modification (cp --preserve=timestamps), and restate again`,
      context: { process_name: processName, file: first.path, files: lost.length, read_by: first.readBy },
    },
  );
}

/**
 * Times are compared as in `landing/new_files`: copying a file may cut its time to a second or a millisecond.
 */
const isSame = (was: FileToRead, is: FileToRead | undefined): boolean =>
  is !== undefined &&
  is.bytes === was.bytes &&
  is.etag === was.etag &&
  [1n, 1_000n, 1_000_000n].some((unit) => is.modifiedAtUs === (was.modifiedAtUs / unit) * unit);
