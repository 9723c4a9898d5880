/**
 * Makes the name of a partition field in Avro. Name -> name. Pure. Avro allows letters, digits and `_`;
 * others are written as in Apache Iceberg's Java (`AvroSchemaUtil.makeCompatibleName`): readers find a field
 * by its id, and the real name is in the partition spec.
 */

/**
 * `a_x20key` for `a key`, `_1st` for `1st`. Only ASCII letters count as letters: DuckDB 1.5.5 writes no
 * others.
 */
export function avroName(name: string): string {
  const units = name.split('').map((unit) => (/\w/.test(unit) ? unit : `_x${hexOf(unit)}`));
  const [first = ''] = units;
  return (/^\d$/.test(first) ? '_' : '') + units.join('');
}

/** For one UTF-16 unit: a character outside of the basic plane is written as two. */
const hexOf = (unit: string): string => unit.charCodeAt(0).toString(16).toUpperCase();
