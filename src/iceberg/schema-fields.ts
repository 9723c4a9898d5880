/** Walks and checks schemas: field ids, names, format versions. Pure. */
import { usageError } from '../model/errors.ts';
import { renderJson } from './json.ts';
import { isDefaultOf, typeFault } from './primitive-types.ts';
import type { IcebergType, NestedField, Schema } from './table-metadata.ts';
import type { ProposedSchema } from './table-update.ts';

/** One field of a schema, at any depth, with its full dotted name. */
export interface SchemaField {
  readonly id: number;
  readonly path: string;
  readonly type: IcebergType;
  readonly required: boolean;
  /** The field that contains it. */
  readonly parent: SchemaField | undefined;
}

/**
 * All fields of a schema, outer before inner; list elements and map parts carry the names `element`, `key`
 * and `value`.
 */
export function listFields(fields: readonly NestedField[], parent?: SchemaField): SchemaField[] {
  return fields.flatMap(({ id, name, type, required }) => {
    const field = { id, path: pathOf(parent, name), type, required, parent };
    return [field, ...listInnerFields(field)];
  });
}

const pathOf = (parent: SchemaField | undefined, name: string): string =>
  parent === undefined ? name : `${parent.path}.${name}`;

function listInnerFields(parent: SchemaField): SchemaField[] {
  const { type } = parent;
  if (typeof type === 'string') return [];
  const part = (id: number, name: string, of: IcebergType, required: boolean): SchemaField => ({
    id,
    path: pathOf(parent, name),
    type: of,
    required,
    parent,
  });
  switch (type.type) {
    case 'struct':
      return listFields(type.fields, parent);
    case 'list': {
      const element = part(type['element-id'], 'element', type.element, type['element-required']);
      return [element, ...listInnerFields(element)];
    }
    case 'map': {
      const [key, value] = [
        part(type['key-id'], 'key', type.key, true),
        part(type['value-id'], 'value', type.value, type['value-required']),
      ];
      return [key, value, ...listInnerFields(key), ...listInnerFields(value)];
    }
  }
}

/**
 * The name of a field without the `element` and `value` of structs in lists and maps: `l.x` as well as
 * `l.element.x`, as in Apache Iceberg.
 */
export function shortPathOf({ path, type, parent }: SchemaField): string {
  if (parent === undefined) return path;
  const name = path.slice(parent.path.length + 1);
  const container = typeof parent.type === 'string' ? undefined : parent.type.type;
  const isStruct = typeof type !== 'string' && type.type === 'struct';
  const left = isStruct && (container === 'list' || (container === 'map' && name === 'value'));
  return left ? shortPathOf(parent) : `${shortPathOf(parent)}.${name}`;
}

/** The largest field id of a schema, 0 if it has no fields. */
export const highestFieldId = (fields: readonly NestedField[]): number =>
  listFields(fields).reduce((highest, field) => Math.max(highest, field.id), 0);

/** True for a type without parts. */
export const isPrimitive = (type: IcebergType): type is string =>
  typeof type === 'string' && type !== 'variant';

/**
 * Refuses a schema that no reader could use: duplicate ids or names, unknown types, types newer than the
 * table's format version, defaults of another type.
 * @throws PsybergError `invalid-table-update`.
 */
export function checkSchema(schema: ProposedSchema, formatVersion: number): void {
  const byId = new Map<number, SchemaField>();
  const paths = new Set<string>();
  for (const field of listFields(schema.fields)) {
    if (byId.has(field.id))
      throw invalid(`Invalid schema: field id ${field.id} is used more than once (again by ${field.path})`);
    if (paths.has(field.path)) throw invalid(`Invalid schema: multiple fields for name ${field.path}`);
    byId.set(field.id, field);
    paths.add(field.path);
    const { path, type } = field;
    const fault = typeof type === 'string' ? typeFault({ path, type }, formatVersion) : undefined;
    if (fault !== undefined) throw invalid(fault);
    if (type === 'unknown' && field.required)
      throw invalid(`Cannot create required field with unknown type: ${path}`);
  }
  for (const field of listNestedFields(schema.fields)) checkDefaults(field, formatVersion);
  for (const id of schema['identifier-field-ids'] ?? []) checkIdentifierField(id, byId.get(id));
}

function checkDefaults(field: NestedField, formatVersion: number): void {
  for (const kind of ['initial-default', 'write-default'] as const) {
    const value = field[kind];
    if (value === undefined || value === null) continue;
    if (!isDefaultOf(field.type, value)) {
      const type = typeof field.type === 'string' ? field.type : field.type.type;
      throw invalid(
        `Invalid ${kind} of ${field.name}: cannot parse default as a ${type} value: ${renderJson(value).slice(0, 100)}`,
      );
    }
    if (formatVersion < 3 && kind === 'initial-default') {
      throw invalid(
        `Invalid schema for v${formatVersion}:\n- Invalid initial default for ${field.name}: non-null default is not supported until v3`,
      );
    }
  }
}

