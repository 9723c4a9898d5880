/** Finds text columns, whose bounds and truncated values are texts too. Metadata -> fields. Pure. */
import { currentSchema } from './event-time.ts';
import { listFields } from './schema-fields.ts';
import type { PartitionSpec, Schema, TableMetadata } from './table-metadata.ts';

/** Field ids of text columns, at any depth. */
export const textFieldsOf = (schema: Schema): number[] =>
  listFields(schema.fields)
    .filter((field) => field.type === 'string')
    .map((field) => field.id);

/** The partition fields of a spec that truncate texts: their names, and the code points they keep. */
export function textTruncations(metadata: TableMetadata, spec: PartitionSpec): ReadonlyMap<string, number> {
  const texts = new Set(textFieldsOf(currentSchema(metadata)));
  return new Map(
    spec.fields.flatMap(({ name, transform, 'source-id': source }) => {
      const width = /^truncate\[(\d+)\]$/.exec(transform)?.[1];
      return width === undefined || !texts.has(source) ? [] : [[name, Number(width)] as const];
    }),
  );
}
