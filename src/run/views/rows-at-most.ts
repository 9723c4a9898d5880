/** Estimates from above how many rows the statements of a session read. Opened -> number of rows. */
import { auditsReadTarget } from '../../compile/index.ts';
import { countInSummary } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { PlanSource } from '../../model/plan.ts';
import type { Opened } from '../session.ts';

/**
 * `snapshotOf`: what a source is pinned at. Undefined where a snapshot does not say how many rows it has. Of
 * hours the whole source is counted: which of its files are read is not known yet.
 */
export async function rowsAtMost(
  { plan, spec, base }: Opened,
  snapshotOf: (source: PlanSource) => Promise<Snapshot>,
): Promise<bigint | undefined> {
  const ofSource = async (source: PlanSource): Promise<bigint | undefined> => {
    const { kind } = source.read;
    if (kind === 'nothing') return 0n;
    return kind === 'snapshot'
      ? countInSummary(await snapshotOf(source), 'total-records')
      : BigInt(source.rows);
  };
  const readsTarget = base !== undefined && (patternOf(spec).readsPrevious || auditsReadTarget(spec));
  const counts = [
    ...(await Promise.all(plan.sources.map(ofSource))),
    readsTarget ? countInSummary(base, 'total-records') : 0n,
  ];
  return counts.reduce(
    (sum, count) => (sum === undefined || count === undefined ? undefined : sum + count),
    0n,
  );
}