/**
 * A row's identity must be a value that every row has and that compares exactly (Iceberg specification,
 * "Identifier Field IDs").
 */
function checkIdentifierField(id: number, field: SchemaField | undefined): void {
  if (field === undefined)
    throw invalid(`Cannot add fieldId ${id} as an identifier field: field does not exist`);
  const refuse = (reason: string): Error =>
    invalid(`Cannot add field ${field.path} as an identifier field: ${reason}`);
  if (!isPrimitive(field.type)) throw refuse('not a primitive type field');
  if (!field.required) throw refuse('not a required field');
  if (field.type === 'float' || field.type === 'double') throw refuse('must not be float or double field');
  for (let { parent } = field; parent !== undefined; parent = parent.parent) {
    if (typeof parent.type === 'string' || parent.type.type !== 'struct')
      throw refuse(`must not be nested in ${parent.path}`);
    if (!parent.required) throw refuse(`must not be nested in an optional field ${parent.path}`);
  }
}

function listNestedFields(fields: readonly NestedField[]): NestedField[] {
  return fields.flatMap((field) => [field, ...nestedFieldsOf(field.type)]);
}
function nestedFieldsOf(type: IcebergType): NestedField[] {
  if (typeof type === 'string') return [];
  switch (type.type) {
    case 'struct':
      return listNestedFields(type.fields);
    case 'list':
      return nestedFieldsOf(type.element);
    case 'map':
      return [...nestedFieldsOf(type.key), ...nestedFieldsOf(type.value)];
  }
}

/** True if two schemas have the same columns and identifier fields, whatever their schema ids. */
export const sameSchema = (one: ProposedSchema, other: ProposedSchema): boolean =>
  schemaKey(one) === schemaKey(other);

const schemaKey = (schema: ProposedSchema): string =>
  JSON.stringify([
    schema.fields.map(fieldKey),
    [...(schema['identifier-field-ids'] ?? [])].sort((a, b) => a - b),
  ]);
const fieldKey = (field: NestedField): unknown => [
  field.id,
  field.name,
  field.required,
  typeKey(field.type),
  field.doc ?? null,
  plain(field['initial-default']),
  plain(field['write-default']),
];
/** A default may hold a 64-bit number, which `JSON.stringify` refuses. */
const plain = (value: unknown): unknown =>
  value === undefined
    ? null
    : JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `${item}n` : item));
function typeKey(type: IcebergType): unknown {
  if (typeof type === 'string') return type.replaceAll(' ', '');
  switch (type.type) {
    case 'struct':
      return ['struct', type.fields.map(fieldKey)];
    case 'list':
      return ['list', type['element-id'], type['element-required'], typeKey(type.element)];
    case 'map':
      return [
        'map',
        type['key-id'],
        typeKey(type.key),
        type['value-id'],
        type['value-required'],
        typeKey(type.value),
      ];
  }
}

/** A schema with new field ids, and the new id of every old one. */
export interface FreshSchema {
  readonly schema: Schema;
  readonly lastColumnId: number;
  readonly newIds: ReadonlyMap<number, number>;
}

/**
 * Gives every field a new id, starting at 1. A struct numbers all its own fields before it descends, as in
 * Apache Iceberg. A client's ids cannot be trusted: different writers may have used one id for different
 * columns.
 */
export function assignFreshIds(schema: ProposedSchema): FreshSchema {
  const newIds = new Map<number, number>();
  let lastColumnId = 0;
  const next = (oldId: number): number => {
    lastColumnId += 1;
    newIds.set(oldId, lastColumnId);
    return lastColumnId;
  };
  const freshFields = (fields: readonly NestedField[]): NestedField[] => {
    const ids = fields.map((field) => next(field.id));
    return fields.map((field, position) => ({
      ...field,
      id: ids[position] as number,
      type: freshType(field.type),
    }));
  };
  const freshType = (type: IcebergType): IcebergType => {
    if (typeof type === 'string') return type;
    switch (type.type) {
      case 'struct':
        return { ...type, fields: freshFields(type.fields) };
      case 'list': {
        const elementId = next(type['element-id']);
        return { ...type, 'element-id': elementId, element: freshType(type.element) };
      }
      case 'map': {
        const keyId = next(type['key-id']);
        const valueId = next(type['value-id']);
        return {
          ...type,
          'key-id': keyId,
          'value-id': valueId,
          key: freshType(type.key),
          value: freshType(type.value),
        };
      }
    }
  };
  const fields = freshFields(schema.fields);
  const identifiers = schema['identifier-field-ids']?.map((id) => newIds.get(id) ?? id);
  return {
    schema: {
      type: 'struct',
      'schema-id': 0,
      fields,
      ...(identifiers ? { 'identifier-field-ids': identifiers } : {}),
    },
    lastColumnId,
    newIds,
  };
}

const invalid = (message: string): Error => usageError('invalid-table-update', message);
