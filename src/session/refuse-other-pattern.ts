/**
 * Refuses a process of another pattern than the one by which its target was made. Process + progress ->
 * nothing, or a refusal. Pure. A process that appends would never load the hours that one of hours owes, nor
 * the rows that it skipped because they have no event time. A dimension means other rows than a stateful
 * process with the same SQL. Only rows that a stateless process loaded may stay for a stateful one.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { Pattern, ProcessSpec } from '../model/process-spec.ts';
import type { ProcessProgress } from '../state/process-progress.ts';
import { SUMMARY } from '../state/summary-keys.ts';

/** How far a process has come, and where that is written. */
export interface SaidOfTarget {
  readonly progress: ProcessProgress;
  readonly target: TableMetadata;
  /** The name under which it came so far, if not its own: it is about to take over that one's progress. */
  readonly from?: string;
}

/** Throws `pattern-changed`. Where nothing names the pattern of the target, only owed hours tell. */
export function refuseOtherPattern(spec: ProcessSpec, said: SaidOfTarget): void {
  if (!isOtherPattern(spec, said)) return;
  const { progress, from } = said;
  const { processName } = spec;
  const target = tableName(spec.target.table);
  const owed = progress.watermarks.reduce((sum, { owedHours }) => sum + owedHours.length, 0);
  const made = progress.pattern ?? 'stateful or dimension';
  const isAdopted = from === undefined && isAdoptedOnly(spec, said);
  const did = from === undefined ? `has ${isAdopted ? 'adopted' : 'made'}` : `${from} has made`;
  const owing = owed === 0 ? '' : `, of which ${from === undefined ? 'it' : from} owes ${owed} hours`;
  throw refusal(
    'pattern-changed',
    `${processName} is ${spec.pattern} now, and ${did} ${target} as ${made}${owing}: the rows that are there are not those of a ${spec.pattern} process`,
    {
      hint: waysOn(spec, { pattern: patternToKeep(progress), isAdopted, from }),
      context: { process_name: processName, target, expected: made, found: spec.pattern },
    },
  );
}

function waysOn(
  { processName, pattern: now, file, target: { table } }: ProcessSpec,
  {
    pattern,
    isAdopted,
    from,
  }: { readonly pattern: Pattern; readonly isAdopted: boolean; readonly from: string | undefined },
): string {
  const target = tableName(table);
  const restate = `psyberg restate ${processName} --all`;
  if (from !== undefined)
    return `write pattern: ${pattern} in ${file} for the adoption, then pattern: ${now} again, and compute all rows anew: ${restate}; or drop ${target} and run "psyberg run ${processName}"`;
  const adoptAnew = isAdopted
    ? `; or, if ${target} has all rows of its sources, begin anew: psyberg retire ${processName}, then psyberg adopt ${processName} --at now`
    : '';
  return `compute all of them anew: ${restate}; or write pattern: ${pattern} in ${file} again${adoptAnew}; or drop ${target} and run again`;
}

/** The pattern by which a process goes on from its progress as it is. */
export const patternToKeep = ({ pattern = 'stateful' }: ProcessProgress): Pattern => pattern;

/** Whether what is in the target, or what is owed of it, is not what the current pattern would have left. */
export function isOtherPattern(spec: ProcessSpec, said: SaidOfTarget): boolean {
  const { pattern: made, watermarks } = said.progress;
  const owes = watermarks.some(({ owedHours }) => owedHours.length > 0);
  if (made === undefined) return !patternOf(spec).loadsHours && owes;
  if (made === spec.pattern || (made === 'stateless' && spec.pattern === 'stateful')) return false;
  // After a mere adoption somebody else has made the rows, and where no hour is owed an adoption by the
  // current pattern would have written the same. That of a stateless process has not looked which hours are
  // owed.
  return owes || !patternOf({ pattern: made }).loadsHours || !isAdoptedOnly(spec, said);
}

/**
 * Whether the progress is that of an adoption as of which no session has published since. Not known, and
 * false, once its snapshot has expired.
 */
const isAdoptedOnly = (
  { processName }: ProcessSpec,
  { progress, target, from = processName }: SaidOfTarget,
): boolean =>
  (target.snapshots ?? []).some(
    ({ summary }) =>
      summary?.[SUMMARY.processName] === from &&
      summary[SUMMARY.sessionId] === progress.psybergSessionId &&
      summary[SUMMARY.watermarks] !== undefined &&
      summary[SUMMARY.sqlFingerprint] === undefined &&
      summary[SUMMARY.adoptedFrom] === undefined,
  );
