/**
 * Finds fields by which DuckDB would skip files whose rows are asked for. Metadata + manifests of a snapshot
 * -> fields that it must not read. First types and transforms decide, then what the manifest list says about
 * the values, so that good tables are still pruned and a table without such fields costs nothing.
 */
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { listFields } from '../../iceberg/schema-fields.ts';
import type { NestedField, PartitionField, TableMetadata } from '../../iceberg/table-metadata.ts';
import { failsOnInfinity, hasNan, transformTrust } from '../../iceberg/trusted-transforms.ts';
import type { FieldOfSpec } from '../../iceberg/unread-fields.ts';
import { statement } from '../../statements/index.ts';
import { readEachSpec } from '../read/each-spec.ts';
import { queryBounds } from '../read/known-entries.ts';
import type { ManifestRow } from '../read/manifest-list.ts';

export interface MisleadingPartitions {
  readonly fields: readonly FieldOfSpec[];
  /** Specs whose summaries in the manifest list are misleading. */
  readonly summaries: ReadonlySet<number>;
}

interface Candidate extends FieldOfSpec {
  readonly position: number;
  readonly transform: string;
  readonly doubt: 'none' | 'before-1970' | 'nan';
}

/** @param asksForInfinity whether the reader may compare columns with `infinity`. */
export async function misleadingPartitions(
  engine: Engine,
  {
    metadata,
    manifestList,
    manifests,
    asksForInfinity,
    columns = currentSchema(metadata).fields,
  }: {
    readonly metadata: TableMetadata;
    readonly manifestList: string;
    /** The list's live manifests. */
    readonly manifests: readonly ManifestRow[];
    readonly asksForInfinity: boolean;
    /** Columns that the reader may compare with something; default: all. */
    readonly columns?: readonly NestedField[];
  },
): Promise<MisleadingPartitions> {
  const live = new Set(manifests.map((manifest) => manifest.partition_spec_id));
  const candidates = candidatesIn(metadata, columns, asksForInfinity).filter(({ specId }) =>
    live.has(specId),
  );
  const doubted = candidates.filter(({ doubt }) => doubt !== 'none');
  const found = doubted.length === 0 ? [] : await confirmed(engine, { metadata, manifestList, doubted });
  const misleading = [...candidates.filter(({ doubt }) => doubt === 'none'), ...found];
  return {
    // The partition value of a single file is exact even if it is NaN.
    fields: misleading.filter(({ doubt }) => doubt !== 'nan'),
    summaries: new Set(misleading.map(({ specId }) => specId)),
  };
}

/** Whether partitions by one of these columns may be misleading, as far as types and transforms tell. */
export const hasDoubtfulPartitions = (
  metadata: TableMetadata,
  columns: readonly NestedField[],
  asksForInfinity: boolean,
): boolean => candidatesIn(metadata, columns, asksForInfinity).length > 0;

function candidatesIn(
  metadata: TableMetadata,
  columns: readonly NestedField[],
  asksForInfinity: boolean,
): Candidate[] {
  const types = new Map(listFields(columns).map((field) => [field.id, field.type] as const));
  const known = new Set(listFields(currentSchema(metadata).fields).map((field) => field.id));
  return metadata['partition-specs'].flatMap((spec) =>
    spec.fields.flatMap((field, index) => {
      // DuckDB 1.5.5 fails at a field whose column was dropped (`unordered_map::at`).
      const isDropped = field.transform !== 'void' && !known.has(field['source-id']);
      const doubt = isDropped ? 'none' : doubtOf(field, types.get(field['source-id']), asksForInfinity);
      return doubt === undefined
        ? []
        : [
            {
              specId: spec['spec-id'],
              fieldId: field['field-id'],
              position: index + 1,
              transform: field.transform,
              doubt,
            },
          ];
    }),
  );
}

