/** Changes metadata so that a reader does not skip files by certain fields. Metadata -> metadata. Pure. */
import { currentSchema } from './event-time.ts';
import { listFields } from './schema-fields.ts';
import type { TableMetadata } from './table-metadata.ts';

/** A partition field; in format version 1, fields of several specs may share an id. */
export interface FieldOfSpec {
  readonly specId: number;
  readonly fieldId: number;
}
export interface UnreadFields {
  readonly partitionFields: readonly FieldOfSpec[];
  /** Ids of columns whose bounds must not be read. */
  readonly columns: readonly number[];
}

/** Iceberg specification, "Column Projection": tells how to read files without field ids. */
export const NAME_MAPPING = 'schema.name-mapping.default';

/** True if {@link withoutFields} is enough to keep a reader from the bounds of columns. */
export const canHideBounds = ({ properties }: Pick<TableMetadata, 'properties'>): boolean =>
  properties?.[NAME_MAPPING] === undefined;

/**
 * Makes partition fields void, under ids that no manifest has: DuckDB 1.5.5 takes the values of a void field
 * for values of its column and ends the process if they cannot be, as it does if a manifest has partition
 * values for which no spec has a field. It asks for the column of a field, so a field whose column was
 * dropped gets another column. Bounds of a column are hidden by a name mapping that lacks the column: DuckDB
 * 1.5.5 does not skip files by such bounds. The mapping gives no names, so nothing else is read otherwise.
 * Manifest lists that are read with it may not summarise those specs.
 */
export function withoutFields(
  metadata: TableMetadata,
  { partitionFields, columns }: UnreadFields,
): TableMetadata {
  let unused = metadata['last-partition-id'];
  const columnIds = currentSchema(metadata).fields.map((field) => field.id);
  const known = new Set(listFields(currentSchema(metadata).fields).map((field) => field.id));
  const isUnread = (specId: number, fieldId: number): boolean =>
    partitionFields.some((field) => field.specId === specId && field.fieldId === fieldId);
  return {
    ...metadata,
    'partition-specs': metadata['partition-specs'].map((spec) => ({
      ...spec,
      fields: spec.fields.map((field) => {
        if (!isUnread(spec['spec-id'], field['field-id'])) return field;
        unused += 1;
        const source = known.has(field['source-id']) ? field['source-id'] : (columnIds[0] ?? 0);
        return { ...field, 'source-id': source, 'field-id': unused, transform: 'void' };
      }),
    })),
    ...(columns.length === 0
      ? {}
      : {
          properties: {
            ...metadata.properties,
            [NAME_MAPPING]: JSON.stringify(
              currentSchema(metadata)
                .fields.filter((field) => !columns.includes(field.id))
                .map((field) => ({ 'field-id': field.id, names: [] })),
            ),
          },
        }),
  };
}

/**
 * Void fields that share their id with a field that has values in another spec; format version 1 has them
 * once a field was removed. DuckDB 1.5.5 reads each id with one type: if it takes the type of the void one,
 * the values of the other spec end the process.
 */
export function sharedVoids(metadata: TableMetadata): FieldOfSpec[] {
  const all = metadata['partition-specs'].flatMap((spec) =>
    spec.fields.map((field) => ({ specId: spec['spec-id'], fieldId: field['field-id'], field })),
  );
  const withValues = new Set(all.flatMap((each) => (each.field.transform === 'void' ? [] : [each.fieldId])));
  return all
    .filter(({ field, fieldId }) => field.transform === 'void' && withValues.has(fieldId))
    .map(({ specId, fieldId }) => ({ specId, fieldId }));
}
