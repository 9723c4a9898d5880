/**
 * Finds rows with NULL where a schema requires a value, at any depth. Fields -> condition. Pure. The
 * `required` of an inner field counts only if the value that contains it exists (Iceberg specification,
 * "Nested Types").
 */
import { quoteIdentifier, type SqlFragment, statementFragment } from './quote.ts';

/** A field as metadata describe it. */
export interface RequiredField {
  readonly name: string;
  readonly required: boolean;
  readonly type: RequiredType;
}
type RequiredType =
  | string
  | { readonly type: 'struct'; readonly fields: readonly RequiredField[] }
  | { readonly type: 'list'; readonly element: RequiredType; readonly 'element-required': boolean }
  | {
      readonly type: 'map';
      readonly key: RequiredType;
      readonly value: RequiredType;
      readonly 'value-required': boolean;
    };

/**
 * The NULLs of a row that the field does not allow, `false` if there can be none; for a relation with that
 * column.
 */
export const nullsAgainstFragment = (field: RequiredField): SqlFragment =>
  statementFragment(nullsIn(quoteIdentifier(field.name), field.type, field.required, 0) ?? 'false');

/** True if a value inside the field, not the field itself, is required. */
export const requiresInside = ({ type }: RequiredField): boolean =>
  nullsIn('inside', type, false, 0) !== undefined;

function nullsIn(value: string, type: RequiredType, required: boolean, depth: number): string | undefined {
  const own = required ? `${value} is null` : undefined;
  return either([own, typeof type === 'string' ? undefined : nullsInside(value, type, depth)]);
}

function nullsInside(value: string, type: Exclude<RequiredType, string>, depth: number): string | undefined {
  const item = `item_${depth}`;
  const among = (items: string, of: RequiredType, required: boolean): string | undefined => {
    const found = nullsIn(item, of, required, depth + 1);
    return found === undefined
      ? undefined
      : `coalesce(len(list_filter(${items}, lambda ${item}: ${found})), 0) > 0`;
  };
  switch (type.type) {
    case 'struct': {
      const members = type.fields.map((field) =>
        nullsIn(`${value}.${quoteIdentifier(field.name)}`, field.type, field.required, depth),
      );
      const found = either(members);
      return found === undefined ? undefined : `(${value} is not null and ${found})`;
    }
    case 'list':
      return among(value, type.element, type['element-required']);
    case 'map':
      return either([
        among(`map_keys(${value})`, type.key, false),
        among(`map_values(${value})`, type.value, type['value-required']),
      ]);
  }
}

function either(conditions: readonly (string | undefined)[]): string | undefined {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length < 2 ? given[0] : `(${given.join(' or ')})`;
}
