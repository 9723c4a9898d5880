/** What a process's SQL says of its rows, in its plan; or why no session may run it. Plan + tree -> Plan. */
import { relative } from 'node:path';
import { placeOfByte } from '../binding/edited-text.ts';
import { engineOf } from '../model/engines.ts';
import { usageError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import { isAccepted, nonDeterministicCalls, rowsAlone, rowsTogetherText, warningsOf } from '../plan/index.ts';

/**
 * `tree`: as DuckDB's parser gives it; undefined of another engine's SQL that it does not read. Throws
 * `rows-not-alone`.
 */
export function withJudgedSql(
  plan: Plan,
  spec: ProcessSpec,
  project: Pick<ProjectSpec, 'root'>,
  tree: unknown,
): Plan {
  const alone = rowsAlone(tree, spec, plan.target.event_time?.unit === 'day');
  if (spec.pattern === 'stateless') refuseTogether(spec, project, alone);
  const compares =
    !alone.isKnown &&
    spec.pattern !== 'stateless' &&
    // An hour is compared by DuckDB.
    engineOf(spec) === 'duckdb' &&
    !isAccepted(spec, 'hours-not-alone') &&
    // What is another value each time says nothing of the hours.
    nonDeterministicCalls(tree, () => false).length === 0;
  return {
    ...plan,
    warnings: warningsOf(plan, spec, tree, alone),
    ...(compares ? { compares_hours: true } : {}),
  };
}

function refuseTogether(
  spec: ProcessSpec,
  { root }: Pick<ProjectSpec, 'root'>,
  { told: [first] }: ReturnType<typeof rowsAlone>,
): void {
  if (first === undefined || isAccepted(spec, 'rows-not-alone')) return;
  const file = relative(root, spec.file);
  const place = first.byte === undefined ? spec.sqlOffset : placeOfByte(spec.sql, spec.sqlOffset, first.byte);
  const { message, hint } = rowsTogetherText(spec, first);
  throw usageError('rows-not-alone', `${file}:${place.line}:${place.column} ${message}`, {
    hint,
    context: { process_name: spec.processName, file, ...place },
  });
}
