/**
 * Defines the shapes of request bodies of the Iceberg REST specification (1.11), for zod. Making them takes 3
 * ms (2026-11-30), so they are loaded only to read a request: most commands read none.
 */
import { z } from 'zod';
import type { IcebergType } from '../../iceberg/table-metadata.ts';
import type { ProposedSchema, TableRequirement, TableUpdate } from '../../iceberg/table-update.ts';
import type { ViewUpdate, ViewVersion } from '../../iceberg/view-metadata.ts';

/**
 * `json.ts` reads the fields of type `long` as `bigint`; a small one under another name is still a number.
 */
const long = z.union([z.int64(), z.int().transform((value) => BigInt(value))]);
/** A time or another number that fits a double. */
const number = z.union([z.int(), z.bigint().transform((value) => Number(value))]);
// Other clients keep these in 32 and 64 bits: a number beyond that would make metadata that they cannot read.
const id = z.int32();
const text = z.string();
/** Not `z.record`, which silently leaves out a property `__proto__`. */
const properties = z.custom<Record<string, string>>((value) => {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'string')
  );
}, 'Invalid input: expected an object of texts');
/**
 * An optional field may also be null: the specification does not say so, but most parsers of Apache Iceberg
 * accept it.
 */
const nullish = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);

const icebergType: z.ZodType<IcebergType> = z.lazy(() =>
  z.union([
    text,
    z.looseObject({ type: z.literal('struct'), fields: z.array(nestedField) }),
    z.looseObject({
      type: z.literal('list'),
      'element-id': id,
      element: icebergType,
      'element-required': z.boolean(),
    }),
    z.looseObject({
      type: z.literal('map'),
      'key-id': id,
      key: icebergType,
      'value-id': id,
      value: icebergType,
      'value-required': z.boolean(),
    }),
  ]),
) as z.ZodType<IcebergType>;
const nestedField = z.looseObject({
  id,
  name: text,
  required: z.boolean(),
  type: icebergType,
  doc: nullish(text),
  'initial-default': nullish(z.unknown()),
  'write-default': nullish(z.unknown()),
});
const schema = z.looseObject({
  type: z.literal('struct').default('struct'),
  'schema-id': nullish(id),
  fields: z.array(nestedField),
  'identifier-field-ids': nullish(z.array(id)),
});
const partitionSpec = z.looseObject({
  'spec-id': nullish(id),
  fields: z.array(z.looseObject({ 'source-id': id, 'field-id': nullish(id), name: text, transform: text })),
});
const sortOrder = z.looseObject({
  'order-id': nullish(id),
  fields: z.array(
    z.looseObject({
      'source-id': id,
      transform: text,
      direction: text.regex(/^(asc|desc)$/i),
      'null-order': text.regex(/^nulls-(first|last)$/i),
    }),
  ),
});
const snapshot = z.looseObject({
  'snapshot-id': long,
  'parent-snapshot-id': nullish(long),
  'sequence-number': nullish(long),
  'timestamp-ms': number,
  'manifest-list': text,
  summary: nullish(properties),
  'schema-id': nullish(id),
  'first-row-id': nullish(long),
  'added-rows': nullish(long),
});
const statisticsFile = z.looseObject({
  'snapshot-id': long,
  'statistics-path': text,
  'file-size-in-bytes': number,
  'file-footer-size-in-bytes': number,
  'blob-metadata': z.array(
    z.looseObject({ type: text, 'snapshot-id': long, 'sequence-number': long, fields: z.array(id) }),
  ),
});
const partitionStatisticsFile = z.looseObject({
  'snapshot-id': long,
  'statistics-path': text,
  'file-size-in-bytes': number,
});

const tableUpdate = z.discriminatedUnion('action', [
  z.object({ action: z.literal('assign-uuid'), uuid: text.min(1) }),
  z.object({ action: z.literal('upgrade-format-version'), 'format-version': id }),
  z.object({ action: z.literal('add-schema'), schema, 'last-column-id': nullish(id) }),
  z.object({ action: z.literal('set-current-schema'), 'schema-id': id }),
  z.object({ action: z.literal('add-spec'), spec: partitionSpec }),
  z.object({ action: z.literal('set-default-spec'), 'spec-id': id }),
  z.object({ action: z.literal('add-sort-order'), 'sort-order': sortOrder }),
  z.object({ action: z.literal('set-default-sort-order'), 'sort-order-id': id }),
  z.object({ action: z.literal('add-snapshot'), snapshot }),
  z.object({
    action: z.literal('set-snapshot-ref'),
    'ref-name': text.min(1),
    type: z.enum(['branch', 'tag']),
    'snapshot-id': long,
    'min-snapshots-to-keep': nullish(id),
    'max-snapshot-age-ms': nullish(number),
    'max-ref-age-ms': nullish(number),
  }),
  z.object({ action: z.literal('remove-snapshots'), 'snapshot-ids': z.array(long) }),
  z.object({ action: z.literal('remove-snapshot-ref'), 'ref-name': text }),
  z.object({ action: z.literal('set-location'), location: text.min(1) }),
  z.object({ action: z.literal('set-properties'), updates: properties }),
  z.object({ action: z.literal('remove-properties'), removals: z.array(text) }),
  z.object({ action: z.literal('set-statistics'), 'snapshot-id': nullish(long), statistics: statisticsFile }),
  z.object({ action: z.literal('remove-statistics'), 'snapshot-id': long }),
  z.object({
    action: z.literal('set-partition-statistics'),
    'partition-statistics': partitionStatisticsFile,
  }),
  z.object({ action: z.literal('remove-partition-statistics'), 'snapshot-id': long }),
  z.object({ action: z.literal('remove-partition-specs'), 'spec-ids': z.array(id) }),
  z.object({ action: z.literal('remove-schemas'), 'schema-ids': z.array(id) }),
  z.object({
    action: z.literal('add-encryption-key'),
    'encryption-key': z.looseObject({
      'key-id': text,
      'encrypted-key-metadata': text,
      'encrypted-by-id': nullish(text),
      properties: nullish(properties),
    }),
  }),
  z.object({ action: z.literal('remove-encryption-key'), 'key-id': text }),
]);