function doubtOf(
  { transform }: PartitionField,
  type: unknown,
  asksForInfinity: boolean,
): Candidate['doubt'] | undefined {
  if (transform === 'identity' && hasNan(type)) return 'nan';
  if (asksForInfinity && failsOnInfinity(transform, type)) return 'none';
  const trust = transformTrust(transform, type);
  return trust === 'right' ? undefined : trust === 'wrong' ? 'none' : 'before-1970';
}

interface Summary extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly content: number;
  readonly spec_id: number;
  readonly position: number;
  readonly is_before_1970: boolean | null;
  readonly has_nan: boolean | null;
}

/** Those of the fields that have values which DuckDB gets wrong. */
async function confirmed(
  engine: Engine,
  {
    metadata,
    manifestList,
    doubted,
  }: {
    readonly metadata: TableMetadata;
    readonly manifestList: string;
    readonly doubted: readonly Candidate[];
  },
): Promise<Candidate[]> {
  const summaries = await engine.query(statement('tables/partition_summaries'), {
    manifest_list: manifestList,
    fields: doubted.map(({ specId, position }) => `${specId}:${position}`),
  });
  const found: Candidate[] = [];
  for (const field of doubted) {
    const own = summaries.filter(
      (summary) => summary.spec_id === field.specId && summary.position === field.position,
    );
    if (
      field.doubt === 'nan'
        ? own.some((summary) => summary.has_nan !== false)
        : own.some((summary) => summary.is_before_1970 === true) ||
          (await isBefore1970(engine, metadata, field, own))
    )
      found.push(field);
  }
  return found;
}

/** For manifests without a summary in the list the entries tell; delete manifests count as doubtful. */
async function isBefore1970(
  engine: Engine,
  metadata: TableMetadata,
  { specId, position, transform }: Candidate,
  summaries: readonly Summary[],
): Promise<boolean> {
  const unknown = summaries.filter((summary) => summary.is_before_1970 === null);
  if (unknown.some((summary) => summary.content === 1)) return true;
  const rows = await readEachSpec(
    metadata,
    unknown.map(({ manifest_path }) => ({ manifest_path, partition_spec_id: specId })),
    (manifests) =>
      engine.query(statement('tables/before_1970'), {
        manifests,
        partition_position: position,
        partition_transform: transform,
      }),
  );
  return rows.length > 0;
}

/**
 * Ids of those columns whose bounds hide rows or cannot be read, in any of `manifests` (data manifests):
 * floating-point numbers if NaN may be among the values, or if DuckDB 1.5.5 compares the bounds of a float in
 * a column that became a double as floats; text, binaries and UUIDs if their bounds are cut or out of order.
 */
export async function misleadingBounds(
  engine: Engine,
  {
    metadata,
    manifests,
    columns,
  }: {
    readonly metadata: TableMetadata;
    readonly manifests: readonly ManifestRow[];
    readonly columns: readonly NestedField[];
  },
): Promise<number[]> {
  const idsOf = (is: (type: unknown) => boolean): number[] =>
    columns.filter((field) => is(field.type)).map((field) => field.id);
  if (!columns.some(({ type }) => hasDoubtfulBounds(type))) return [];
  const rows = await readEachSpec(metadata, manifests, (paths) =>
    queryBounds(engine, {
      manifests: paths,
      text_ids: idsOf((type) => type === 'string'),
      byte_ids: idsOf(isOrderedByBytes),
      number_ids: idsOf(hasNan),
      double_ids: idsOf((type) => type === 'double'),
    }),
  );
  return [...new Set(rows.map((row) => row.field_id))];
}

/** Whether bounds of a type may be misleading. */
export const hasDoubtfulBounds = (type: unknown): boolean => isOrderedByBytes(type) || hasNan(type);

/** Types whose bounds are compared byte by byte. */
const isOrderedByBytes = (type: unknown): boolean =>
  typeof type === 'string' && /^(?:string|binary|uuid|fixed\b.*)$/.test(type);
