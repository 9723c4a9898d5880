/** Separates lookups from the other sources of a process. Sources -> sources. Pure. */
import type { SourceSpec } from './process-spec.ts';

interface WithSpec {
  readonly spec: Pick<SourceSpec, 'lookup'>;
}

/** True for a table that is read whole, has no hours and does not cause sessions by itself. */
export const isLookup = ({ spec }: WithSpec): boolean => spec.lookup !== undefined;

/** The sources of events: all but the lookups. */
export const withoutLookups = <Source extends WithSpec>(sources: readonly Source[]): Source[] =>
  sources.filter((source) => !isLookup(source));
