/**
 * Opens a source that is a folder of files: finds the files that no published session has read. SourceSpec +
 * ledger + watermark -> SourceState. The watermark counts the process's sessions that read files. Rows of the
 * ledger up to it say which files those were; they are committed with the rows of the files.
 */
import { hoursOfRows } from '../changes/files/hours-of-files.ts';
import type { Engine } from '../engine/index.ts';
import { icebergNameOf } from '../iceberg/append-columns.ts';
import { storedUnit } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import { type ChangedSinceRead, type LedgerInput, summarizeLedger, unreadAmong } from '../landing/ledger.ts';
import { listFiles } from '../landing/list-files.ts';
import { areHeld, columnsOfFiles, holdFiles, relationOf, rowsByFile } from '../landing/read-files.ts';
import { PsybergError, refusal, usageError } from '../model/errors.ts';
import {
  type FileColumns,
  type FilesSpec,
  type FilesToRead,
  type FileToRead,
  FOLDER_UUID,
  folderName,
  namesFile,
} from '../model/files-source.ts';
import { given } from '../model/given.ts';
import { type Hour, lastAllowedHour, microsecondText } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { ChangedFile, SourcePosition, SourceState, Watermark } from '../model/session.ts';
import { sqlName } from '../model/sql-name.ts';
import type { ProcessProgress } from '../state/process-progress.ts';
import { filesRelation, statement, storedEventTimeFragment } from '../statements/index.ts';
import type { OpenSessionInput } from './session-input.ts';
import { NOTHING_NEW } from './source-facts.ts';

/** A source of files. */
export type FolderSpec = SourceSpec & { readonly files: FilesSpec };

/**
 * Opens a folder. Throws `files-need-one-commit`, `files-missing`, `file-changed`, `file-ledger-lost`,
 * `file-does-not-fit`, `file-being-written` and the errors of the event time.
 */
export async function openFolder(
  input: OpenSessionInput,
  spec: FolderSpec,
  progress: ProcessProgress | undefined,
): Promise<SourceState> {
  await refuseCatalog(input, spec);
  const engine = await input.engine();
  const marks = progress?.watermarks.filter((each) => each.tableUuid === FOLDER_UUID) ?? [];
  const watermark = ownMark(input, spec, marks);
  const listed = await listFiles(engine, spec.files, input.nowMs);
  const shape = listed.at(-1)?.path ?? spec.files.emptyFile ?? null;
  if (shape === null && watermark === undefined) throw filesMissing(input, spec);
  // Sessions and files are counted for the process, not for each folder, so any watermark of a folder tells
  // them.
  const [counted] = marks;
  const ledger = await ledgerOf(input, engine, counted);
  const { known, undone, types } = await summarizeLedger(ledger, spec.files);
  const expected = counted?.totalRecords ?? 0n;
  if (known !== expected) throw ledgerLost(input, { expected, found: known });
  const files = await filesToRead(input, spec, { ledger, listed });
  const session = files.length > 0 ? ledger.session + 1n : ledger.session;
  // If another source has news, the query is run and needs the folder's columns, even if no file is new or
  // left.
  const hasColumns = shape !== null || (spec.files.columns ?? types) !== undefined;
  const isRead = files.length > 0 || (input.spec.sources.length > 1 && hasColumns);
  const rows = isRead
    ? await readRows(input, spec, { engine, files, shape, session, undone, known: types })
    : { files: [] };
  const newestHour = newestOf(rows.files, watermark?.newestHour);
  return Object.freeze({
    ...NOTHING_NEW,
    spec,
    ...given({ watermark }),
    head: headOf(input, { files, session, watermark }),
    detectedBy: 'files',
    listedBy: 'files',
    changes: files.length === 0 ? [] : [changeOf(input, session, rows.files)],
    ...rows,
    totalRecords: known + BigInt(files.length),
    ...(newestHour === undefined ? {} : { newestHour, vttsHour: newestHour }),
  });
}

