/** Pairs the columns of a source by their names in two schemas. Schemas -> names. Pure. */
import type { IcebergType, NestedField, Schema } from '../iceberg/table-metadata.ts';
import type { NamedColumn, SourceNames } from '../model/source-names.ts';
import { duckdbColumns } from '../statements/index.ts';

/**
 * Undefined if DuckDB lacks the type of a column. `others`: ids of columns that count as other columns,
 * whatever their names.
 */
export function namesOfSource(
  alias: string,
  then: Schema,
  now: Schema,
  others: ReadonlySet<number> = new Set(),
): SourceNames | undefined {
  const dropped = then.fields.filter(({ id }) => now.fields.every((field) => field.id !== id));
  const fields = [...now.fields, ...dropped];
  const types = duckdbColumns(fields);
  if (types === undefined) return undefined;
  const columns: NamedColumn[] = [];
  for (const [index, field] of fields.entries()) {
    const { type } = types[index] as { readonly type: string };
    const place = then.fields.findIndex(({ id }) => id === field.id);
    const before = then.fields[place];
    const isThere = now.fields.includes(field);
    const column = `field_${field.id}`;
    if (before !== undefined && isThere && (others.has(field.id) || hasOtherFields(before, field))) {
      // A query that reads this name now reads another column than then.
      columns.push({ column, type, before: undefined, after: field.name });
      columns.push({
        column: `${column}_then`,
        type,
        before: before.name,
        after: undefined,
        placeBefore: place,
      });
      continue;
    }
    columns.push({
      ...{ column, type, before: before?.name, after: isThere ? field.name : undefined },
      ...(before === undefined ? {} : { placeBefore: place }),
      ...(field['initial-default'] == null ? {} : { fillsOldRows: true }),
    });
  }
  return { alias, columns };
}

/** Stands between the names of a path; no column's name can hold it. */
export const SEPARATOR = '\u0000';

/** Field ids by path, in lower case as DuckDB compares names. */
export function fieldIdsOf(fields: readonly NestedField[]): Map<string, number> {
  const ids = new Map<string, number>();
  const add = (all: readonly NestedField[], parent: readonly string[]): void => {
    for (const { id, name, type } of all) {
      const path = [...parent, name.toLowerCase()];
      ids.set(path.join(SEPARATOR), id);
      add(fieldsOf(type), path);
    }
  };
  add(fields, []);
  return ids;
}

function fieldsOf(type: IcebergType): readonly NestedField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields;
  return type.type === 'list' ? fieldsOf(type.element) : [...fieldsOf(type.key), ...fieldsOf(type.value)];
}

/** True if a field inside has another name, or its name is that of another field by now. */
function hasOtherFields(before: NestedField, after: NestedField): boolean {
  const [then, now] = [fieldIdsOf(fieldsOf(before.type)), fieldIdsOf(fieldsOf(after.type))];
  const paths = new Map([...now].map(([path, id]) => [id, path]));
  return [...then].some(([path, id]) => (now.get(path) ?? id) !== id || (paths.get(id) ?? path) !== path);
}
