/**
 * The rule for a commit that may have only rewritten files, or changed few of their rows: an `overwrite`
 * with as many rows in the same hours (an update, or a compaction by a writer that does not know `replace`),
 * or an `overwrite` or `replace` of files with row-level deletes that has no more rows than before. Counts
 * and hours make it a suspect; comparing its rows decides. So planning reads the data of these files, once:
 * a rewrite that changed no row is remembered.
 */
import { currentSchema } from '../../iceberg/event-time.ts';
import { operationOf, snapshotById } from '../../iceberg/history.ts';
import type { IcebergType, NestedField, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ChangedFile } from '../../model/session.ts';
import { fileSchemaFragment, renderStatement, statement, statementFragment } from '../../statements/index.ts';
import { ofDeletes } from '../../tables/read/manifest-list.ts';
import type { SnapshotEvidence } from '../evidence.ts';
import {
  comparedHours,
  compareLiveRows,
  type DifferingHours,
  differingHours,
  inHours,
  remembering,
  rowsByHour,
} from '../rows/compare-rows.ts';
import type { Source } from '../source.ts';
import { changeOf, noNews, reasonOf, type SnapshotVerdict } from './verdict.ts';

/**
 * Applies to a suspect whose rows could be compared. It does not count if no row changed; otherwise it
 * counts only in the hours in which rows differ.
 */
export const rewrite: SnapshotVerdict = async ({ source }, seen) => {
  const differing = await hoursOfSuspect(source, seen);
  if (differing === undefined) return undefined;
  if (differing.length === 0) return noNews(seen, comparedHours(differing));
  const reason = [reasonOf(seen), comparedHours(differing)].filter((each) => each !== undefined).join('; ');
  return {
    change: changeOf(seen, { counted: true, reason }),
    files: seen.files.map((file) => inHours(file, differing, source.lastAllowedHour)),
  };
};

/** As many rows came as went, within the same hours. */
const looksRewritten = ({ snapshot, counts, files }: SnapshotEvidence): boolean =>
  operationOf(snapshot) === 'overwrite' &&
  counts.addedRows === counts.removedRows &&
  spanOf(files, 'added') === spanOf(files, 'removed');

/**
 * Whether it has no more rows than before: rewriting files with row-level deletes leaves out the deleted
 * rows.
 */
const looksRewrittenWithoutDeleted = ({ snapshot, counts, undone }: SnapshotEvidence): boolean =>
  ['overwrite', 'replace'].includes(operationOf(snapshot)) &&
  (undone ? counts.removedRows <= counts.addedRows : counts.addedRows <= counts.removedRows);

function spanOf(files: readonly ChangedFile[], status: ChangedFile['status']): string {
  const own = files.filter((file) => file.status === status && file.rows > 0n);
  const least = own.reduce((hour, file) => Math.min(hour, file.firstHour ?? hour), Number.POSITIVE_INFINITY);
  const greatest = own.reduce(
    (hour, file) => Math.max(hour, file.lastHour ?? hour, ...(file.futureHours ?? [])),
    Number.NEGATIVE_INFINITY,
  );
  return `${least}:${greatest}`;
}

/**
 * The hours in which a suspect's rows differ. Undefined if the commit is no suspect, or its rows cannot be
 * compared: it then counts with all its hours.
 */
async function hoursOfSuspect(source: Source, seen: SnapshotEvidence): Promise<DifferingHours[] | undefined> {
  const { snapshot, files, undone } = seen;
  const parent = parentOf(source.metadata, snapshot);
  if (parent === undefined || seen.counts.addedRows === 0n || !looksRewrittenWithoutDeleted(seen))
    return undefined;
  const [before, after] = undone ? [snapshot, parent] : [parent, snapshot];
  return remembering(source, { before, after }, async () => {
    const manifests = [...(await source.manifestsOf(before)), ...(await source.manifestsOf(after))];
    // With row-level deletes the files alone do not tell: a deleted row is still in its file, and a rewrite
    // that kept it there would bring it back.
    if (ofDeletes(manifests).length > 0)
      return compareLiveRows(source, {
        before: { snapshot: before, files: pathsOf(files, 'removed') },
        after: { snapshot: after, files: pathsOf(files, 'added') },
      });
    return looksRewritten(seen) ? compareFiles(source, files) : undefined;
  });
}

const pathsOf = (files: readonly ChangedFile[], status: ChangedFile['status']): string[] =>
  files.filter((file) => file.status === status).map((file) => file.path);

async function compareFiles(
  source: Source,
  files: readonly ChangedFile[],
): Promise<DifferingHours[] | undefined> {
  const { metadata } = source;
  const schema = currentSchema(metadata);
  const columns = fileSchemaFragment(schema.fields);
  // read_parquet cannot be given every default value for files without the column (format version 3).
  if (columns === undefined || schema.fields.some((field) => field['initial-default'] !== undefined))
    return undefined;
  const members = schema.fields.flatMap((field) => membersOf(field.type));
  const [row] = await source.engine.query(statement('changes/unmatched_columns'), {
    files: files.map((file) => file.path),
    member_ids: members.map((member) => member.id),
    member_names: members.map((member) => member.name),
    partition_ids: identityColumns(metadata),
  });
  if (row?.unmatched !== false) return undefined;
  const stored = statementFragment(renderStatement('fragments/stored_files', { file_columns: columns }));
  const [removed, added] = [
    await rowsByHour(source, stored, pathsOf(files, 'removed')),
    await rowsByHour(source, stored, pathsOf(files, 'added')),
  ];
  return differingHours(removed, added);
}

function parentOf(metadata: TableMetadata, snapshot: Snapshot): Snapshot | undefined {
  const parent = snapshot['parent-snapshot-id'];
  return parent === undefined ? undefined : snapshotById(metadata, parent);
}

const identityColumns = (metadata: TableMetadata): number[] => [
  ...new Set(
    metadata['partition-specs'].flatMap((spec) =>
      spec.fields.filter((field) => field.transform === 'identity').map((field) => field['source-id']),
    ),
  ),
];

/** The members of structs within a type: DuckDB finds them by name. */
function membersOf(type: IcebergType): NestedField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields.flatMap((field) => [field, ...membersOf(field.type)]);
  return type.type === 'list' ? membersOf(type.element) : [...membersOf(type.key), ...membersOf(type.value)];
}
