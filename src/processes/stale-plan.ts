/** A plan that was made earlier, held against a fresh one. Two plans -> nothing, or a refusal. Pure. */
import { refusal } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';

/**
 * A plan made earlier is run only as it was made: the same SQL over the same heads, onto the same base. A
 * source that a process of this run has just published to is read at the head that the plan names.
 * Throws `plan-stale`.
 */
export function refuseStale(
  given: CompiledPlan,
  fresh: CompiledPlan,
  publishedNow: ReadonlySet<string>,
): void {
  const moving = (table: string): boolean => publishedNow.has(table.toLowerCase());
  const facts = (plan: CompiledPlan): Record<string, unknown> => ({
    'the SQL of the process': plan.process_sha256,
    'the target': plan.target.base_snapshot_id,
    ...Object.fromEntries(
      plan.sources
        .filter((source) => !moving(source.table))
        .map((source) => [`the source ${source.table}`, source.head?.snapshot_id ?? null]),
    ),
    ...Object.fromEntries(
      plan.sources.flatMap(({ table, read }) =>
        read.kind === 'files' ? [[`the files of ${table}`, read.relation]] : [],
      ),
    ),
    ...(plan.sources.some((source) => moving(source.table))
      ? {}
      : { 'its hours': JSON.stringify(plan.hours.map((hour) => hour.hour)) }),
  });
  const now = facts(fresh);
  const moved = Object.entries(facts(given)).find(([name, value]) => now[name] !== value);
  if (moved !== undefined)
    throw refusal(
      'plan-stale',
      `the plan of ${given.process_name} (session ${given.psyberg_session_id}) is stale: ${moved[0]} changed since it was made`,
      {
        hint: `plan again: psyberg plan ${given.process_name} --out plan.json`,
        context: {
          process_name: given.process_name,
          changed: moved[0],
          expected: moved[1],
          found: now[moved[0]],
        },
      },
    );
}
