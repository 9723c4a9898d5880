/**
 * Finds the data files that delete files apply to. Delete files + a snapshot -> its live data files under
 * them. Reads manifests.
 */
import { togetherOrSingly } from '../../engine/index.ts';
import { currentSchema, partitionTuple, processingUri } from '../../iceberg/event-time.ts';
import type { PartitionSpec, Snapshot } from '../../iceberg/table-metadata.ts';
import { type StatementRow, statement } from '../../statements/index.ts';
import { likeManifests } from '../read/like-manifests.ts';
import { type ManifestRow, ofData } from '../read/manifest-list.ts';
import { reading } from '../read/reading.ts';
import type { TableByMetadata, TableWithManifests } from '../read/table-with-manifests.ts';
import type { DeleteFile } from './row-delete-files.ts';

export interface DataFile {
  readonly path: string;
  readonly manifestPath: string;
  readonly specId: number;
  readonly partition: string;
  readonly sequenceNumber: bigint;
  readonly rows: bigint;
  /** How many NULLs are in the columns of equality deletes; undefined if the manifest does not say. */
  readonly nullKeys: bigint | undefined;
}

export interface FilesUnderInput {
  readonly source: TableWithManifests;
  readonly head: Snapshot;
}

/** Live data files of the head, up to that sequence number, to which some of the delete files apply. */
export async function filesUnder(
  input: FilesUnderInput,
  deletes: readonly DeleteFile[],
  newest: bigint,
): Promise<DataFile[]> {
  const { source } = input;
  const everywhere = deletes.some((each) => each.kind !== 'equality' || isGlobal(each, source));
  const specIds = new Set(deletes.map((each) => each.specId));
  const files = await filesBefore(input, deletes, {
    newest,
    isAsked: (manifest) => everywhere || specIds.has(manifest.partition_spec_id),
  });
  return files.filter(isUnder(deletes, source));
}

/**
 * Whether one of the delete files must be applied to a data file (Iceberg specification, "Scan Planning").
 * They are looked through once, since each of thousands would be asked of every file.
 */
export function isUnder(
  deletes: readonly DeleteFile[],
  source: TableByMetadata,
): (file: Pick<DataFile, 'path' | 'specId' | 'partition' | 'sequenceNumber'>) => boolean {
  const paths = new Set(deletes.flatMap((each) => (each.kind === 'equality' ? [] : (each.dataFiles ?? []))));
  const places = new Set<string>();
  /** The newest equality deletes: of a partition, and under an empty name those of all. */
  const newest = new Map<string, bigint>();
  for (const each of deletes) {
    const scope = scopeOf(source, each);
    if (each.kind === 'equality') {
      if ((newest.get(scope) ?? -1n) < each.sequenceNumber) newest.set(scope, each.sequenceNumber);
    } else if (each.dataFiles === undefined) places.add(scope);
  }
  return (file) => {
    const place = partitionKeyOf(file);
    return (
      paths.has(file.path) ||
      places.has(place) ||
      ['', place].some((of) => (newest.get(of) ?? -1n) > file.sequenceNumber)
    );
  };
}

/** The same the other way round: of each delete file the data files to which it applies. */
export function filesUnderEach(
  files: readonly DataFile[],
  source: TableByMetadata,
): (deletes: DeleteFile) => readonly DataFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const byPlace = Map.groupBy(files, partitionKeyOf);
  return (each) => {
    if (each.kind !== 'equality' && each.dataFiles !== undefined)
      return each.dataFiles.flatMap((path) => byPath.get(path) ?? []);
    const scope = scopeOf(source, each);
    const there = scope === '' ? files : (byPlace.get(scope) ?? []);
    return each.kind === 'equality'
      ? there.filter((file) => file.sequenceNumber < each.sequenceNumber)
      : there;
  };
}

/** A partition of a spec, as a key. */
export const partitionKeyOf = ({
  specId,
  partition,
}: {
  readonly specId: number;
  readonly partition: DataFile['partition'] | DeleteFile['partition'];
}): string => `${specId} ${typeof partition === 'string' ? partition : JSON.stringify(partition)}`;

/** The partition in which a delete file applies; empty: in all of them. */
export const scopeOf = (source: TableByMetadata, file: DeleteFile): string =>
  file.kind === 'equality' && isGlobal(file, source) ? '' : partitionKeyOf(file);

/** Data files that are older than one of the equality deletes, in whichever partition. */
export const filesOlderThan = (
  source: TableWithManifests,
  head: Snapshot,
  deletes: readonly DeleteFile[],
): Promise<DataFile[]> =>
  filesBefore({ source, head }, deletes, { newest: head['sequence-number'] ?? 0n, isAsked: () => true });

/**
 * Data files that one of the delete files names, or that are older than an equality delete of any partition.
 */
async function filesBefore(
  { source, head }: FilesUnderInput,
  deletes: readonly DeleteFile[],
  asked: { readonly newest: bigint; readonly isAsked: (manifest: ManifestRow) => boolean },
): Promise<DataFile[]> {
  if (deletes.length === 0) return [];
  const manifests = ofData(await source.manifestsOf(head)).filter(asked.isAsked);
  const greatest = deletes.reduce(
    (number, each) =>
      each.kind === 'equality' && each.sequenceNumber > number ? each.sequenceNumber : number,
    0n,
  );
  const files: DataFile[] = [];
  for (const { specId, paths } of likeManifests(manifests)) {
    const rows = await reading(
      source,
      head,
      () => readAffected({ source, head }, paths, { deletes, greatest, newest: asked.newest }),
      paths,
    );
    for (const row of rows)
      files.push({
        path: row.path,
        manifestPath: row.manifest_path,
        specId,
        partition: partitionText(source, specId, row.partition),
        sequenceNumber: row.sequence_number,
        rows: row.rows,
        nullKeys: row.null_keys ?? undefined,
      });
  }
  return files;
}

async function readAffected(
  { source, head }: FilesUnderInput,
  manifests: readonly string[],
  {
    deletes,
    greatest,
    newest,
  }: { readonly deletes: readonly DeleteFile[]; readonly greatest: bigint; readonly newest: bigint },
): Promise<readonly StatementRow<'changes/affected_files'>[]> {
  const keys = [...new Set(deletes.flatMap((each) => each.equalityIds))];
  return togetherOrSingly(manifests, (some) =>
    source.engine.query(statement('changes/affected_files'), {
      manifest_list: head['manifest-list'],
      manifests: some,
      paths: [...new Set(deletes.flatMap((each) => each.dataFiles ?? []))],
      equality_sequence_number: greatest,
      newest,
      key_ids: keys,
    }),
  );
}

/** Values as processing URIs write them, so that partitions written by different engines can be compared. */
function partitionText(source: TableByMetadata, specId: number, json: string | null): string {
  const spec = source.metadata['partition-specs'].find((each) => each['spec-id'] === specId);
  return JSON.stringify(processingUri(partitionTuple(json, spec), spec, currentSchema(source.metadata)));
}

/**
 * Iceberg specification, "Scan Planning": an equality delete of an unpartitioned spec applies to all
 * partitions.
 */
export function isGlobal(file: DeleteFile, source: TableByMetadata): boolean {
  const spec = source.metadata['partition-specs'].find((each) => each['spec-id'] === file.specId);
  return spec === undefined || isUnpartitioned(spec);
}

export const isUnpartitioned = ({ fields }: Pick<PartitionSpec, 'fields'>): boolean =>
  fields.every((field) => field.transform === 'void');
