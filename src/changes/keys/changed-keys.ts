/**
 * Finds the keys of rows that came, went or changed in a source since its watermark, with their hours.
 * Changed files -> a temporary table. If rows only came, two columns are read. If rows went or files were
 * rewritten, whole rows are compared: a file that is rewritten with one row changed then yields the key of
 * that row alone.
 */
import { randomUUID } from 'node:crypto';
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { type HourRange, hourIntervals } from '../../model/hour.ts';
import { intervalsOf, touchedHours } from '../../model/hour-sets.ts';
import type { SourceState } from '../../model/session.ts';
import {
  hashFragment,
  identifierFragment,
  literalFragment,
  type SqlFragment,
  statement,
  statementFragment,
  tableFragment,
} from '../../statements/index.ts';
import { refuseUnreadable } from '../../tables/deletes/equality-keys.ts';
import { liveManifestsOf, manifestsOf, ofData } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { writeChangeList } from '../../tables/write/change-list.ts';
import { hashedRow, isIncomparable, storedEventTime } from '../rows/compare-rows.ts';
import { inTemporaryFolder, withViews } from '../rows/show-views.ts';
import type { Source } from '../source.ts';
import { type FilesRead, sourceFilesOfHours } from './files-of-hours.ts';

/** A temporary table of keys and hours, and what it cost. */
export interface ChangedKeys extends FilesRead {
  readonly table: SqlFragment;
  readonly count: number;
}

/** Why the keys of a change are not known. */
export interface UnknownKeys {
  readonly because: string;
}

export interface ChangedKeysInput {
  readonly source: Source;
  readonly state: SourceState;
  readonly head: Snapshot;
  /** The column's name. */
  readonly key: string;
}

/** The keys; whoever asks drops the table. Throws what has nothing to do with the rows. */
export async function changedKeys(input: ChangedKeysInput): Promise<ChangedKeys | UnknownKeys> {
  try {
    return await inTemporaryFolder(async (directory) => {
      const came = await rowsThatCame(input, directory);
      const sides = came ?? (await rowsOfBoth(input, directory));
      return 'because' in sides ? sides : await readKeys(input, sides);
    });
  } catch (error) {
    if (isIncomparable(error))
      return { because: `the rows before and after the change cannot be compared: ${firstLine(error)}` };
    throw error;
  }
}

const firstLine = (error: unknown): string => String((error as Error).message).split('\n', 1)[0] as string;

/** Rows to count, and those to take off them. `told`: rows are compared, and told from each other. */
interface Sides extends FilesRead {
  readonly sides: readonly { readonly snapshot: Snapshot; readonly sign: 1 | -1 }[];
  readonly told: boolean;
}

async function readKeys(input: ChangedKeysInput, { sides, told, files, bytes }: Sides): Promise<ChangedKeys> {
  const { engine } = input.source;
  const table = temporaryTable();
  const named = Object.fromEntries(sides.map(({ snapshot }, index) => [`side_${index}`, snapshot]));
  const count = await withViews(input.source, named, async (shown) => {
    const changed = temporaryTable();
    const key = identifierFragment(keyColumn(input));
    const rowsOf = (index: number): SqlFragment => shown[`side_${index}`] as SqlFragment;
    await engine.execute(statement('changes/begin_changed_keys', { changed, key, rows: rowsOf(0) }));
    // One after the other: DuckDB 1.5.5 fails to plan a union of tables that have more deletes than rows.
    for (const [index, { sign }] of sides.entries())
      await addKeys(input, { changed, key, rows: rowsOf(index), sign, told });
    await engine.execute(statement('changes/end_changed_keys', { keys: table, changed }));
    await dropKeys(input.source, changed);
    const [row] = await engine.query(statement('changes/count_keys', { keys: table }));
    return Number(row?.keys ?? 0n);
  });
  return { table, count, files, bytes };
}

const temporaryTable = (): SqlFragment =>
  tableFragment('temp', { namespace: ['main'], name: `psyberg_keys_${randomUUID().replaceAll('-', '')}` });

/** The column as the table names it. */
const keyColumn = ({ source, key }: ChangedKeysInput): string =>
  columnOf(currentSchema(source.metadata), key)?.name ?? key;

export const dropKeys = (source: Pick<Source, 'engine'>, keys: SqlFragment): Promise<bigint> =>
  source.engine.execute(statement('changes/drop_keys', { keys }));