/**
 * The watermark of the folder. It is found by the globs; if they were changed, only where the process has a
 * single folder.
 */
export function ownMark(
  { spec: { sources } }: OpenSessionInput,
  { table }: FolderSpec,
  marks: readonly Watermark[],
): Watermark | undefined {
  const isOnly = sources.filter(({ files }) => files !== undefined).length === 1;
  return marks.find((each) => each.table === tableName(table)) ?? (isOnly ? marks[0] : undefined);
}

/**
 * The folders of a process as one session reads them. They have one session number and one count of files in
 * the ledger, even if only one of them has new files.
 */
export function numberedTogether(sources: readonly SourceState[]): readonly SourceState[] {
  const folders = sources.filter(({ spec }) => spec.files !== undefined);
  if (folders.length < 2) return sources;
  const read = folders.reduce(
    (sum, { changes, files }) => sum + (changes.length === 0 ? 0 : files.length),
    0,
  );
  const newest = folders.reduce((left, right) =>
    (left.head as SourcePosition).snapshotId >= (right.head as SourcePosition).snapshotId ? left : right,
  );
  const [first] = folders as [SourceState];
  const known = (first.totalRecords ?? 0n) - BigInt(first.changes.length === 0 ? 0 : first.files.length);
  const { head } = newest;
  return sources.map((source) =>
    source.spec.files === undefined || head === undefined
      ? source
      : Object.freeze({
          ...source,
          head,
          totalRecords: known + BigInt(read),
          ...(source.toRead === undefined ? {} : { toRead: { ...source.toRead, session: head.snapshotId } }),
        }),
  );
}

function headOf(
  { nowMs }: OpenSessionInput,
  {
    session,
    files,
    watermark,
  }: {
    readonly session: bigint;
    readonly files: readonly FileToRead[];
    readonly watermark: Watermark | undefined;
  },
): SourcePosition {
  const committedAtMs = files.length === 0 && watermark !== undefined ? watermark.committedAtMs : nowMs;
  return { tableUuid: FOLDER_UUID, snapshotId: session, sequenceNumber: session, committedAtMs };
}

/** The ledger of the files that the process has read. */
export async function ledgerOf(
  { spec, project, catalog }: OpenSessionInput,
  engine: Engine,
  watermark: Watermark | undefined,
): Promise<LedgerInput> {
  const { fileTable } = project.tables;
  const metadata = (await catalog.loadTable(fileTable))?.metadata;
  const hasRows = metadata !== undefined && mainSnapshot(metadata) !== undefined;
  return {
    engine,
    process: spec,
    fileTable: hasRows ? fileTable : undefined,
    session: watermark?.snapshotId ?? 0n,
  };
}

/** The files to read. Throws `file-changed` where the source says so. */
async function filesToRead(
  { spec: process }: OpenSessionInput,
  spec: FolderSpec,
  { ledger, listed }: { readonly ledger: LedgerInput; readonly listed: readonly FileToRead[] },
): Promise<readonly FileToRead[]> {
  const { unread, changed } = await unreadAmong(ledger, spec.files, listed);
  if (changed.length === 0 || spec.files.onFileChange === 'ignore') return unread;
  if (spec.files.onFileChange === 'refuse') throw fileChanged(process, changed);
  return [...unread, ...changed.map(({ file }) => file)].toSorted((left, right) =>
    left.path < right.path ? -1 : 1,
  );
}

type Rows = Pick<SourceState, 'files' | 'toRead' | 'eventTimeType' | 'eventTimeUnit'>;

