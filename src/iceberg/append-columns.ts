/**
 * Adds to a schema the columns that a query returns and the table lacks, at any depth. Schema + query columns
 * -> schema. Pure. New columns are optional, get ids that no column ever had, and stand at the end.
 */

import { type ColumnType, columnTypeText, type QueryColumn } from '../model/column-type.ts';
import { usageError } from '../model/errors.ts';
import type { IcebergType, NestedField, Schema, TableMetadata } from './table-metadata.ts';

/**
 * The table's schema with what `columns` adds to it.
 * @throws PsybergError `column-type-unsupported` for a type that Iceberg does not have.
 */
export function appendColumns(
  schema: Schema,
  columns: readonly QueryColumn[],
  metadata: Pick<TableMetadata, 'last-column-id' | 'format-version'>,
): Schema {
  const ids = { last: metadata['last-column-id'], formatVersion: metadata['format-version'] };
  return { ...schema, fields: appended(schema.fields, columns, ids) };
}

interface Ids {
  last: number;
  readonly formatVersion: number;
}

const nextId = (ids: Ids): number => {
  ids.last += 1;
  return ids.last;
};

function appended(
  fields: readonly NestedField[],
  columns: readonly QueryColumn[],
  ids: Ids,
  parent?: string,
): NestedField[] {
  const find = (name: string): QueryColumn | undefined =>
    columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const known = new Set(fields.map(({ name }) => name.toLowerCase()));
  const pathOf = (name: string): string => (parent === undefined ? name : `${parent}.${name}`);
  const kept = fields.map((field) => {
    const column = find(field.name);
    return column === undefined
      ? field
      : { ...field, type: appendedType(field.type, column.type, ids, pathOf(field.name)) };
  });
  const added = columns
    .filter(({ name }) => name !== '' && !known.has(name.toLowerCase()))
    .map(({ name, type }) => newField(name, type, ids, pathOf(name)));
  return [...kept, ...added];
}

function appendedType(type: IcebergType, from: ColumnType, ids: Ids, path: string): IcebergType {
  if (typeof type === 'string') return type;
  if (type.type === 'struct' && from.kind === 'struct')
    return { ...type, fields: appended(type.fields, from.members, ids, path) };
  if (type.type === 'list' && from.kind === 'list')
    return { ...type, element: appendedType(type.element, from.element, ids, `${path}.element`) };
  // A map's key keeps its fields: with one more, keys that were equal would differ.
  if (type.type === 'map' && from.kind === 'map')
    return { ...type, value: appendedType(type.value, from.value, ids, `${path}.value`) };
  return type;
}

const newField = (name: string, type: ColumnType, ids: Ids, path: string): NestedField => ({
  id: nextId(ids),
  name,
  required: false,
  type: newType(type, ids, path),
});

function newType(type: ColumnType, ids: Ids, path: string): IcebergType {
  switch (type.kind) {
    case 'plain':
      return primitiveType(type, ids, path);
    case 'struct':
      if (type.members.some((member) => member.name === '')) throw unsupported(type, path);
      return {
        type: 'struct',
        fields: type.members.map((member) =>
          newField(member.name, member.type, ids, `${path}.${member.name}`),
        ),
      };
    case 'list':
      return {
        type: 'list',
        'element-id': nextId(ids),
        'element-required': false,
        element: newType(type.element, ids, `${path}.element`),
      };
    case 'map':
      return {
        type: 'map',
        'key-id': nextId(ids),
        'value-id': nextId(ids),
        'value-required': false,
        key: newType(type.key, ids, `${path}.key`),
        value: newType(type.value, ids, `${path}.value`),
      };
  }
}

/** The types that DuckDB's Iceberg extension gives columns when it creates a table. */
const PRIMITIVES: Readonly<Record<string, string>> = {
  BOOLEAN: 'boolean',
  INTEGER: 'int',
  BIGINT: 'long',
  HUGEINT: 'decimal(38, 0)',
  FLOAT: 'float',
  DOUBLE: 'double',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  VARCHAR: 'string',
  UUID: 'uuid',
  BLOB: 'binary',
};
const PRIMITIVES_OF_VERSION_3: Readonly<Record<string, string>> = {
  TIMESTAMP_NS: 'timestamp_ns',
  VARIANT: 'variant',
};

/** Iceberg's name of a DuckDB type; undefined for nested types, decimals, and types that Iceberg lacks. */
export const icebergNameOf = (name: string): string | undefined =>
  PRIMITIVES[name] ?? PRIMITIVES_OF_VERSION_3[name];

/** True if a new column of a table can have this type. */
export function hasIcebergType(type: ColumnType, formatVersion: number): boolean {
  try {
    newType(type, { last: 0, formatVersion }, '');
    return true;
  } catch {
    return false;
  }
}

function primitiveType(type: Extract<ColumnType, { kind: 'plain' }>, ids: Ids, path: string): string {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type.name);
  if (decimal !== null) return `decimal(${decimal[1]}, ${decimal[2]})`;
  const found =
    PRIMITIVES[type.name] ?? (ids.formatVersion >= 3 ? PRIMITIVES_OF_VERSION_3[type.name] : undefined);
  if (found === undefined) throw unsupported(type, path);
  return found;
}

const unsupported = (type: ColumnType, path: string): Error =>
  usageError(
    'column-type-unsupported',
    `the new column ${path} has the type ${columnTypeText(type)}, which Iceberg does not have`,
    {
      hint: 'cast it in the query to one that it has, such as varchar, bigint, double or timestamptz',
      context: { column: path, type: columnTypeText(type) },
    },
  );
