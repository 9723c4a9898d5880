/**
 * Finds the columns in which NaN may be. Columns -> names. Pure. NaN is greater than all numbers, and bounds
 * in Parquet files leave it out if Arrow wrote them (PyIceberg, pandas, Polars): where a filter of a query
 * (`x > 5`) reaches a column itself, DuckDB 1.5.5 skips row groups with NaN.
 */
import type { SeenColumn } from './session.ts';

/** Those of floating-point numbers, and with such numbers inside. `type`: DuckDB's own name of a type. */
export const floatColumns = (columns: readonly SeenColumn[]): string[] =>
  columns.filter(({ type }) => /\b(?:float|double)\b/i.test(type)).map(({ name }) => name);
