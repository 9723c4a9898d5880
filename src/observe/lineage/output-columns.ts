/** Holds the columns of a query with where they come from, and handles lists of them. Pure. */
import type { Origin } from './origins.ts';

export interface OutputColumn {
  /** Undefined for an expression that DuckDB would name. */
  readonly name: string | undefined;
  readonly origins: readonly Origin[];
}

export interface QueryOrigins {
  readonly columns: readonly OutputColumn[];
  /** What decides which rows there are: joins, filters, groups. */
  readonly rows: readonly Origin[];
}

export const isName = (a: string | undefined, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

export const renamed = (query: QueryOrigins, names: readonly string[]): QueryOrigins => ({
  ...query,
  columns: query.columns.map((column, place) => ({ ...column, name: names[place] ?? column.name })),
});

export function byName(parts: readonly QueryOrigins[]): OutputColumn[] {
  const columns: OutputColumn[] = [];
  for (const { name, origins } of parts.flatMap((part) => part.columns)) {
    const place = columns.findIndex((column) => isName(column.name, name ?? ''));
    const before = columns[place];
    if (before === undefined) columns.push({ name, origins });
    else columns[place] = { ...before, origins: [...before.origins, ...origins] };
  }
  return columns;
}

export const named = (columns: readonly OutputColumn[], name: string): readonly Origin[] | undefined =>
  columns.find((column) => isName(column.name, name))?.origins;
