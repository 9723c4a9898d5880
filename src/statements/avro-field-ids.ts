/** Makes the FIELD_IDS of COPY from the schema that an Avro file is to have. Pure. */
import type { AvroComplexType, AvroField, AvroType } from '../model/avro-schema.ts';
import { quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/** The type itself if the field is optional. */
const present = (type: AvroType | undefined): AvroType | undefined =>
  Array.isArray(type) ? (type as readonly AvroType[]).find((each) => each !== 'null') : type;

/** The fields of a record, or of an optional one; undefined for any other type. */
export function fieldsOfAvro(type: AvroType | undefined): readonly AvroField[] | undefined {
  const given = present(type);
  return typeof given === 'object' && !Array.isArray(given) ? (given as AvroComplexType).fields : undefined;
}

/** The FIELD_IDS of COPY for these fields. */
export const avroFieldIds = (fields: readonly AvroField[]): SqlFragment =>
  statementFragment(`{\n  ${fields.map(fieldIds).join(',\n  ')}\n}`);

const fieldIds = (field: AvroField): string => `${quoteIdentifier(field.name)}: ${avroFieldId(field)}`;

/** The FIELD_IDS of one field. */
export const avroFieldId = ({ type, 'field-id': id }: AvroField): string => withId(id, type);

/** `{__duckdb_field_id: 1, __duckdb_nullable: false, …}`, with the parts of the type inside. */
function withId(id: number | undefined, type: AvroType): string {
  const parts = [`__duckdb_field_id: ${Number(id)}`];
  if (!Array.isArray(type)) parts.push('__duckdb_nullable: false');
  const given = present(type);
  if (typeof given === 'object' && !Array.isArray(given)) {
    const { fields, items, logicalType, 'element-id': element } = given as AvroComplexType;
    if (fields !== undefined) parts.push(...fields.map(fieldIds));
    else if (items !== undefined && logicalType === 'map')
      parts.push(...(fieldsOfAvro(items) ?? []).map(fieldIds));
    else if (items !== undefined) parts.push(`list: ${withId(element, items)}`);
  }
  return `{${parts.join(', ')}}`;
}
