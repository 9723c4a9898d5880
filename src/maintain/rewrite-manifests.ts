/**
 * Rewrites manifests so that each holds neighbouring partitions. Table -> fewer manifests, of which readers
 * and sessions only open a few. Manifests stay small enough that an overwrite, which rewrites those it
 * touches, is cheap on a table of any size.
 */
import { randomUUID } from 'node:crypto';
import { discard } from '../files/remove.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { textFieldsOf } from '../iceberg/text-fields.ts';
import type { MaintainRecord } from '../model/maintain-record.ts';
import { tableName } from '../model/names.ts';
import { inheritedEntryFragments, partitionOrderFragment, statement } from '../statements/index.ts';
import { manifestsOf } from '../tables/read/manifest-list.ts';
import { type ManifestShape, shapesOf } from '../tables/read/manifest-shapes.ts';
import {
  declareEmptyPartitionIn,
  FILES_PER_MANIFEST,
  manifestMetadata,
  partitionColumns,
  partitionValues,
  type RewrittenManifest,
} from '../tables/write/manifest.ts';
import { metadataPath, rowLineageOf } from '../tables/write/new-files.ts';
import { commitReplacement } from './commit-replacement.ts';
import { loadTable, type MaintainContext, untilItWins } from './context.ts';
import { dropWorkTables } from './work-tables.ts';

/**
 * Rewrites if there are clearly more manifests than needed; null if the table was left alone, with a note
 * that says why.
 */
export async function rewriteTableManifests(context: MaintainContext): Promise<MaintainRecord['manifests']> {
  return untilItWins(context.ports, async () => {
    const created: string[] = [];
    try {
      return await rewriteOnce(context, created);
    } catch (error) {
      discard(created, error);
      throw error;
    } finally {
      await dropWorkTables(context.ports.engine, 'maintain_sorted');
    }
  });
}

async function rewriteOnce(
  context: MaintainContext,
  created: string[],
): Promise<MaintainRecord['manifests']> {
  const { ports, options, table, notes } = context;
  const { metadata } = await loadTable(context);
  const base = mainSnapshot(metadata);
  if (base === undefined) return { before: 0, after: 0 };
  if (metadata['format-version'] < 2) {
    notes.push('manifests not rewritten: it is of Iceberg format version 1');
    return null;
  }
  const all = await manifestsOf(ports.engine, base);
  const live = all.filter((manifest) => manifest.content === 0 && manifest.live_files > 0n);
  const replaced: string[] = [];
  const added: RewrittenManifest[] = [];
  let after = live.length;
  // Manifests of other columns stay separate: DuckDB reads several files with the columns of the first.
  for (const shape of await shapesOf(ports.engine, live)) {
    const paths = new Set(shape.paths);
    const counts = live
      .filter((manifest) => paths.has(manifest.manifest_path))
      .map((manifest) => Number(manifest.live_files));
    const files = counts.reduce((sum, count) => sum + count, 0);
    const wanted = Math.ceil(files / FILES_PER_MANIFEST);
    if (paths.size < 2 * wanted + 2 && Math.max(...counts) <= 2 * FILES_PER_MANIFEST) continue;
    after += wanted - paths.size;
    if (options.dryRun === true) continue;
    ports.onStep(`${tableName(table)}: rewrite ${paths.size} manifests as ${wanted}`);
    added.push(...(await writeSorted(context, { metadata, base, shape, files, created })));
    replaced.push(...paths);
  }
  if (added.length > 0)
    await commitReplacement(context, {
      metadata,
      base,
      replaced,
      added,
      task: 'manifests',
      created: (path) => void created.push(path),
    });
  return { before: live.length, after };
}

interface ShapedManifests {
  readonly metadata: TableMetadata;
  readonly base: Snapshot;
  readonly shape: ManifestShape;
  /** Live files in them. */
  readonly files: number;
  readonly created: string[];
}

async function writeSorted(
  { ports }: MaintainContext,
  { metadata, base, shape, files, created }: ShapedManifests,
): Promise<RewrittenManifest[]> {
  const { engine } = ports;
  const spec = metadata['partition-specs'].find(
    (each) => each['spec-id'] === shape.manifest.partition_spec_id,
  ) as PartitionSpec;
  const { manifest_format, ...entry } = inheritedEntryFragments({
    columns: shape.columns,
    partition: partitionColumns(metadata, spec),
    rowIds: rowLineageOf(metadata) !== 'none',
    textFields: textFieldsOf(currentSchema(metadata)),
  });
  await engine.execute(
    statement('maintain/sort_entries', {
      ...entry,
      partition_order: partitionOrderFragment(partitionValues(metadata, spec)),
    }),
    { manifests: shape.paths, manifest_list: base['manifest-list'] },
  );
  const added: RewrittenManifest[] = [];
  for (let first = 1; first <= files; first += FILES_PER_MANIFEST) {
    const path = metadataPath(metadata, `sorted-${randomUUID()}-m0`);
    created.push(path);
    await engine.execute(statement('maintain/write_sorted_manifest', { manifest_format }), {
      first,
      last: first + FILES_PER_MANIFEST - 1,
      destination: path,
      ...manifestMetadata(metadata, spec),
    });
    if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, path);
    added.push({ path, specId: spec['spec-id'], content: 0 });
  }
  return added;
}
