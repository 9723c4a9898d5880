/** Names types for the head of a table. Pure. */

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL(\(.*\))?|DOUBLE|FLOAT)$/;

/** Types whose values are aligned right. */
export const isNumberType = (type: string): boolean => NUMBER.test(type);

/** DuckDB's short names. */
export const shortType = (type: string): string =>
  type.replaceAll('TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ').replaceAll('TIME WITH TIME ZONE', 'TIMETZ');
