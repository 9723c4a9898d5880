/**
 * Applies updates of schemas, partition specs and sort orders, as in Apache Iceberg's
 * `TableMetadata.Builder`. Changes a draft.
 */
import { checkSource } from './derived-fields.ts';
import { invalid, LAST_ADDED, type MetadataDraft } from './metadata-draft.ts';
import { checkSchema, highestFieldId, listFields, sameSchema } from './schema-fields.ts';
import type { PartitionField, PartitionSpec, Schema, SortOrder } from './table-metadata.ts';
import type { ProposedSchema, ProposedSortOrder, UnboundPartitionSpec } from './table-update.ts';

/** Adds a schema, or finds an equal one that is already there. */
export function addSchema(draft: MetadataDraft, schema: ProposedSchema): void {
  checkSchema(schema, draft.formatVersion);
  const lastColumnId = Math.max(draft.lastColumnId, highestFieldId(schema.fields));
  const existing = draft.schemas.find((known) => sameSchema(known, schema));
  if (existing) {
    // "-1" after this must find the schema even if nothing was added.
    draft.lastAddedSchemaId = existing['schema-id'];
    return;
  }
  const id = draft.schemas.reduce((next, known) => Math.max(next, known['schema-id'] + 1), 0);
  draft.lastColumnId = lastColumnId;
  draft.schemas = [...draft.schemas, { ...schema, type: 'struct', 'schema-id': id }];
  draft.lastAddedSchemaId = id;
  draft.changed = true;
}

/** Makes a schema the current one; -1 means the one added last. */
export function setCurrentSchema(draft: MetadataDraft, schemaId: number): void {
  const id = resolveLastAdded(schemaId, draft.lastAddedSchemaId, 'schema');
  if (draft.currentSchemaId === id) return;
  if (!draft.schemas.some((schema) => schema['schema-id'] === id))
    throw invalid(`Cannot set current schema to unknown schema: ${id}`);
  draft.currentSchemaId = id;
  draft.changed = true;
}

/** Removes schemas that no reader needs any more, but never the current one. */
export function removeSchemas(draft: MetadataDraft, schemaIds: readonly number[]): void {
  if (schemaIds.includes(draft.currentSchemaId)) throw invalid('Cannot remove the current schema');
  const kept = draft.schemas.filter((schema) => !schemaIds.includes(schema['schema-id']));
  if (kept.length === draft.schemas.length) return;
  draft.schemas = kept;
  draft.changed = true;
}

/**
 * Adds a partition spec, or finds an equal one. Field ids that are missing are assigned; fields that equal
 * one of an earlier spec keep its id.
 */
export function addSpec(draft: MetadataDraft, spec: UnboundPartitionSpec): void {
  checkSpec(draft, spec);
  const existing = draft.specs.find((known) => sameSpec(known, spec));
  if (existing) {
    draft.lastAddedSpecId = existing['spec-id'];
    return;
  }
  let lastPartitionId = draft.lastPartitionId;
  const fields = spec.fields.map((field, position): PartitionField => {
    let id = field['field-id'];
    if (id === undefined && draft.formatVersion === 1) id = 1000 + position;
    // Iceberg spec, "Partition Evolution": a field that equals one of an earlier spec has the same id, so
    // that partition tuples of both specs can be compared.
    id ??= draft.specs.flatMap((known) => known.fields).find((known) => sameField(known, field))?.[
      'field-id'
    ];
    id ??= lastPartitionId + 1;
    lastPartitionId = Math.max(lastPartitionId, id);
    return { ...field, 'field-id': id };
  });
  if (new Set(fields.map((field) => field['field-id'])).size < fields.length)
    throw invalid('Cannot add partition spec: a field id is used twice');
  if (draft.formatVersion === 1 && fields.some((field, position) => field['field-id'] !== 1000 + position)) {
    throw invalid('Spec does not use sequential IDs that are required in v1');
  }
  const id = draft.specs.reduce((next, known) => Math.max(next, known['spec-id'] + 1), 0);
  draft.lastPartitionId = lastPartitionId;
  draft.specs = [...draft.specs, { 'spec-id': id, fields }];
  draft.lastAddedSpecId = id;
  draft.changed = true;
}

/** Makes a spec the default for new data; -1 means the one added last. */
export function setDefaultSpec(draft: MetadataDraft, specId: number): void {
  const id = resolveLastAdded(specId, draft.lastAddedSpecId, 'spec');
  if (draft.defaultSpecId === id) return;
  if (!draft.specs.some((spec) => spec['spec-id'] === id))
    throw invalid(`Cannot set default partition spec to unknown spec: ${id}`);
  draft.defaultSpecId = id;
  draft.changed = true;
}

