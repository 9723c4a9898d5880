/**
 * Whether the columns that a query names are still those by which the process has loaded. A column is its
 * field id: one that was dropped, or renamed, and whose name another took has other values in rows that were
 * loaded, and no snapshot says so. Metadata + watermark -> nothing, or `columns-replaced`. Pure.
 */
import { currentSchema } from '../iceberg/event-time.ts';
import type { IcebergType, NestedField, Schema, TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { Watermark } from '../model/session.ts';
import { columnsNamed } from './columns-named.ts';

/** A schema that is gone from the metadata says nothing, and a watermark of an earlier release names none. */
export function refuseReplacedColumns(
  process: ProcessSpec,
  {
    source,
    metadata,
    watermark,
  }: {
    readonly source: SourceSpec;
    readonly metadata: TableMetadata;
    readonly watermark: Watermark | undefined;
  },
): void {
  const now = currentSchema(metadata);
  if (watermark?.schemaId === undefined || watermark.schemaId === now['schema-id']) return;
  const then = metadata.schemas.find((schema) => schema['schema-id'] === watermark.schemaId);
  if (then === undefined) return;
  const before = idsOf(then);
  const isNamed = columnsNamed(process);
  const replaced = [...idsOf(now)].filter(
    // A field is read by the name of its column.
    ([path, id]) => (before.get(path) ?? id) !== id && isNamed(path.split(SEPARATOR)[0] ?? ''),
  );
  const [first] = replaced;
  if (first === undefined) return;
  const [table, target] = [tableName(source.table), tableName(process.target.table)];
  const columns = replaced.map(([path]) => path.replaceAll(SEPARATOR, '.'));
  throw refusal(
    'columns-replaced',
    `${columns.join(', ')} of ${table} ${columns.length === 1 ? 'is another column' : 'are other columns'} than when ${process.processName} loaded it last (field ${first[1]}, not ${before.get(first[0])}): dropped or renamed, and the name taken again. Rows that were loaded have other values there now`,
    {
      hint: `compute all hours by the columns of now: psyberg restate ${process.processName} --all; or drop the target ${target} and run again`,
      context: { process_name: process.processName, table, columns },
    },
  );
}

/** In no name of a column. */
const SEPARATOR = '\u0000';

/** Field ids by path, in lower case as DuckDB compares names. */
function idsOf(schema: Schema): Map<string, number> {
  const ids = new Map<string, number>();
  const add = (fields: readonly NestedField[], parent: readonly string[]): void => {
    for (const { id, name, type } of fields) {
      const path = [...parent, name.toLowerCase()];
      ids.set(path.join(SEPARATOR), id);
      add(fieldsOf(type), path);
    }
  };
  add(schema.fields, []);
  return ids;
}

function fieldsOf(type: IcebergType): readonly NestedField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  return type.type === 'list' ? fieldsOf(type.element) : [...fieldsOf(type.key), ...fieldsOf(type.value)];
}
