/** Quotes names in SQL that people read and paste, only where necessary. Pure. */
import { NAME_PATTERN } from './names.ts';

// The keywords of DuckDB 1.5.5 that cause a syntax error somewhere as a bare name: its reserved ones
// (duckdb_keywords()), and `by` and `unpack`, which it calls unreserved.
const RESERVED = new Set(
  `all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast
  check collate collation column concurrently constraint create cross default deferrable desc describe
  distinct do else end except false fetch for foreign freeze from full generated glob grant group having
  ilike in initially inner intersect into is isnull join lambda lateral leading left like limit map
  natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing
  positional primary qualify references returning right select semi show similar some struct summarize
  symmetric table tablesample then to trailing true try_cast union unique unpack unpivot using variadic
  verbose when where window with`.split(/\s+/),
);

/** A name as DuckDB's SQL needs it. */
export const sqlName = (name: string): string =>
  NAME_PATTERN.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`;

/** A name as Spark's SQL quotes it: there a double quote begins a string. */
export const backticked = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
