/**
 * Compares two snapshots of a table: rows that came, went and changed. Table + snapshots -> TableDiff. Reads
 * only files that one of the two has and the other has not, so the cost follows the change. Writes nothing.
 */
import { columnOf } from '../../iceberg/event-time.ts';
import type { Schema, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { usageError } from '../../model/errors.ts';
import { parseTableName, sameTable, type TableIdentifier, tableName } from '../../model/names.ts';
import type { ProjectSpec } from '../../model/process-spec.ts';
import type { TableDiff } from '../../model/table-diff.ts';
import { producerOf } from '../../project/dependency-order.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import { eventHourFragment, type SqlFragment, type TestColumn } from '../../statements/index.ts';
import { manifestsOf, ofData } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { tablesIn } from '../../workspace/list-tables.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import { compareSides } from '../differences.ts';
import { type PinnedTable, withPinnedTables } from '../pinned-tables.ts';
import { withRowsInMemory } from '../rows-in-memory.ts';
import { filesBetween } from './files-between.ts';
import { type NamedSnapshot, namedSnapshots, type SnapshotsAsked } from './name-snapshots.ts';
import { noDifference, pairRows } from './pair-rows.ts';
import { schemaNotes } from './schema-notes.ts';

export interface DiffRequest extends SnapshotsAsked {
  /** Columns that identify a row; default: those of a `unique` audit, or the table's identifier fields. */
  readonly key?: readonly string[];
  /** At most this many rows of each kind in the sample; default: 10. */
  readonly sampleRows?: number;
}

const SAMPLE_ROWS = 10;

/** Throws `table-missing`, `snapshot-unknown`, `key-unknown`, `usage` and the errors of reading. */
export async function diffTable(
  workspace: Workspace,
  name: string,
  request: DiffRequest,
): Promise<TableDiff> {
  const table = parseTableName(name);
  const metadata = (await workspace.client.loadTableToRead(table))?.metadata;
  if (metadata === undefined) throw await tableMissing(workspace, table);
  const { from, to } = namedSnapshots(tableName(table), metadata, request);
  const schema = schemaOf(metadata, to.snapshot ?? from.snapshot);
  const key = keyOf(workspace.project, table, schema, request.key);
  const head = {
    table: tableName(table),
    from: idOf(from),
    to: idOf(to),
    from_name: from.name,
    to_name: to.name,
    key: key ?? null,
  };
  const notes = schemaNotes(schemaOf(metadata, from.snapshot), schemaOf(metadata, to.snapshot));
  if (from.snapshot?.['snapshot-id'] === to.snapshot?.['snapshot-id'])
    return { ...head, ...noDifference, files: { from: 0, to: 0, shared: 0 }, notes };
  const engine = await workspace.engine();
  workspace.onStep(`${name}: looks for files that differ`);
  const files = await filesBetween(engine, metadata, { from: from.snapshot, to: to.snapshot });
  const read = { from: files.from.length, to: files.to.length, shared: files.shared };
  const found = await withRowsInMemory(engine, (memory) =>
    withPinnedTables(workspace, 'diff', async (pinned) => {
      const side = async (as: 'from' | 'to', { snapshot }: NamedSnapshot): Promise<PinnedTable> => ({
        ...{ name: as, table, metadata, schemaId: schema['schema-id'] },
        snapshot: await onlyFiles(engine, {
          metadata,
          snapshot,
          files: files[as],
          directory: pinned.directory,
        }),
      });
      await pinned.show([await side('from', from), await side('to', to)]);
      const { columns } = await memory.run('test/columns', { from: pinned.named('to') });
      workspace.onStep(`${name}: compares rows of ${read.from + read.to} files`);
      const differences = await compareSides(memory, {
        ...{ expected: pinned.named('from'), found: pinned.named('to'), columns, name: 'diff' },
        hour: hourOf(workspace.project, table, columns),
        kept: { without: [], withNone: true },
        isExact: true,
      });
      return pairRows(memory, differences, { columns, key, keptRows: request.sampleRows ?? SAMPLE_ROWS });
    }),
  );
  return { ...head, ...found, files: read, notes };
}

const idOf = ({ snapshot }: NamedSnapshot): string | null =>
  snapshot === undefined ? null : String(snapshot['snapshot-id']);

async function tableMissing(workspace: Workspace, table: TableIdentifier): Promise<Error> {
  const known = (await tablesIn(workspace)).map(tableName);
  return usageError('table-missing', `the catalog has no table ${tableName(table)}`, {
    hint: known.length === 0 ? 'the warehouse has no tables' : didYouMean(tableName(table), known, 'tables'),
    context: { table: tableName(table) },
  });
}

/** The schema that a snapshot was written with; early writers do not record it. */
function schemaOf(metadata: TableMetadata, snapshot: Snapshot | undefined): Schema {
  const id = snapshot?.['schema-id'] ?? metadata['current-schema-id'];
  const known = (of: number): Schema | undefined => metadata.schemas.find((each) => each['schema-id'] === of);
  return (known(id) ?? known(metadata['current-schema-id'])) as Schema;
}

/** Throws `key-unknown`. */
function keyOf(
  project: ProjectSpec,
  table: TableIdentifier,
  schema: Schema,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  if (asked !== undefined)
    return asked.map((name) => {
      const column = columnOf(schema, name);
      if (column !== undefined) return column.name;
      const names = schema.fields.map((field) => field.name);
      throw usageError('key-unknown', `${tableName(table)} has no column '${name}'`, {
        hint: didYouMean(name, names, 'columns'),
        context: { table: tableName(table), found: name },
      });
    });
  const audited = producerOf(project, table)
    ?.audits.flatMap((audit) => ('columns' in audit && audit.kind === 'unique' ? [audit.columns] : []))
    .at(0) as readonly string[] | undefined;
  const names = audited?.map((name) => columnOf(schema, name)?.name);
  if (names?.every((name) => name !== undefined) === true) return names as string[];
  const identifiers = schema['identifier-field-ids'] ?? [];
  const fields = identifiers.map((id) => schema.fields.find((field) => field.id === id)?.name);
  return fields.length > 0 && fields.every((name) => name !== undefined) ? (fields as string[]) : undefined;
}

/** The hour by the event time of the process that writes the table, else of one that reads it. */
function hourOf(
  project: ProjectSpec,
  table: TableIdentifier,
  columns: readonly TestColumn[],
): SqlFragment | undefined {
  const written = producerOf(project, table)?.target.eventTime;
  const read = project.processes
    .flatMap(({ sources }) => sources)
    .find((source) => sameTable(source.table, table) && source.eventTime !== undefined);
  const name = written ?? read?.eventTime;
  const column = columns.find((each) => each.name.toLowerCase() === name?.toLowerCase());
  return column === undefined
    ? undefined
    : eventHourFragment(column, written === undefined ? read?.eventTimeUnit : undefined);
}

/** Shows a snapshot with only these of its files, and what its delete files leave of them. */
async function onlyFiles(
  engine: Awaited<ReturnType<Workspace['engine']>>,
  {
    metadata,
    snapshot,
    files,
    directory,
  }: {
    readonly metadata: TableMetadata;
    readonly snapshot: Snapshot | undefined;
    readonly files: readonly string[];
    readonly directory: string;
  },
): Promise<Snapshot | undefined> {
  if (snapshot === undefined || files.length === 0) return undefined;
  const manifests = ofData(await manifestsOf(engine, snapshot)).filter(({ live_files: count }) => count > 0n);
  return composeFilesView(engine, {
    metadata,
    from: snapshot,
    manifests,
    files,
    directory,
    withDeletes: true,
  });
}
