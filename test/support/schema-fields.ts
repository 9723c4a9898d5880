/**
 * The fields of a schema with structs, by paths such as `s.x`. Fields + change -> fields, or SQL over a table
 * with a column for each field id.
 */
import type { NestedField } from '../../src/iceberg/table-metadata.ts';

export type Fields = readonly NestedField[];
interface StructType {
  readonly type: 'struct';
  readonly fields: readonly NestedField[];
}
export const isStruct = (type: unknown): type is StructType =>
  (type as StructType | undefined)?.type === 'struct';

const SQL_TYPE: Readonly<Record<string, string>> = {
  int: 'integer',
  long: 'bigint',
  string: 'varchar',
  float: 'real',
};
export const sqlType = (type: unknown): string => SQL_TYPE[String(type)] ?? String(type);
export const last = (path: string): string => path.split('.').at(-1) as string;
export const narrow = (type: unknown): unknown =>
  ({ long: 'int', double: 'float', 'decimal(12, 2)': 'decimal(9, 2)', 'decimal(30, 2)': 'decimal(9, 2)' })[
    String(type)
  ] ?? type;

export function mapped(fields: Fields, change: (path: string, field: NestedField) => object): object[] {
  return fields.map((field) => {
    const of = change(field.name, field) as NestedField;
    return isStruct(field.type)
      ? {
          ...of,
          type: {
            ...field.type,
            fields: field.type.fields.map((each) => change(`${field.name}.${each.name}`, each)),
          },
        }
      : of;
  });
}

export const renamed = (fields: Fields, to: (path: string) => string | undefined): object[] =>
  mapped(fields, (path, field) => ({ ...field, name: to(path) ?? field.name }));

export function find(fields: Fields, path: string): NestedField | undefined {
  const [first, second] = path.split('.');
  const field = fields.find((each) => each.name === first);
  if (second === undefined) return field;
  return isStruct(field?.type) ? field.type.fields.find((each) => each.name === second) : undefined;
}

export function without(fields: Fields, path: string): object[] {
  const [first, second] = path.split('.');
  if (second === undefined) return fields.filter((field) => field.name !== first);
  return fields.map((field) =>
    field.name === first && isStruct(field.type)
      ? {
          ...field,
          type: { ...field.type, fields: field.type.fields.filter((each) => each.name !== second) },
        }
      : field,
  );
}

export const added = (fields: readonly object[], path: string, fresh: object): object[] =>
  path.includes('.')
    ? (fields as Fields).map((field) =>
        field.name === path.split('.')[0] && isStruct(field.type)
          ? { ...field, type: { ...field.type, fields: [...field.type.fields, fresh] } }
          : field,
      )
    : [...fields, fresh];

export const leafPaths = (fields: Fields): string[] =>
  fields.flatMap((field) =>
    isStruct(field.type) ? field.type.fields.map((each) => `${field.name}.${each.name}`) : [field.name],
  );

/** Fields with values, and for structs whether they are there. */
export const leaves = (fields: Fields): { readonly id: number; readonly type: string }[] =>
  fields.flatMap((field) =>
    isStruct(field.type)
      ? [
          { id: field.id, type: 'boolean' },
          ...field.type.fields.map((each) => ({ id: each.id, type: sqlType(each.type) })),
        ]
      : [{ id: field.id, type: sqlType(field.type) }],
  );

export const shownColumns = (fields: Fields): string =>
  fields
    .map((field) =>
      isStruct(field.type)
        ? `case when f${field.id} then {${field.type.fields.map((each) => `'${each.name}': f${each.id}`).join(', ')}} end as "${field.name}"`
        : `f${field.id} as "${field.name}"`,
    )
    .join(', ');
