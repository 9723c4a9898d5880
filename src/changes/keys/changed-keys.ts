/**
 * The keys of rows that came, went or changed in a source since its watermark, with their hours. Changed
 * files -> a temporary table. Rows that only came are read in two columns. Where rows went or files were
 * rewritten, rows are compared as a whole: a file that is written anew with one row changed has the key of
 * that row alone.
 */
import { randomUUID } from 'node:crypto';
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { type HourRange, hourIntervals } from '../../model/hour.ts';
import { intervalsOf, touchedHours } from '../../model/hour-sets.ts';
import type { ChangedFile, SourceState } from '../../model/session.ts';
import {
  hashFragment,
  identifierFragment,
  literalFragment,
  listStatement,
  type SqlFragment,
  statement,
  statementFragment,
  tableFragment,
} from '../../statements/index.ts';
import { manifestsOf, type ManifestRow, ofData } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { refuseUnreadable } from '../files/equality-keys.ts';
import { hashedRow, isIncomparable, storedEventTime } from '../rows/compare-rows.ts';
import { inTemporaryFolder, withViews } from '../rows/show-views.ts';
import type { Source } from '../source.ts';
import { type FilesRead, filesOfHours } from './files-of-hours.ts';

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

const KEYS_UNKNOWN = 'the rows before and after the change cannot be compared';

/** The keys; whoever asks drops the table. Throws what has nothing to do with the rows. */
export async function changedKeys(input: ChangedKeysInput): Promise<ChangedKeys | UnknownKeys> {
  const { files, watermark } = input.state;
  const before = snapshotById(input.source.metadata, watermark?.snapshotId ?? -1n);
  const onlyCame = files.every((file) => file.status === 'added');
  if (!onlyCame && before === undefined) return { because: 'the snapshot that was read last is expired' };
  try {
    return await inTemporaryFolder((directory) =>
      readKeys(input, { directory, before: onlyCame ? undefined : before }),
    );
  } catch (error) {
    if (isIncomparable(error)) return { because: `${KEYS_UNKNOWN}: ${firstLine(error)}` };
    throw error;
  }
}

const firstLine = (error: unknown): string => String((error as Error).message).split('\n', 1)[0] as string;

interface Reading {
  readonly directory: string;
  /** Undefined where rows only came. */
  readonly before: Snapshot | undefined;
}

async function readKeys(input: ChangedKeysInput, reading: Reading): Promise<ChangedKeys | UnknownKeys> {
  const { source, state } = input;
  const added = await viewOfAdded(input, reading);
  const sides = reading.before === undefined ? undefined : await viewsOfBoth(input, reading, reading.before);
  if (added === undefined || sides === 'incomplete') return { because: KEYS_UNKNOWN };
  const table = temporaryTable();
  const views: { readonly snapshot: Snapshot; readonly sign: '1' | '-1' }[] = [
    { snapshot: added.snapshot, sign: '1' },
    ...(sides === undefined
      ? []
      : [
          { snapshot: sides.current, sign: '1' as const },
          { snapshot: sides.earlier, sign: '-1' as const },
        ]),
  ];
  const named = Object.fromEntries(views.map(({ snapshot }, index) => [`side_${index}`, snapshot]));
  const count = await withViews(source, named, async (shown) => {
    const changed = temporaryTable();
    const key = identifierFragment(keyColumn(input));
    await source.engine.execute(
      statement('changes/begin_changed_keys', {
        changed,
        key,
        rows: shown['side_0'] as SqlFragment,
      }),
    );
    const told = reading.before !== undefined;
    // One after the other: DuckDB 1.5.5 fails to plan a union of tables that have more deletes than rows.
    for (const [index, { sign }] of views.entries())
      await addKeys(source, { changed, key, rows: shown[`side_${index}`] as SqlFragment, sign, told });
    await source.engine.execute(statement('changes/end_changed_keys', { keys: table, changed }));
    await dropKeys(source, changed);
    const [row] = await source.engine.query(statement('changes/count_keys', { keys: table }));
    return Number(row?.keys ?? 0n);
  });
  const gone = state.files.filter((file) => file.status === 'removed');
  const bytes = gone.reduce((sum, file) => sum + file.bytes, added.bytes + (sides?.bytes ?? 0n));
  return { table, count, files: added.files + gone.length + (sides?.files ?? 0), bytes };
}

const temporaryTable = (): SqlFragment =>
  tableFragment('temp', { namespace: ['main'], name: `psyberg_keys_${randomUUID().replaceAll('-', '')}` });

/** The column as the table names it. */
const keyColumn = ({ source, key }: ChangedKeysInput): string =>
  columnOf(currentSchema(source.metadata), key)?.name ?? key;

export const dropKeys = (source: Pick<Source, 'engine'>, keys: SqlFragment): Promise<bigint> =>
  source.engine.execute(statement('changes/drop_keys', { keys }));

