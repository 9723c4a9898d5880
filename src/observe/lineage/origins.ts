/** Describes where a value comes from: columns of sources, and how they are used. Pure. */

/** Named as in OpenLineage's facet `columnLineage`, from the least to the most that is done to a value. */
const DIRECT = ['IDENTITY', 'TRANSFORMATION', 'AGGREGATION'] as const;
export type DirectUse = (typeof DIRECT)[number];
/** Uses that decide which rows or values there are, without being part of them. */
export type IndirectUse = 'JOIN' | 'GROUP_BY' | 'FILTER' | 'SORT' | 'WINDOW' | 'CONDITIONAL';

export interface Origin {
  /** Alias of the source. */
  readonly source: string;
  readonly column: string;
  readonly use: DirectUse | IndirectUse;
}

export const isDirect = ({ use }: Pick<Origin, 'use'>): boolean => DIRECT.some((each) => each === use);

/** The same origins if more is done to the value. */
export const usedFor = (origins: readonly Origin[], use: DirectUse | IndirectUse): Origin[] =>
  origins.map((origin) => {
    if (!isDirect(origin)) return origin;
    if (!isDirect({ use })) return { ...origin, use };
    const [before, now] = [origin.use, use].map((each) => DIRECT.indexOf(each as DirectUse));
    return (before as number) >= (now as number) ? origin : { ...origin, use };
  });

/** Removes duplicates. */
export function distinctOrigins(origins: readonly Origin[]): Origin[] {
  const known = new Map(origins.map((each) => [JSON.stringify([each.source, each.column, each.use]), each]));
  return [...known.values()];
}
