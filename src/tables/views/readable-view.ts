/**
 * Makes views of snapshots that DuckDB would read wrongly as they are. Snapshot -> a view of it, or undefined
 * if nothing has to be corrected. Wrong bounds make DuckDB skip files whose rows are asked for, and so do
 * partition transforms that it computes otherwise than Iceberg; row counts of delete files break its
 * estimates.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { timeFieldOf } from '../../iceberg/partition-hours.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { hasNan } from '../../iceberg/trusted-transforms.ts';
import {
  canHideBounds,
  type FieldOfSpec,
  type UnreadFields,
  withoutFields,
} from '../../iceberg/unread-fields.ts';
import { refusal } from '../../model/errors.ts';
import { type TableIdentifier, tableName } from '../../model/names.ts';
import {
  fileKindFragment,
  listStatement,
  renderStatement,
  statement,
  statementFragment,
} from '../../statements/index.ts';
import { refuseUnreadable } from '../deletes/equality-keys.ts';
import { readEachSpec } from '../read/each-spec.ts';
import { queryHours } from '../read/known-entries.ts';
import { liveManifestsOf, type ManifestRow, ofData } from '../read/manifest-list.ts';
import { readableRows, shownRowIds, writeKnownRows } from '../write/compose-known.ts';
import { rewriteManifests } from '../write/manifest.ts';
import { rewrittenFragment } from '../write/manifest-list.ts';
import { rowLineageOf } from '../write/new-files.ts';
import { refuseDroppedColumns } from './dropped-columns.ts';
import { askedFolder, type ViewsFolder } from './files-view.ts';
import { misleadingBounds, misleadingPartitions } from './misleading-fields.ts';

export interface ReadableViewInput {
  readonly metadata: TableMetadata;
  readonly from: Snapshot;
  readonly table: TableIdentifier;
  /** The event-time column, whose bounds decide which files are skipped; undefined if no filter uses it. */
  readonly eventTime: { readonly fieldId: number; readonly type: string; readonly unit: string } | undefined;
  readonly directory: ViewsFolder;
  /** Whether a query may compare columns with `infinity`; see `failsOnInfinity`. */
  readonly asksForInfinity?: boolean;
  /** True if another engine reads it, which applies equality deletes as the specification says. */
  readonly readElsewhere?: boolean;
  /** Manifests that nobody will ask for, so they are left out. */
  readonly leftOut?: ReadonlySet<string>;
}

/** A snapshot to show, and the fields of it that DuckDB must not see. */
export interface ReadableView {
  readonly snapshot: Snapshot;
  readonly without?: UnreadFields;
}

/**
 * Throws `partition-column-dropped`, `equality-deletes-spread` or `equality-deletes-unreadable` if no view
 * can help.
 */
export async function composeReadableView(
  engine: Engine,
  input: ReadableViewInput,
): Promise<ReadableView | undefined> {
  const { metadata, from, table, eventTime, asksForInfinity = false, leftOut } = input;
  const unreadable = await refuseDroppedColumns(engine, {
    metadata,
    snapshot: from,
    table: tableName(table),
  });
  const all = await liveManifestsOf(engine, from);
  const unasked = all.filter((manifest) => leftOut?.has(manifest.manifest_path) === true);
  const manifests = all.filter((manifest) => !unasked.includes(manifest));
  const data = ofData(manifests);
  const misleading = await misleadingManifests(engine, data, { metadata, eventTime });
  const partitions = await misleadingPartitions(engine, {
    metadata,
    manifestList: from['manifest-list'],
    manifests,
    asksForInfinity,
  });
  // Checked for every reader, whether or not the deletes are new: the key of old ones may have been dropped
  // since.
  if (input.readElsewhere !== true)
    await refuseUnreadable(
      {
        engine,
        metadata,
        spec: { table },
        asRead: withoutFields(metadata, { partitionFields: partitions.fields, columns: [] }),
        manifestsOf: () => Promise.resolve(manifests),
      },
      from,
    );
  await refuseSpreadDeletes(engine, input, { manifests, fields: partitions.fields });
  // Numbers are hidden without looking at their bounds, so that no manifest is opened for a table without
  // texts.
  const { fields } = currentSchema(metadata);
  const numbers = fields.filter((field) => hasNan(field.type)).map((field) => field.id);
  const others = fields.filter((field) => !hasNan(field.type));
  const bounds = [
    ...numbers,
    ...(await misleadingBounds(engine, { metadata, manifests: data, columns: others })),
  ];
  const hidden = bounds.length === 0 || canHideBounds(metadata);
  const without = { partitionFields: partitions.fields, columns: hidden ? bounds : [] };
  const changed = {
    replaced: [...(hidden ? misleading : data), ...unreadable, ...unasked],
    rewrite: hidden ? misleading : data,
    withoutBoundsOf: [
      ...(eventTime === undefined || misleading.length === 0 ? [] : [eventTime.fieldId]),
      ...(hidden ? [] : bounds),
    ],
    unsummarised: [...partitions.summaries],
  };
  if (changed.replaced.length === 0 && changed.unsummarised.length === 0 && data.length === manifests.length)
    return without.columns.length === 0 ? undefined : { snapshot: from, without };
  return { snapshot: await writeView(engine, input, changed), without };
}