async function addKeys(
  source: Source,
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
    readonly sign: '1' | '-1';
    /** True where rows are compared, and told from each other. */
    readonly told: boolean;
  },
): Promise<void> {
  const row = hashedRow(source);
  await source.engine.execute(
    statement('changes/add_changed_keys', {
      changed,
      key,
      rows,
      sign: statementFragment(sign),
      stored_event_time: storedEventTime(source),
      unit: literalFragment(source.eventTime?.unit ?? 'us'),
      row_hash: told ? hashFragment(row) : statementFragment('0'),
      second_hash: told ? hashFragment(row, 'again') : statementFragment('0'),
    }),
    { present_hour: source.lastAllowedHour },
  );
}

interface View extends FilesRead {
  readonly snapshot: Snapshot;
}

/**
 * The files that came: looked up in the manifests that their own snapshots added, since a compaction may have
 * taken them off the head. Undefined where they are not all there.
 */
async function viewOfAdded(
  { source, state, head }: ChangedKeysInput,
  { directory }: Reading,
): Promise<View | undefined> {
  const { engine, metadata } = source;
  const added = state.files.filter((file) => file.status === 'added');
  let from = head;
  if (added.length > 0 && state.detectedBy !== 'live-files' && state.detectedBy !== 'first-load') {
    const destination = `${directory}/added-${randomUUID()}.avro`;
    const counted = state.changes.filter((change) => change.counted);
    await engine.execute(listStatement('tables/write_change_list', 'none'), {
      manifest_lists: state.manifestLists,
      snapshot_ids: counted.map((change) => change.snapshotId),
      contents: [0],
      destination,
    });
    from = { ...head, 'manifest-list': destination };
  }
  const manifests = ofData(await manifestsOf(engine, from)).filter((manifest) => manifest.live_files > 0n);
  const paths = added.map((file) => file.path);
  const snapshot = await composeFilesView(engine, { metadata, from, manifests, files: paths, directory });
  const bytes = added.reduce((sum, file) => sum + file.bytes, 0n);
  return (await holdsAll(source, snapshot, paths)) ? { snapshot, files: added.length, bytes } : undefined;
}

async function holdsAll(source: Source, view: Snapshot, paths: readonly string[]): Promise<boolean> {
  const listed = paths.length === 0 ? [] : ofData(await manifestsOf(source.engine, view));
  const found = listed.reduce((sum, each) => sum + each.live_files, 0n);
  return found === BigInt(paths.length);
}

/**
 * What else is compared: the files that went, as they were, and beside them those that lost or got back
 * single rows, as they were and as they are.
 */
async function viewsOfBoth(
  input: ChangedKeysInput,
  { directory }: Reading,
  before: Snapshot,
): Promise<(FilesRead & { readonly current: Snapshot; readonly earlier: Snapshot }) | 'incomplete'> {
  const { source, head, state } = input;
  const { engine, metadata } = source;
  await refuseUnreadable(source, before);
  await refuseUnreadable(source, head);
  const hours = hoursOfDeletes(state.files);
  const [earlier, current] = [await source.manifestsOf(before), await source.manifestsOf(head)];
  const partly = await filesIn(source, { snapshot: before, manifests: earlier, hours });
  const still = await filesIn(source, { snapshot: head, manifests: current, hours });
  const common = new Set(partly.paths.filter((path) => still.paths.includes(path)));
  const removed = state.files.filter((file) => file.status === 'removed').map((file) => file.path);
  const paths = { earlier: [...new Set([...removed, ...common])], current: [...common] };
  const viewOf = (from: Snapshot, manifests: readonly ManifestRow[], files: readonly string[]) =>
    composeFilesView(engine, {
      metadata,
      from,
      manifests: ofData(manifests),
      files,
      directory,
      withDeletes: true,
    });
  const views = {
    earlier: await viewOf(before, earlier, paths.earlier),
    current: await viewOf(head, current, paths.current),
  };
  const whole =
    (await holdsAll(source, views.earlier, paths.earlier)) &&
    (await holdsAll(source, views.current, paths.current));
  return whole ? { ...views, files: common.size, bytes: partly.bytes } : 'incomplete';
}

const hoursOfDeletes = (files: readonly ChangedFile[]): HourRange[] =>
  intervalsOf(touchedHours(files.filter((file) => file.status === 'deletes')));

async function filesIn(
  source: Source,
  {
    snapshot,
    manifests,
    hours,
  }: {
    readonly snapshot: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly hours: readonly HourRange[];
  },
): Promise<{ readonly paths: string[]; readonly bytes: bigint }> {
  if (hours.length === 0) return { paths: [], bytes: 0n };
  const files = await filesOfHours(source, { snapshot, manifests, hours: hourIntervals(hours) });
  return {
    paths: files.map((file) => file.path),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0n),
  };
}
