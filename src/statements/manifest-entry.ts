/**
 * Makes the columns of a manifest as COPY has to write them. Columns of an existing manifest -> fragments.
 * Pure. Writers differ in the optional columns they write; a rewritten manifest keeps those that it finds.
 * Field ids: Iceberg specification, "Manifests" (`manifest_entry`, `data_file`).
 */
import { avroName } from '../model/avro-name.ts';
import { ENTRY_FIELDS, fieldOfFile } from '../model/manifest-schema.ts';
import { avroFieldId } from './avro-field-ids.ts';
import { quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';
import { renderStatement } from './statements.ts';

/** A column of `data_file` or of its partition tuple, with DuckDB's name of its type. */
export interface ManifestColumn {
  readonly name: string;
  readonly type: string;
}
export interface PartitionColumn {
  readonly name: string;
  readonly fieldId: number;
  /** If the field truncates texts: how many code points it keeps. */
  readonly textWidth?: number;
}

export interface EntryFragments {
  /** The value of `data_file`. */
  readonly dataFile: SqlFragment;
  /** The FIELD_IDS of the whole entry. */
  readonly fieldIds: SqlFragment;
}

/**
 * For entries of new data files: `columns` of `data_file`, and its partition tuple with the spec's names, as
 * Avro allows them.
 */
export function newEntryFragments(
  columns: readonly string[],
  partition: readonly PartitionColumn[],
): EntryFragments {
  return entryFragments(
    columns,
    partition,
    (name) => `data_file.${quoteIdentifier(name)}`,
    (_field, position) =>
      `data_file.partition[${quoteLiteral(avroName((partition[position] as PartitionColumn).name))}]`,
  );
}

export interface RewriteShape {
  /** The columns of the manifests to rewrite: those of the entry, then those of `data_file`. */
  readonly columns: readonly ManifestColumn[];
  readonly partition: readonly PartitionColumn[];
  /** True for data manifests of a version 3 table: their files have row ids. */
  readonly rowIds: boolean;
  /** Field ids of columns whose bounds are left out. */
  readonly withoutBoundsOf?: readonly number[];
  /** Field ids of text columns: their bounds are left out if they are not UTF-8. */
  readonly textFields?: readonly number[];
}

/** What statements need to know about the manifests that they read. */
export function manifestEntryFragments({
  columns,
  partition,
  rowIds,
  withoutBoundsOf = [],
  textFields = [],
}: RewriteShape): Readonly<
  Record<'data_file' | 'entry_field_ids' | 'entry_columns' | 'file_key' | 'first_row_id', SqlFragment>
> {
  const names = new Set(columns.map((column) => column.name));
  // An entry that version 1 wrote has neither sequence numbers nor the kind of its content (Iceberg
  // specification, "Reading v1 metadata for v2").
  const given = (name: string, otherwise: string): string =>
    names.has(name) ? name : `${otherwise} as ${name}`;
  const entryColumns = [
    'status',
    'snapshot_id',
    given('sequence_number', '0::bigint'),
    given('file_sequence_number', '0::bigint'),
    'data_file',
  ];
  if (rowIds)
    entryColumns.push(
      names.has('first_row_id') ? 'data_file.first_row_id as first_row_id' : 'null::bigint as first_row_id',
      'row_number() over () as position',
    );
  const ofFile = [
    'content',
    ...[...names].filter((name) => name !== 'content' && name !== 'first_row_id'),
    ...(rowIds ? ['first_row_id'] : []),
  ];
  const value = (name: string): string => {
    if (name === 'content' && !names.has('content')) return '0';
    if (name === 'first_row_id') return 'first_row_id';
    if (name === 'lower_bounds' || name === 'upper_bounds')
      return keptBounds(name, { withoutBoundsOf, textFields });
    // DuckDB 1.5.5 writes an empty text if there is none.
    if (name === 'referenced_data_file') return "nullif(data_file.referenced_data_file, '')";
    return `data_file.${quoteIdentifier(name)}`;
  };
  const { dataFile, fieldIds } = entryFragments(ofFile, partition, value, mendedValueIn(columns));
  return {
    data_file: dataFile,
    entry_field_ids: fieldIds,
    entry_columns: statementFragment(entryColumns.join(', ')),
    file_key: fileKeyFragment(columns),
    first_row_id: statementFragment(rowIds ? renderStatement('fragments/inherited_row_id') : 'null::bigint'),
  };
}

/** The bounds of a file that readers can use: PyIceberg fails at a text that was cut within a character. */
function keptBounds(
  name: 'lower_bounds' | 'upper_bounds',
  { withoutBoundsOf, textFields }: { withoutBoundsOf: readonly number[]; textFields: readonly number[] },
): string {
  const conditions = [
    ...(withoutBoundsOf.length === 0 ? [] : [`bound.key not in (${withoutBoundsOf.map(Number).join(', ')})`]),
    ...(textFields.length === 0
      ? []
      : [
          `(bound.key not in (${textFields.map(Number).join(', ')}) or try(decode(bound.value)) is not null)`,
        ]),
  ];
  return conditions.length === 0
    ? `data_file.${name}`
    : `map_from_entries(list_filter(map_entries(data_file.${name}), lambda bound: ${conditions.join(' and ')}))`;
}

/**
 * A partition value as the specification has it: DuckDB 1.5.5 does not count code points when it truncates a
 * text, and keeps too many.
 */
function mendedValueIn(
  columns: readonly ManifestColumn[],
): (field: PartitionColumn, position: number) => string {
  const readValue = partitionValueIn(columns);
  return (field, position) => {
    const value = readValue(field, position);
    return field.textWidth === undefined ? value : `left(${value}, ${Number(field.textWidth)})`;
  };
}

/**
 * True for an entry with a truncated text that is too long; `truncations` are by the names of their fields.
 */
export function tooLongFragment(
  truncations: ReadonlyMap<string, number>,
  columns: readonly ManifestColumn[],
  fields: readonly { readonly name: string }[],
): SqlFragment {
  const readValue = partitionValueIn(columns);
  const conditions = fields.flatMap((field, position) => {
    const width = truncations.get(field.name);
    return width === undefined
      ? []
      : [`coalesce(length(${readValue(field, position)}) > ${Number(width)}, false)`];
  });
  return statementFragment(conditions.length === 0 ? 'false' : conditions.join(' or '));
}

/** The options of COPY that make an Avro file a manifest with entries of these FIELD_IDS. */
export const manifestFormatFragment = (fieldIds: SqlFragment): SqlFragment =>
  statementFragment(renderStatement('fragments/manifest_format', { entry_field_ids: fieldIds }));

/**
 * For statements that rewrite the entries of manifests: where entries come from, their `data_file`, and the
 * format of the new manifest.
 */
export function inheritedEntryFragments(
  shape: RewriteShape,
): Readonly<Record<'inherited' | 'data_file' | 'manifest_format', SqlFragment>> {
  const { data_file, entry_field_ids, ...read } = manifestEntryFragments(shape);
  return {
    inherited: statementFragment(renderStatement('fragments/inherited_entries', read)),
    data_file,
    manifest_format: manifestFormatFragment(entry_field_ids),
  };
}

/** What `tables/live_entries` needs to know about the manifests that it reads. */
export function liveEntryFragments(
  columns: readonly ManifestColumn[],
  content: number,
): Readonly<Record<'entry_columns' | 'file_key' | 'referenced_data_file', SqlFragment>> {
  const names = new Set(columns.map((column) => column.name));
  const known = (name: string): boolean => names.has(name);
  const { entry_columns, file_key } = manifestEntryFragments({ columns, partition: [], rowIds: false });
  const references =
    content === 1 && known('referenced_data_file') && known('lower_bounds') && known('upper_bounds');
  return {
    entry_columns,
    file_key,
    referenced_data_file: statementFragment(
      references ? renderStatement('fragments/referenced_data_file') : 'null::varchar',
    ),
  };
}

/**
 * Identifies a file within a snapshot: by its path; for deletion vectors, which share a file, also by where
 * they start in it.
 */
function fileKeyFragment(columns: readonly ManifestColumn[]): SqlFragment {
  const hasOffset = columns.some((column) => column.name === 'content_offset');
  return statementFragment(
    hasOffset
      ? "data_file.file_path || coalesce('#' || data_file.content_offset, '')"
      : 'data_file.file_path',
  );
}

function entryFragments(
  columns: readonly string[],
  partition: readonly PartitionColumn[],
  value: (name: string) => string,
  partitionValue: (field: PartitionColumn, position: number) => string,
): EntryFragments {
  const values: string[] = [];
  const ids: string[] = [];
  for (const name of columns) {
    const quoted = quoteIdentifier(name);
    if (name === 'partition') {
      if (partition.length === 0) {
        // SQL cannot write an empty struct, so `iceberg/empty-partition.ts` declares it afterwards in the
        // file's schema.
        values.push(`${quoted} := null::integer`);
        ids.push(`${quoted}: 102`);
      } else {
        values.push(
          `${quoted} := struct_pack(${partition.map((field, position) => `${quoteIdentifier(avroName(field.name))} := ${partitionValue(field, position)}`).join(', ')})`,
        );
        ids.push(
          `${quoted}: {__duckdb_field_id: 102, __duckdb_nullable: false, ${partition.map((field) => `${quoteIdentifier(avroName(field.name))}: ${field.fieldId}`).join(', ')}}`,
        );
      }
      continue;
    }
    const field = fieldOfFile(name);
    // Leaves out a column that the specification does not have, or no longer has: readers find columns by id.
    if (field === undefined) continue;
    values.push(`${quoted} := ${value(name)}`);
    ids.push(`${quoted}: ${avroFieldId(field)}`);
  }
  return {
    dataFile: statementFragment(`struct_pack(${values.join(', ')})`),
    fieldIds: statementFragment(
      `{${ENTRY_FIELDS.map((field) => `${field.name}: ${avroFieldId(field)}`).join(', ')}, data_file: {__duckdb_field_id: 2, __duckdb_nullable: false, ${ids.join(', ')}}}`,
    ),
  };
}

/** data, position-deletes, deletion-vectors or equality-deletes. */
export const fileKindFragment = (): SqlFragment => statementFragment(renderStatement('fragments/file_kind'));

/**
 * How a partition value is read from manifests of one shape: by the field's name, or by its place if the
 * writer spelled the name otherwise (Avro names hold no special characters). DuckDB 1.5.5 lists the fields of
 * all specs in the delete manifests of a table whose partitioning was changed, so the place alone would give
 * another field's value.
 */
function partitionValueIn(
  columns: readonly ManifestColumn[],
): (field: { readonly name: string }, position: number) => string {
  const type = columns.find((column) => column.name === 'partition')?.type ?? '';
  const names = new Set(
    [...type.matchAll(/"((?:[^"]|"")*)"/g)].map((match) => (match[1] as string).replaceAll('""', '"')),
  );
  return ({ name }, position) => {
    const written = [name, avroName(name)].find((each) => names.has(each));
    return written === undefined
      ? `struct_extract_at(data_file.partition, ${position + 1})`
      : `data_file.partition[${quoteLiteral(written)}]`;
  };
}

/**
 * The partition of a file as one text, equal for equal partitions of one spec, whoever wrote them: writers
 * store a day as a date or as a number.
 */
export function partitionKeyFragment(
  specId: number,
  fields: readonly { readonly name: string; readonly transform: string }[],
  columns: readonly ManifestColumn[],
): SqlFragment {
  const readValue = partitionValueIn(columns);
  const texts = fields.map((field, position) => {
    const text = `${readValue(field, position)}::varchar`;
    return field.transform === 'day'
      ? `coalesce((try_cast(${text} as date) - date '1970-01-01')::varchar, ${text})`
      : text;
  });
  return statementFragment(
    texts.length === 0
      ? quoteLiteral(`${specId}`)
      : `${quoteLiteral(`${specId}`)} || to_json([${texts.join(', ')}])::varchar`,
  );
}

/** Reads the entries of manifests with their hours from the files. */
export const hoursOfManifests = (): { readonly files: SqlFragment } => ({
  files: statementFragment(renderStatement('fragments/hours_of_manifests')),
});

/** The same for entries that were read already. */
export const hoursOfKnown = (): { readonly files: SqlFragment } => ({
  files: statementFragment(renderStatement('fragments/hours_of_known')),
});
