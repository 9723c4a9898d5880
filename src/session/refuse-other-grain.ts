/**
 * Refuses a dimension whose grain is not that of its target. Process + progress -> nothing, or a refusal.
 * Pure. If the grain became days, `previous` would hold the rows of 24 hours; if it became hours, none for 23
 * hours of 24.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { ProcessProgress } from '../state/process-progress.ts';

/**
 * Throws `grain-changed`. If the target's history was expired, its former grain is not known and nothing is
 * refused.
 */
export function refuseOtherGrain(spec: ProcessSpec, { grain: made }: ProcessProgress): void {
  const { grain = 'hour' } = spec;
  if (!patternOf(spec).readsPrevious || made === undefined || made === grain) return;
  const target = tableName(spec.target.table);
  throw refusal(
    'grain-changed',
    `${spec.processName} is a dimension by ${grain} now, and has computed ${target} by ${made}: previous would not hold the rows of one ${grain}`,
    {
      hint: `write grain: ${made} in ${spec.file} again; or let it write another target; or drop ${target} and run again to compute it by ${grain}`,
      context: { process_name: spec.processName, target, expected: made, found: grain },
    },
  );
}
