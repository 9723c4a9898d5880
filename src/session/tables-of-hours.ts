/**
 * Opens tables whose rows lie in hours as sources: sources at their heads, and the target. Session input +
 * metadata -> TableOfHours, TableWithKey. Keys are looked for in some of them.
 */
import { openSource } from '../changes/open-source.ts';
import type { Source } from '../changes/source.ts';
import { firstLoad } from '../changes/verdicts/first-load.ts';
import { columnOf, currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { lastAllowedHour } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { ChangedFile, Session, SourcePosition, SourceState } from '../model/session.ts';
import { eventTimeOf } from './event-time.ts';
import type { OpenSessionInput } from './session-input.ts';

/** A table whose rows lie in hours, at one snapshot. */
export interface TableOfHours {
  readonly source: Omit<Source, 'engine' | 'manifestsOf'>;
  readonly snapshot: Snapshot;
}

/** A table whose rows say which hours depend on a key. */
export interface TableWithKey extends TableOfHours {
  readonly name: string;
  readonly column: NestedField;
  /** How many hours a row reaches beyond its first one. */
  readonly rowHours: number;
}

/** Types whose values are equal in SQL exactly when they are stored alike. */
const PLAIN_TYPES: ReadonlySet<string> = new Set([
  'boolean',
  'int',
  'long',
  'string',
  'uuid',
  'date',
  'binary',
]);

/** What values of a column are compared as; undefined: not by what is stored. */
const comparedAs = ({ type }: NestedField): string | undefined => {
  if (typeof type !== 'string') return undefined;
  if (type === 'int') return 'long';
  return PLAIN_TYPES.has(type) || /^(decimal|fixed)\b/.test(type) ? type : undefined;
};

/** Why the values of a key cannot be looked for in tables; undefined: they can. */
export function incomparableKey(key: NestedField, tables: readonly TableWithKey[]): string | undefined {
  const type = comparedAs(key);
  if (type === undefined) return `${key.name} is of a type that is not compared by its stored values`;
  const other = tables.find(({ column }) => comparedAs(column) !== type);
  return other === undefined ? undefined : `${key.name} is of another type in ${other.name}`;
}

/** The target as a source by its own event time; undefined where it does not exist, or is empty. */
export async function targetOfHours(
  input: OpenSessionInput,
  { target }: Session,
): Promise<TableOfHours | undefined> {
  const { table } = input.spec.target;
  const metadata = (await input.catalog.loadTable(table))?.metadata;
  const snapshot = metadata === undefined ? undefined : mainSnapshot(metadata);
  const any = input.spec.sources.find(({ lookup }) => lookup === undefined);
  if (metadata === undefined || snapshot === undefined || target.eventTime === undefined) return undefined;
  if (any === undefined) return undefined;
  const { eventTimeUnit: _unit, ...asSource } = {
    ...any,
    table,
    eventTime: input.spec.target.eventTime as string,
  };
  return { source: tableToRead(input, asSource, metadata), snapshot };
}

/** The target where it has a column of that name. */
export async function targetWithKey(
  input: OpenSessionInput,
  session: Session,
  key: string,
): Promise<TableWithKey | undefined> {
  const found = await targetOfHours(input, session);
  if (found === undefined) return undefined;
  const column = columnOf(currentSchema(found.source.metadata), key);
  if (column === undefined) return undefined;
  const rowHours = session.target.eventTime?.unit === 'day' ? 23 : 0;
  return { ...found, name: tableName(input.spec.target.table), column, rowHours };
}

/** A table as it is opened for reading. */
export const tableToRead = (
  input: Pick<OpenSessionInput, 'views' | 'endpoint' | 'nowMs'>,
  spec: SourceSpec,
  metadata: TableMetadata,
): TableOfHours['source'] => ({
  views: input.views,
  endpoint: input.endpoint,
  spec,
  metadata,
  eventTime: eventTimeOf(spec, metadata),
  lastAllowedHour: lastAllowedHour(input.nowMs, spec),
});

/** The live files of a source at the session's head; none of a source that is gone, or empty. */
export async function liveFiles(
  input: OpenSessionInput,
  source: SourceState,
): Promise<readonly ChangedFile[]> {
  const table = await tableAtHead(input, source);
  return table === undefined ? [] : filesOfSnapshot(input, table);
}

/** The live files of a snapshot, with their hours. Throws the errors of reading. */
export async function filesOfSnapshot(
  input: OpenSessionInput,
  { source, snapshot }: TableOfHours,
): Promise<readonly ChangedFile[]> {
  return (await firstLoad(openSource(await input.engine(), source), snapshot)).files;
}

/** A source as the session has pinned it; undefined where that snapshot is gone, or never was. */
export async function tableAtHead(
  input: Pick<OpenSessionInput, 'catalog' | 'views' | 'endpoint' | 'nowMs'>,
  { spec, head }: Pick<SourceState, 'spec'> & { readonly head?: Pick<SourcePosition, 'snapshotId'> },
): Promise<TableOfHours | undefined> {
  const metadata = (await input.catalog.loadTableToRead(spec.table))?.metadata;
  const snapshot = metadata === undefined ? undefined : snapshotById(metadata, head?.snapshotId ?? -1n);
  return metadata === undefined || snapshot === undefined
    ? undefined
    : { source: tableToRead(input, spec, metadata), snapshot };
}
