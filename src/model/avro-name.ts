/**
 * The name of a partition field in Avro. Name -> name. Pure. Avro takes letters, digits and `_`; others are
 * written as Apache Iceberg's Java writes them (`AvroSchemaUtil.makeCompatibleName`): readers find a field by
 * its id, and the real name is in the partition spec.
 */

/**
 * `a_x20key` for `a key`, `_1st` for `1st`. Of letters only those of ASCII: DuckDB 1.5.5 writes no others.
 */
export function avroName(name: string): string {
  const units = name.split('').map((unit) => (/\w/.test(unit) ? unit : `_x${hexOf(unit)}`));
  const [first = ''] = units;
  return (/^\d$/.test(first) ? '_' : '') + units.join('');
}

/** Of a UTF-16 unit: what is outside of the basic plane is written as two. */
const hexOf = (unit: string): string => unit.charCodeAt(0).toString(16).toUpperCase();
