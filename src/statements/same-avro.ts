/**
 * Writes an Avro file with the schema of another one. The schema in a file's header -> fragments. Pure. So
 * everything that the file's writer put into it stays: optional columns, field ids, what is required.
 */
import type { AvroField, AvroRecord, AvroType } from '../model/avro-schema.ts';
import { avroFieldIds, fieldsOfAvro } from './avro-field-ids.ts';
import { quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';
import { renderStatement } from './statements.ts';

/** Options of COPY. `words`: what the header says besides schema and codec. */
export const sameAvroFragment = (
  schema: AvroRecord,
  words: readonly (readonly [key: string, value: string])[],
): SqlFragment =>
  statementFragment(
    renderStatement('fragments/moved_avro_format', {
      root_name: statementFragment(quoteLiteral(schema.name)),
      field_ids: avroFieldIds(schema.fields),
      metadata: statementFragment(
        words.length === 0
          ? ''
          : `,\nmetadata {${words.map(([key, value]) => `${quoteLiteral(key)}: ${quoteLiteral(value)}`).join(', ')}}`,
      ),
    }),
  );

/** True for the manifest of an unpartitioned table: SQL cannot write its empty record. */
export const hasEmptyPartition = (dataFile: readonly AvroField[]): boolean =>
  dataFile.some(({ name, type }) => name === 'partition' && fieldsOfAvro(type)?.length === 0);

/** The columns of `data_file` according to a manifest's schema. */
export const dataFileColumns = (manifest: AvroRecord): readonly AvroField[] =>
  (fieldsOfAvro(manifest.fields.find(({ name }) => name === 'data_file')?.type) ?? []).filter(
    // The byte that stands for an empty record in this engine's manifests (`iceberg/empty-partition.ts`).
    ({ name }) => name !== 'unpartitioned',
  );

/** `data_file` with its paths in the new folder, from the relation `placed`. */
export const movedDataFileFragment = (columns: readonly AvroField[]): SqlFragment => {
  const hasContent = columns.some(({ name }) => name === 'content');
  const value = (name: string): string => {
    const same = `placed.data_file.${quoteIdentifier(name)}`;
    if (name === 'file_path') return 'placed.new_path';
    if (name === 'file_size_in_bytes') return 'placed.new_size';
    if (name === 'referenced_data_file') return `moved_path(${same}, $former, $present)`;
    if (name === 'partition' && hasEmptyPartition(columns)) return 'null::integer';
    if (hasContent && (name === 'lower_bounds' || name === 'upper_bounds'))
      return `case when placed.data_file.content = 1 then moved_bounds(${same}, $former, $present) else ${same} end`;
    return same;
  };
  return statementFragment(
    `struct_pack(${columns.map(({ name }) => `${quoteIdentifier(name)} := ${value(name)}`).join(', ')})`,
  );
};

/**
 * The schema of a manifest in a form that SQL can write: with an optional integer instead of the empty
 * record.
 */
export const writableManifest = (manifest: AvroRecord): AvroRecord => ({
  ...manifest,
  fields: manifest.fields.map((field) =>
    field.name === 'data_file' ? { ...field, type: writableDataFile(dataFileColumns(manifest)) } : field,
  ),
});

const writableDataFile = (columns: readonly AvroField[]): AvroType => ({
  type: 'record',
  fields: columns.map((column) =>
    column.name === 'partition' && hasEmptyPartition(columns) ? { ...column, type: ['null', 'int'] } : column,
  ),
});

/** The content of a file, from the columns of `data_file`: format version 1 has only data files. */
export const contentFragment = (columns: readonly AvroField[]): SqlFragment =>
  statementFragment(columns.some(({ name }) => name === 'content') ? 'data_file.content' : '0');