const tableRequirement = z.discriminatedUnion('type', [
  z.object({ type: z.literal('assert-create') }),
  z.object({ type: z.literal('assert-table-uuid'), uuid: text }),
  z.object({
    type: z.literal('assert-ref-snapshot-id'),
    ref: text,
    'snapshot-id': nullish(long).transform((value) => value ?? null),
  }),
  z.object({ type: z.literal('assert-last-assigned-field-id'), 'last-assigned-field-id': id }),
  z.object({ type: z.literal('assert-current-schema-id'), 'current-schema-id': id }),
  z.object({ type: z.literal('assert-last-assigned-partition-id'), 'last-assigned-partition-id': id }),
  z.object({ type: z.literal('assert-default-spec-id'), 'default-spec-id': id }),
  z.object({ type: z.literal('assert-default-sort-order-id'), 'default-sort-order-id': id }),
]);

const namespace = z.array(text);
const identifier = z.object({ namespace, name: text });
// The types of this project have no fields that are present but undefined; `readRequest` removes them, so the
// casts hold.
const commit = z.object({
  identifier: nullish(identifier),
  requirements: z.array(tableRequirement as unknown as z.ZodType<TableRequirement>),
  updates: z.array(tableUpdate as unknown as z.ZodType<TableUpdate>),
});

const viewVersion = z.looseObject({
  'version-id': id,
  'timestamp-ms': number,
  'schema-id': id,
  summary: properties,
  representations: z.array(z.looseObject({ type: z.literal('sql'), sql: text, dialect: text.min(1) })),
  'default-catalog': nullish(text),
  'default-namespace': namespace,
});
const viewUpdate = z.discriminatedUnion('action', [
  z.object({ action: z.literal('assign-uuid'), uuid: text.min(1) }),
  z.object({ action: z.literal('upgrade-format-version'), 'format-version': id }),
  z.object({ action: z.literal('add-schema'), schema, 'last-column-id': nullish(id) }),
  z.object({ action: z.literal('set-location'), location: text.min(1) }),
  z.object({ action: z.literal('set-properties'), updates: properties }),
  z.object({ action: z.literal('remove-properties'), removals: z.array(text) }),
  z.object({ action: z.literal('add-view-version'), 'view-version': viewVersion }),
  z.object({ action: z.literal('set-current-view-version'), 'view-version-id': id }),
]);
const viewRequirement = z.discriminatedUnion('type', [
  z.object({ type: z.literal('assert-view-uuid'), uuid: text }),
]);

/** One schema per request body. */
export const REQUESTS = {
  createView: z.object({
    name: text,
    location: nullish(text.min(1)),
    schema: schema as unknown as z.ZodType<ProposedSchema>,
    'view-version': viewVersion as unknown as z.ZodType<ViewVersion>,
    properties,
  }),
  registerView: z.object({ name: text, 'metadata-location': text.min(1) }),
  commitView: z.object({
    identifier: nullish(identifier),
    requirements: nullish(z.array(viewRequirement)),
    updates: z.array(viewUpdate as unknown as z.ZodType<ViewUpdate>),
  }),
  /** Nothing of it is kept, but a body that is no report is still refused. */
  reportMetrics: z.looseObject({ 'report-type': text }),
  createNamespace: z.object({ namespace, properties: nullish(properties) }),
  updateNamespaceProperties: z.object({ removals: nullish(z.array(text)), updates: nullish(properties) }),
  createTable: z.object({
    name: text,
    schema: schema as unknown as z.ZodType<ProposedSchema>,
    location: nullish(text.min(1)),
    'partition-spec': nullish(partitionSpec),
    'write-order': nullish(sortOrder),
    properties: nullish(properties),
    'stage-create': nullish(z.boolean()),
  }),
  registerTable: z.object({ name: text, 'metadata-location': text.min(1), overwrite: nullish(z.boolean()) }),
  renameTable: z.object({ source: identifier, destination: identifier }),
  commitTable: commit,
  commitTransaction: z.object({ 'table-changes': z.array(commit.extend({ identifier })) }),
} as const;