/** Reads the new files, and the hours of their rows. */
export async function readRows(
  input: OpenSessionInput,
  spec: FolderSpec,
  {
    engine,
    known,
    ...reading
  }: Pick<FilesToRead, 'files' | 'shape' | 'session' | 'undone'> & {
    readonly engine: Engine;
    readonly known: FileColumns | undefined;
  },
): Promise<Rows> {
  const types = await columnsOfFiles(engine, spec.files, {
    ...reading,
    known,
    ...(spec.eventTimeUnit === undefined ? { eventTime: spec.eventTime } : {}),
  });
  const toRead = {
    ...reading,
    columns: types,
    relation: relationOf(spec.alias, spec.files, { files: reading.files, columns: types }),
    withFilename: false,
  };
  if (!(await areHeld(engine, spec.files, toRead))) await holdFiles(engine, spec.files, toRead);
  const relation = filesRelation(toRead.relation);
  const columns = await engine.query(statement('landing/columns_read', { relation }));
  const hasFilename = columns.some((column) => column.column_name.toLowerCase() === 'filename');
  const withFilename = !hasFilename && namesFile(input.spec);
  const time = eventTimeOf(spec, columns);
  const common = { toRead: { ...toRead, withFilename } };
  if (time === undefined)
    return { ...common, files: changedFiles(toRead, await rowsByFile(engine, toRead.relation)) };
  const hours = await engine.query(
    statement('landing/hours_read', {
      relation,
      stored_event_time: storedEventTimeFragment(time.column, time.unit, time.type),
    }),
    { unit: time.unit },
  );
  const allowed = { lastAllowedHour: lastAllowedHour(input.nowMs, spec), unit: time.unit };
  return {
    ...common,
    eventTimeType: time.type,
    eventTimeUnit: time.unit,
    files: hoursOfRows(changedFiles(toRead, rowsIn(hours)), hours, allowed),
  };
}

/** Rows by path. */
function rowsIn(
  hours: readonly { readonly path: string; readonly rows: bigint }[],
): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>();
  for (const { path, rows } of hours) found.set(path, (found.get(path) ?? 0n) + rows);
  return found;
}

const changedFiles = (
  { files, session }: Pick<FilesToRead, 'files' | 'session'>,
  rows: ReadonlyMap<string, bigint>,
): ChangedFile[] =>
  files.map((file) => ({
    path: file.path,
    snapshotId: session,
    status: 'added',
    rows: rows.get(file.path) ?? 0n,
    bytes: file.bytes,
    partition: {},
    nullEventTimes: 0n,
  }));

const newestOf = (files: readonly ChangedFile[], before: Hour | undefined): Hour | undefined =>
  files.reduce<Hour | undefined>(
    (newest, { lastHour }) =>
      lastHour === undefined || (newest !== undefined && newest >= lastHour) ? newest : lastHour,
    before,
  );

const changeOf = (input: OpenSessionInput, session: bigint, files: readonly ChangedFile[]) => ({
  snapshotId: session,
  operation: 'append',
  committedAtMs: input.nowMs,
  counted: true,
  addedFiles: files.length,
  removedFiles: 0,
  addedRows: files.reduce((sum, file) => sum + file.rows, 0n),
  removedRows: 0n,
});

function eventTimeOf(
  spec: FolderSpec,
  columns: readonly FoundColumn[],
): { readonly column: string; readonly type: string; readonly unit: string } | undefined {
  const { eventTime } = spec;
  if (eventTime === undefined) return undefined;
  const folder = folderName(spec.files.globs);
  const found = columns.find((each) => each.column_name.toLowerCase() === eventTime.toLowerCase());
  if (found === undefined)
    throw new PsybergError('event-time-missing', `the files of ${folder} have no column '${eventTime}'`, {
      hint: `name one of their columns as event_time: ${columns.map((each) => each.column_name).join(', ')}`,
      context: { files: folder, column: eventTime },
    });
  // Parquet may store timestamps in seconds or milliseconds; they are read like those in microseconds.
  const type = icebergNameOf(found.column_type.replace(/^TIMESTAMP_M?S$/, 'TIMESTAMP'));
  const unit = type === undefined ? undefined : storedUnit(type, spec.eventTimeUnit);
  if (type === undefined || unit === undefined)
    throw new PsybergError(
      'event-time-type',
      `the event time ${found.column_name} of the files of ${folder} is read as ${found.column_type}, expected a timestamp, a date, or an integer with a unit`,
      {
        hint: `say the types at the source: ${columnsText(columns, found)}, and options: { timestampformat: … } where times are not written as ISO 8601 has it; for an integer add event_time_unit`,
        context: { files: folder, column: found.column_name },
      },
    );
  return { column: found.column_name, type, unit };
}

