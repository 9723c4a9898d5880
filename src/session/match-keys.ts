/**
 * Finds which hours of a window hold the keys that changed. Session -> Session whose sources with a key say
 * which hours of the target change. If that cannot be told, all hours that the window reaches change, and the
 * plan says why.
 *
 * A row of the target is made from a row of a source without a window, in its hour, and of rows of the window
 * with the same key. So if no such source has the key of a changed row in an hour, nothing of that hour
 * changes. If one of those sources changed itself, its hours are computed anyway.
 */
import { changedKeys, dropKeys } from '../changes/keys/changed-keys.ts';
import { hoursOfKeys } from '../changes/keys/hours-of-keys.ts';
import { openSource } from '../changes/open-source.ts';
import { isIncomparable } from '../changes/rows/compare-rows.ts';
import { columnOf, currentSchema } from '../iceberg/event-time.ts';
import { snapshotById } from '../iceberg/history.ts';
import type { NestedField, TableMetadata } from '../iceberg/table-metadata.ts';
import { hoursOfRow, keyHours, keyReach } from '../kinds/patterns/key-hours.ts';
import { usageError } from '../model/errors.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { KeyMatch, Session, SourceState } from '../model/session.ts';
import { hoursWithKeys } from './hours-with-keys.ts';
import type { OpenSessionInput } from './session-input.ts';
import { incomparableKey, type TableWithKey, tableToRead, targetWithKey } from './tables-of-hours.ts';

/** Throws `window-key-missing`, and what reading throws. */
export async function matchKeys(input: OpenSessionInput, session: Session): Promise<Session> {
  if (session.sources.every(({ spec }) => spec.window?.key === undefined)) return session;
  const sources: SourceState[] = [];
  // One after the other: each may fill a table in the engine.
  for (const source of session.sources) sources.push(await withKey(input, session, source));
  return Object.freeze({ ...session, sources: Object.freeze(sources) });
}

async function withKey(input: OpenSessionInput, session: Session, source: SourceState): Promise<SourceState> {
  const key = source.spec.window?.key;
  const metadata = (await input.catalog.loadTableToRead(source.spec.table))?.metadata;
  if (key === undefined || metadata === undefined) return source;
  const column = keyColumn(input, metadata, { table: source.spec.table, key });
  const tables = await tablesWithKey(input, session, key);
  const known = { ...source, windowKeyId: column.id };
  if (input.adoptAt !== undefined || source.files.length === 0) return known;
  const { candidates, later } = keyHours(session, source);
  const nothing: KeyMatch = {
    hours: later,
    keys: 0,
    files: 0,
    bytes: 0n,
    candidateHours: 0,
    matchedHours: 0,
  };
  // In a first session the sources without a window are loaded whole, with all hours of their rows.
  if (candidates.length === 0 || isFirst(session)) return { ...known, matched: nothing };
  const match = await matchOf({ input, session, source, metadata, column, tables, candidates });
  return {
    ...known,
    matched: match.hours === undefined ? match : { ...match, hours: union([match.hours, later]) },
  };
}

const isFirst = ({ sources, target }: Session): boolean =>
  target.completeToHour === undefined &&
  withoutLookups(sources).every(({ watermark, start }) => watermark === undefined && start === undefined);

interface Asked {
  readonly input: OpenSessionInput;
  readonly session: Session;
  readonly source: SourceState;
  readonly metadata: TableMetadata;
  readonly column: NestedField;
  readonly tables: readonly TableWithKey[];
  readonly candidates: readonly Hour[];
}

/** The hours of the candidates that hold a key; without them, why that is not known. */
async function matchOf({
  input,
  session,
  source,
  metadata,
  column,
  tables,
  candidates,
}: Asked): Promise<KeyMatch> {
  const all = (fallback: string, read: { keys: number; files: number; bytes: bigint }): KeyMatch => ({
    fallback,
    ...read,
    candidateHours: candidates.length,
    matchedHours: candidates.length,
  });
  const unread = { keys: 0, files: 0, bytes: 0n };
  const obstacle = obstacleOf(source, column, tables);
  if (obstacle !== undefined) return all(obstacle, unread);
  const engine = await input.engine();
  const opened = openSource(engine, tableToRead(input, source.spec, metadata));
  const head = snapshotById(metadata, source.head?.snapshotId ?? -1n);
  if (head === undefined) return all('its head is gone', unread);
  const keys = await changedKeys({ source: opened, state: source, head, key: column.name });
  if ('because' in keys) return all(keys.because, unread);
  try {
    const read = { keys: keys.count, files: keys.files, bytes: keys.bytes };
    if (keys.count > input.project.windowKeyLimit)
      return all(`more keys changed than window_key_limit (${input.project.windowKeyLimit})`, read);
    return await hoursWithKeys({
      keys,
      tables,
      candidates,
      hoursIn: (table, left) =>
        hoursOfKeys({
          source: openSource(engine, table.source),
          snapshot: table.snapshot,
          key: table.column.name,
          keys: keys.table,
          candidates: left,
          reach: { ...keyReach(session, source), rowHours: table.rowHours },
        }),
    });
  } catch (error) {
    if (isIncomparable(error)) return all('the tables with the key cannot be read', unread);
    throw error;
  } finally {
    await dropKeys(opened, keys.table);
  }
}

/** Why keys cannot be compared; undefined: they can. */
function obstacleOf(
  { watermark }: SourceState,
  column: NestedField,
  tables: readonly TableWithKey[],
): string | undefined {
  // If a source was never read, all its rows are new, and none had another key before.
  if (watermark !== undefined && watermark.windowKeyId !== column.id)
    return `its rows were not read by the key ${column.name} so far`;
  return incomparableKey(column, tables);
}

const keyColumn = (
  { spec }: OpenSessionInput,
  metadata: TableMetadata,
  { table, key }: { readonly table: TableIdentifier; readonly key: string },
): NestedField => {
  const schema = currentSchema(metadata);
  const column = columnOf(schema, key);
  if (column !== undefined) return column;
  const name = tableName(table);
  throw usageError(
    'window-key-missing',
    `${name} has no column '${key}', by which a window of ${spec.processName} is to be narrowed`,
    {
      hint: `name a column that the source of the window and every source without one have, or remove the key (all hours of the window then change) in ${spec.file}; ${name} has ${schema.fields.map((field) => field.name).join(', ')}`,
      context: { process_name: spec.processName, table: name, column: key },
    },
  );
};

/** The sources without a window, which must have the key, and the target, which may. */
async function tablesWithKey(
  input: OpenSessionInput,
  session: Session,
  key: string,
): Promise<TableWithKey[]> {
  const tables: TableWithKey[] = [];
  for (const source of withoutLookups(session.sources)) {
    if (source.spec.window !== undefined) continue;
    const metadata = (await input.catalog.loadTableToRead(source.spec.table))?.metadata;
    if (metadata === undefined) continue;
    const column = keyColumn(input, metadata, { table: source.spec.table, key });
    const snapshot = snapshotById(metadata, source.head?.snapshotId ?? -1n);
    if (snapshot === undefined) continue;
    tables.push({
      name: tableName(source.spec.table),
      column,
      snapshot,
      source: tableToRead(input, source.spec, metadata),
      rowHours: hoursOfRow(session, source),
    });
  }
  const target = await targetWithKey(input, session, key);
  return target === undefined ? tables : [...tables, target];
}