async function addKeys(
  { source, state }: ChangedKeysInput,
  {
    changed,
    key,
    rows,
    sign,
    told,
  }: {
    readonly changed: SqlFragment;
    readonly key: SqlFragment;
    readonly rows: SqlFragment;
    readonly sign: 1 | -1;
    readonly told: boolean;
  },
): Promise<void> {
  const row = hashedRow(source);
  await source.engine.execute(
    statement('changes/add_changed_keys', {
      changed,
      key,
      rows,
      stored_event_time: storedEventTime(source),
      unit: literalFragment(source.eventTime?.unit ?? 'us'),
      row_hash: told ? hashFragment(row) : statementFragment('0'),
      second_hash: told ? hashFragment(row, 'again') : statementFragment('0'),
    }),
    { ...hourIntervals(changedHours(state)), sign },
  );
}

const changedHours = ({ files }: SourceState): HourRange[] => intervalsOf(touchedHours(files));

/**
 * The files that came, where nothing else happened: looked up in the manifests that their own snapshots
 * added, since a compaction may have taken them off the head. Rows that came and went again bring keys too
 * many, and none is lost. Undefined where the rows of both sides have to be compared.
 */
async function rowsThatCame(
  { source, state, head }: ChangedKeysInput,
  directory: string,
): Promise<Sides | undefined> {
  const { engine, metadata } = source;
  if (state.files.some((file) => file.status !== 'added')) return undefined;
  let from = head;
  if (state.detectedBy === 'snapshots') {
    const destination = `${directory}/added-${randomUUID()}.avro`;
    await writeChangeList(engine, {
      manifest_lists: state.manifestLists,
      snapshot_ids: state.changes.filter(({ counted }) => counted).map(({ snapshotId }) => snapshotId),
      contents: [0],
      destination,
    });
    from = { ...head, 'manifest-list': destination };
  }
  const paths = state.files.map((file) => file.path);
  const manifests = ofData(await liveManifestsOf(engine, from));
  const view = await composeFilesView(engine, { metadata, from, manifests, files: paths, directory });
  const listed = ofData(await manifestsOf(engine, view));
  if (listed.reduce((sum, each) => sum + each.live_files, 0n) !== BigInt(paths.length)) return undefined;
  const bytes = state.files.reduce((sum, file) => sum + file.bytes, 0n);
  return { sides: [{ snapshot: view, sign: 1 }], told: false, files: paths.length, bytes };
}

/**
 * All rows of the changed hours, as they are and as they were. Which files were rewritten by whom does not
 * matter then: a row that is in both is no change, wherever it lies. Files of both are left out while no row
 * was deleted from one.
 */
async function rowsOfBoth(
  { source, state, head }: ChangedKeysInput,
  directory: string,
): Promise<Sides | UnknownKeys> {
  const { engine, metadata } = source;
  const before = snapshotById(metadata, state.watermark?.snapshotId ?? -1n);
  if (before === undefined) return { because: 'the snapshot that was read last is expired' };
  for (const snapshot of [before, head]) await refuseUnreadable(source, snapshot, { isShown: false });
  const hours = hourIntervals(changedHours(state));
  const listed = await Promise.all(
    [head, before].map(async (snapshot) => {
      const manifests = await source.manifestsOf(snapshot);
      const files = await sourceFilesOfHours(source, { snapshot, manifests, hours });
      return { snapshot, manifests, files };
    }),
  );
  const [now, then] = listed.map(({ files }) => new Set(files.map(({ path }) => path)));
  const deletes = state.files.some((file) => file.status === 'deletes');
  const isAsked = (path: string): boolean =>
    deletes || !(now?.has(path) === true && then?.has(path) === true);
  const asked = listed.map((side) => ({ ...side, files: side.files.filter(({ path }) => isAsked(path)) }));
  const views = await Promise.all(
    asked.map(({ snapshot, manifests, files }) =>
      composeFilesView(engine, {
        metadata,
        from: snapshot,
        manifests: ofData(manifests),
        files: files.map(({ path }) => path),
        directory,
        withDeletes: true,
      }),
    ),
  );
  const read = asked.flatMap(({ files }) => files);
  return {
    sides: views.map((snapshot, index) => ({ snapshot, sign: index === 0 ? 1 : -1 })),
    told: true,
    files: read.length,
    bytes: read.reduce((sum, file) => sum + file.bytes, 0n),
  };
}