type FoundColumn = { readonly column_name: string; readonly column_type: string };

/** The `columns:` to write into the header: the types as found, and a timestamp for the event time. */
function columnsText(columns: readonly FoundColumn[], time: FoundColumn): string {
  const told = columns.slice(0, COLUMNS_TOLD).map((each) => {
    const type = each === time ? 'timestamptz' : each.column_type.toLowerCase();
    const plain = type === 'timestamp with time zone' ? 'timestamptz' : type;
    return `${sqlName(each.column_name)}: ${/^\w+$/.test(plain) ? plain : JSON.stringify(plain)}`;
  });
  return `columns: { ${[...told, ...(columns.length > COLUMNS_TOLD ? ['…'] : [])].join(', ')} }`;
}

const COLUMNS_TOLD = 40;

/**
 * Throws `files-need-one-commit`. A folder has no snapshots, so only the ledger tells what was read: it must
 * be committed together with the rows.
 */
export async function refuseCatalog(
  { catalog, spec: process }: OpenSessionInput,
  spec: FolderSpec,
): Promise<void> {
  if (await catalog.commitsTogether()) return;
  throw usageError(
    'files-need-one-commit',
    `${process.processName} reads files of ${folderName(spec.files.globs)}, and the catalog commits one table at a time: a session that stops between the rows and the ledger of files would have them loaded twice`,
    { hint: 'use a catalog with multi-table commits, such as the embedded one' },
  );
}

const filesMissing = ({ spec: process }: OpenSessionInput, spec: FolderSpec): PsybergError =>
  usageError('files-missing', `no file matches ${folderName(spec.files.globs)}`, {
    hint: `put files there, or correct files: in ${process.file}; paths are relative to ${spec.files.root}`,
    context: { files: folderName(spec.files.globs), process_name: process.processName },
  });

function fileChanged(
  { processName }: OpenSessionInput['spec'],
  changed: readonly ChangedSinceRead[],
): PsybergError {
  const [{ file, readBytes, readBy }] = changed as [ChangedSinceRead];
  const how =
    readBytes === file.bytes
      ? `was written to at ${microsecondText(file.modifiedAtUs)}`
      : `has ${file.bytes} bytes, and had ${readBytes}`;
  const others = changed.length === 1 ? '' : `; so have ${changed.length - 1} others`;
  return refusal(
    'file-changed',
    `the file ${file.path} ${how} since session ${readBy} of ${processName} loaded it${others}`,
    {
      hint: 'put the earlier file back with its time of modification (cp --preserve=timestamps), and what is new into a file of its own; or say at the source on_file_change: load-again (its rows are added once more, all of them) or on_file_change: ignore (they stay as they were loaded)',
      context: {
        file: file.path,
        expected_bytes: readBytes === null ? null : String(readBytes),
        found_bytes: String(file.bytes),
        psyberg_session_id: readBy,
        files: changed.length,
      },
    },
  );
}

export function ledgerLost(
  { spec, project }: OpenSessionInput,
  { expected, found }: { readonly expected: bigint; readonly found: bigint },
): PsybergError {
  const [ledger, target] = [tableName(project.tables.fileTable), tableName(spec.target.table)];
  return refusal(
    'file-ledger-lost',
    `${ledger} holds ${found} of the ${expected} files that ${spec.processName} has read: which of the files that are there were read, nobody knows`,
    {
      hint: `bring its rows back (roll ${ledger} back to a snapshot that has them), or drop ${target} and run again to load all files that are there`,
      context: { process_name: spec.processName, expected: String(expected), found: String(found) },
    },
  );
}
