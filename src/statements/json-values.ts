/**
 * Turns JSON values of a step into the types that its statement declares. JSON -> values. Pure. JSON has no
 * 64-bit integers, so plans hold them as text: ids of snapshots, hours.
 */
import type { DeclaredParameter, SqlType } from './header.ts';

/** Texts become integers if the header declares these; everything else stays as it is. */
export const fromJson = <Value>(
  declared: readonly DeclaredParameter[],
  values: Readonly<Record<string, Value>>,
): Record<string, Value | bigint | number | readonly (bigint | number)[]> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const type = declared.find((each) => each.name === name)?.type;
      return [name, type === undefined ? value : integersOf(type, value)];
    }),
  );

function integersOf<Value>(
  type: SqlType,
  value: Value,
): Value | bigint | number | readonly (bigint | number)[] {
  if (type.kind === 'list' && Array.isArray(value))
    return value.map((item: string) => integersOf(type.item, item) as bigint | number);
  if (type.kind !== 'scalar' || typeof value !== 'string' || !/^-?\d+$/.test(value)) return value;
  if (type.name === 'BIGINT') return BigInt(value);
  return type.name === 'INTEGER' ? Number(value) : value;
}