/** Removes specs, but never the default one. */
export function removeSpecs(draft: MetadataDraft, specIds: readonly number[]): void {
  if (specIds.includes(draft.defaultSpecId)) throw invalid('Cannot remove the default partition spec');
  const kept = draft.specs.filter((spec) => !specIds.includes(spec['spec-id']));
  if (kept.length === draft.specs.length) return;
  draft.specs = kept;
  draft.changed = true;
}

/** Adds a sort order, or finds an equal one. An order without fields is always order 0. */
export function addSortOrder(draft: MetadataDraft, order: ProposedSortOrder): void {
  checkSortOrder(currentSchema(draft), order);
  const existing = draft.sortOrders.find((known) => sameSortOrder(known, order));
  if (existing) {
    draft.lastAddedSortOrderId = existing['order-id'];
    return;
  }
  const id =
    order.fields.length === 0
      ? 0
      : draft.sortOrders.reduce((next, known) => Math.max(next, known['order-id'] + 1), 1);
  draft.sortOrders = [...draft.sortOrders, { 'order-id': id, fields: order.fields }];
  draft.lastAddedSortOrderId = id;
  draft.changed = true;
}

/** Makes a sort order the default for new data; -1 means the one added last. */
export function setDefaultSortOrder(draft: MetadataDraft, orderId: number): void {
  const id = resolveLastAdded(orderId, draft.lastAddedSortOrderId, 'sort order');
  if (draft.defaultSortOrderId === id) return;
  if (!draft.sortOrders.some((order) => order['order-id'] === id))
    throw invalid(`Cannot set default sort order to unknown sort order: ${id}`);
  draft.defaultSortOrderId = id;
  draft.changed = true;
}

function resolveLastAdded(id: number, lastAdded: number | undefined, what: string): number {
  if (id !== LAST_ADDED) return id;
  if (lastAdded === undefined) throw invalid(`Cannot set last added ${what}: no ${what} has been added`);
  return lastAdded;
}

const currentSchema = (draft: MetadataDraft): Schema | undefined =>
  draft.schemas.find((schema) => schema['schema-id'] === draft.currentSchemaId);

function checkSpec(draft: MetadataDraft, spec: UnboundPartitionSpec): void {
  const schema = currentSchema(draft);
  if (schema === undefined) throw invalid('Cannot add a partition spec before a schema is current');
  const columns = listFields(schema.fields);
  const names = new Set<string>();
  for (const field of spec.fields) {
    if (field.name === '') throw invalid('Cannot use empty partition name');
    if (names.has(field.name)) throw invalid(`Cannot use partition name more than once: ${field.name}`);
    names.add(field.name);
    checkSource('partition', field, columns);
    const namesake = columns.find((column) => column.path === field.name);
    if (
      field.transform !== 'void' &&
      namesake &&
      (field.transform !== 'identity' || namesake.id !== field['source-id'])
    ) {
      throw invalid(`Cannot create partition from name that exists in schema: ${field.name}`);
    }
  }
}

function checkSortOrder(schema: Schema | undefined, order: ProposedSortOrder): void {
  const columns = listFields(schema?.fields ?? []);
  for (const field of order.fields) checkSource('sort', field, columns);
}

/**
 * Refuses a commit after which the table's default spec or sort order no longer fits its current schema: a
 * source column that was dropped or retyped would fail the next writer, not this one.
 */
export function checkDefaults(draft: MetadataDraft): void {
  const schema = currentSchema(draft);
  const columns = listFields(schema?.fields ?? []);
  for (const field of draft.specs.find((spec) => spec['spec-id'] === draft.defaultSpecId)?.fields ?? [])
    checkSource('partition', field, columns);
  const order = draft.sortOrders.find((each) => each['order-id'] === draft.defaultSortOrderId);
  if (order) checkSortOrder(schema, order);
}

const sameField = (
  one: Omit<PartitionField, 'field-id' | 'name'>,
  other: Omit<PartitionField, 'field-id' | 'name'>,
): boolean => one['source-id'] === other['source-id'] && one.transform === other.transform;
const sameSpec = (one: PartitionSpec, other: UnboundPartitionSpec): boolean =>
  one.fields.length === other.fields.length &&
  one.fields.every((field, position) => {
    const counterpart = other.fields[position] as UnboundPartitionSpec['fields'][number];
    return sameField(field, counterpart) && field.name === counterpart.name;
  });
const sameSortOrder = (one: SortOrder, other: ProposedSortOrder): boolean =>
  JSON.stringify(one.fields.map(sortKey)) === JSON.stringify(other.fields.map(sortKey));
const sortKey = (field: SortOrder['fields'][number]): unknown[] => [
  field['source-id'],
  field.transform,
  field.direction.toLowerCase(),
  field['null-order'].toLowerCase(),
];
