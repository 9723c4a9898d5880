/**
 * Checks partition and sort fields, whose values a transform derives from a column: which types each
 * transform takes (Iceberg specification, "Partition Transforms"). Pure.
 */
import { invalid } from './metadata-draft.ts';
import { isPrimitive, type SchemaField } from './schema-fields.ts';

/** A field as a spec or a sort order names it. */
interface DerivedField {
  readonly 'source-id': number;
  readonly transform: string;
  readonly name?: string;
}

const TIME = /^timestamp(tz)?(_ns)?$/;
const DATE_OR_TIME = /^(date|timestamp(tz)?(_ns)?)$/;
/** Transform without its argument -> the types that it takes. */
const SOURCE_TYPES: Readonly<Record<string, RegExp>> = {
  identity: /^(?!geometry|geography)/,
  year: DATE_OR_TIME,
  month: DATE_OR_TIME,
  day: DATE_OR_TIME,
  hour: TIME,
  bucket: /^(int|long|date|time|timestamp(tz)?(_ns)?|string|binary|uuid|fixed\[.*|decimal\(.*)$/,
  truncate: /^(int|long|string|binary|decimal\(.*)$/,
};
const TRANSFORM = /^(?:(identity|year|month|day|hour|void)|(bucket|truncate)\[(0*[1-9]\d*)\])$/;
/** The largest argument that other clients have room for. */
const ARGUMENT_MAX = 2 ** 31 - 1;

/**
 * Checks that a field can be derived from a schema's columns.
 * @throws PsybergError `invalid-table-update`.
 */
export function checkSource(
  kind: 'partition' | 'sort',
  field: DerivedField,
  columns: readonly SchemaField[],
): void {
  const transform = TRANSFORM.exec(field.transform);
  const name = transform?.[1] ?? transform?.[2];
  if (name === undefined || Number(transform?.[3] ?? 1) > ARGUMENT_MAX)
    throw invalid(`Unknown ${kind} transform: ${field.transform}`);
  // A dropped column leaves its field behind as `void` in v1 tables.
  if (kind === 'partition' && name === 'void') return;
  const source = columns.find((column) => column.id === field['source-id']);
  if (source === undefined)
    throw invalid(
      `Cannot find source column for ${kind} field: ${field.name ?? ''} ${field.transform}(${field['source-id']})`,
    );
  if (!isPrimitive(source.type))
    throw invalid(
      `Cannot ${kind === 'sort' ? 'sort' : 'partition'} by non-primitive source field: ${source.path}`,
    );
  if (SOURCE_TYPES[name]?.test(source.type) === false)
    throw invalid(`Invalid source type ${source.type} for transform: ${field.transform}`);
  for (let { parent } = source; parent !== undefined && kind === 'partition'; parent = parent.parent) {
    if (typeof parent.type === 'string' || parent.type.type !== 'struct')
      throw invalid(`Invalid partition field parent: ${parent.path}`);
  }
}
