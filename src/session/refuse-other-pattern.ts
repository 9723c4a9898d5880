/**
 * Refuses a process of another pattern than the one by which its target was made. Process + progress ->
 * nothing, or a refusal. Pure. A process that appends would never load the hours that one of hours owes, nor
 * the rows that it skipped because they have no event time. A dimension means other rows than a stateful
 * process with the same SQL. Only rows that a stateless process loaded may stay for a stateful one.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { ProcessProgress } from '../state/process-progress.ts';

/** Throws `pattern-changed`. Where nothing names the pattern of the target, only owed hours tell. */
export function refuseOtherPattern(spec: ProcessSpec, progress: ProcessProgress): void {
  if (!isOtherPattern(spec, progress)) return;
  const { processName } = spec;
  const target = tableName(spec.target.table);
  const owed = progress.watermarks.reduce((sum, { owedHours }) => sum + owedHours.length, 0);
  const made = progress.pattern ?? 'stateful or dimension';
  throw refusal(
    'pattern-changed',
    `${processName} is ${spec.pattern} now, and has made ${target} as ${made}${owed === 0 ? '' : `, of which it owes ${owed} hours`}: the rows that are there are not those of a ${spec.pattern} process`,
    {
      hint: `compute all of them anew: psyberg restate ${processName} --all; or write pattern: ${progress.pattern ?? 'stateful'} in ${spec.file} again; or drop ${target} and run again`,
      context: { process_name: processName, target, expected: made, found: spec.pattern },
    },
  );
}

export function isOtherPattern(spec: ProcessSpec, { pattern: made, watermarks }: ProcessProgress): boolean {
  if (made === undefined)
    return !patternOf(spec).loadsHours && watermarks.some(({ owedHours }) => owedHours.length > 0);
  return made !== spec.pattern && !(made === 'stateless' && spec.pattern === 'stateful');
}
