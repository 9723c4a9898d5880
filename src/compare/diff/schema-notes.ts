/** Describes in words how the columns of two snapshots differ. Schemas -> sentences. Pure. */
import type { NestedField, Schema } from '../../iceberg/table-metadata.ts';

/** Columns are compared by id: a renamed one is still the same column. */
export function schemaNotes(from: Schema, to: Schema): string[] {
  if (from['schema-id'] === to['schema-id']) return [];
  const before = byId(from);
  const after = byId(to);
  const added = to.fields.filter(({ id }) => !before.has(id)).map(({ name }) => name);
  const dropped = from.fields.filter(({ id }) => !after.has(id)).map(({ name }) => name);
  const renamed = to.fields.flatMap(({ id, name }) => {
    const earlier = before.get(id)?.name;
    return earlier === undefined || earlier === name ? [] : [`${earlier} is now ${name}`];
  });
  const retyped = to.fields.flatMap(({ id, name, type }) => {
    const earlier = before.get(id)?.type;
    return typeof earlier === 'string' && typeof type === 'string' && earlier !== type
      ? [`${name} was ${earlier} and is ${type}`]
      : [];
  });
  return [
    ...(added.length === 0 ? [] : [`new ${columns(added)}, NULL in rows from before: ${added.join(', ')}`]),
    ...(dropped.length === 0 ? [] : [`dropped ${columns(dropped)}, not compared: ${dropped.join(', ')}`]),
    ...(renamed.length === 0 ? [] : [`renamed: ${renamed.join(', ')}`]),
    ...(retyped.length === 0 ? [] : [`another type: ${retyped.join(', ')}`]),
  ];
}

const byId = ({ fields }: Schema): ReadonlyMap<number, NestedField> =>
  new Map(fields.map((field) => [field.id, field]));

const columns = (names: readonly string[]): string => (names.length === 1 ? 'column' : 'columns');
