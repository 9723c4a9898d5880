/** Writes a column's type for people. Iceberg type -> text. Pure. */
import type { IcebergType } from '../../iceberg/table-metadata.ts';

/** `long`, `list<string>`, `map<string, long>`, `struct<a: int>`. */
export function icebergTypeText(type: IcebergType): string {
  if (typeof type === 'string') return type;
  if (type.type === 'list') return `list<${icebergTypeText(type.element)}>`;
  if (type.type === 'map') return `map<${icebergTypeText(type.key)}, ${icebergTypeText(type.value)}>`;
  return `struct<${type.fields.map((field) => `${field.name}: ${icebergTypeText(field.type)}`).join(', ')}>`;
}