interface ViewChanges {
  /** Manifests that the view does not list; those that are rewritten are listed as copies. */
  readonly replaced: readonly ManifestRow[];
  readonly rewrite: readonly ManifestRow[];
  readonly withoutBoundsOf: readonly number[];
  readonly unsummarised: readonly number[];
}

async function writeView(
  engine: Engine,
  { metadata, from, directory }: ReadableViewInput,
  { replaced, rewrite, withoutBoundsOf, unsummarised }: ViewChanges,
): Promise<Snapshot> {
  const folder = await askedFolder(directory);
  const destination = (): string => `${folder}/readable-${randomUUID()}.avro`;
  const rewritten = await rewriteManifests(engine, {
    metadata,
    manifestList: from['manifest-list'],
    manifests: rewrite,
    removedFiles: [],
    keptFiles: [],
    destination,
    withoutBoundsOf,
  });
  const list = destination();
  const rows = readableRows({
    base: from['manifest-list'],
    replaced: new Set(replaced.map((manifest) => manifest.manifest_path)),
    unsummarised,
    rewritten,
    snapshotId: from['snapshot-id'],
    sequenceNumber: from['sequence-number'] ?? 0n,
  });
  if (await writeKnownRows(engine, list, rows, shownRowIds(metadata)))
    return { ...from, 'manifest-list': list };
  await engine.execute(
    listStatement('tables/write_readable_list', rowLineageOf(metadata) === 'none' ? 'none' : 'kept', {
      rewritten:
        rewritten.length === 0
          ? statementFragment(renderStatement('fragments/no_manifest_row'))
          : rewrittenFragment(rewritten),
    }),
    {
      manifest_list: from['manifest-list'],
      replaced: replaced.map((manifest) => manifest.manifest_path),
      unsummarised,
      // Only the rows of rewritten manifests name it.
      ...(rewritten.length === 0
        ? {}
        : {
            snapshot_id: from['snapshot-id'],
            sequence_number: from['sequence-number'] ?? 0n,
          }),
      destination: list,
    },
  );
  return { ...from, 'manifest-list': list };
}

/**
 * Equality deletes of a spec without fields apply to the files of all specs (Iceberg specification, "Scan
 * Planning"), so a spec that has such deletes cannot lose its fields while files of another spec are live.
 */
async function refuseSpreadDeletes(
  engine: Engine,
  { metadata, from, table }: ReadableViewInput,
  {
    manifests,
    fields,
  }: { readonly manifests: readonly ManifestRow[]; readonly fields: readonly FieldOfSpec[] },
): Promise<void> {
  const emptied = metadata['partition-specs'].filter((spec) =>
    spec.fields.every((field) =>
      fields.some(({ specId, fieldId }) => specId === spec['spec-id'] && fieldId === field['field-id']),
    ),
  );
  for (const {
    'spec-id': specId,
    fields: [field],
  } of emptied) {
    const deletes = manifests.filter(
      (manifest) => manifest.content === 1 && manifest.partition_spec_id === specId,
    );
    if (
      field === undefined ||
      deletes.length === 0 ||
      manifests.every((manifest) => manifest.content === 1 || manifest.partition_spec_id === specId)
    )
      continue;
    for (const { manifest_path: manifest } of deletes) {
      const kinds = await engine.query(statement('tables/live_deletes', { file_kind: fileKindFragment() }), {
        manifest,
      });
      if (!kinds.some(({ kind }) => kind === 'equality-deletes')) continue;
      const name = tableName(table);
      throw refusal(
        'equality-deletes-spread',
        `files of ${name} (snapshot ${from['snapshot-id']}) are partitioned by ${field.transform} as DuckDB computes it otherwise than Iceberg, under several partition specs, with equality deletes; DuckDB would read too few rows of them`,
        {
          hint: `apply the deletes with the writer of ${name} (in Spark: rewrite_data_files with 'delete-file-threshold' => '1'); nothing was moved`,
          context: { table: name, snapshot_id: from['snapshot-id'], manifest },
        },
      );
    }
  }
}

async function misleadingManifests(
  engine: Engine,
  data: readonly ManifestRow[],
  { metadata, eventTime }: Required<Pick<ReadableViewInput, 'metadata' | 'eventTime'>>,
): Promise<ManifestRow[]> {
  if (eventTime === undefined) return [];
  const rows = await readEachSpec(metadata, data, (manifests, spec) =>
    queryHours(engine, 'tables/misleading_manifests', {
      manifests,
      field_id: eventTime.fieldId,
      unit: eventTime.unit,
      type: eventTime.type,
      ...timeFieldOf(spec, eventTime.fieldId),
    }),
  );
  const found = new Set(rows.map((row) => row.manifest_path));
  return data.filter((manifest) => found.has(manifest.manifest_path));
}
