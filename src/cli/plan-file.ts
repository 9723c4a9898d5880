/** A file of `psyberg plan --out`, checked before anything is run from it. File -> CompiledPlan[]. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { usageError } from '../model/errors.ts';
import { GRAINS } from '../model/grain.ts';
import type { CompiledPlan } from '../model/plan.ts';
import { PATTERN_NAMES } from '../model/process-spec.ts';

const text = z.string();
const hour = z.string().regex(/^[+-]?\d{4,6}-\d\d-\d\dT\d\d:00:00Z$/);
const digits = z.string().regex(/^\d+$/);
const position = z.nullable(
  z.object({ table_uuid: text, snapshot_id: digits, sequence_number: digits, committed_at: text }),
);
const read = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('changes'),
    snapshot_ids: z.array(digits),
    manifest_lists: z.array(text),
    files: z.nullable(z.array(text)),
    delete_files: z.optional(z.array(text)),
  }),
  z.object({ kind: z.literal('snapshot'), snapshot_id: digits }),
  z.looseObject({
    kind: z.literal('files'),
    relation: text,
    files: z.array(
      z.object({ path: text, bytes: digits, modified_at: text, etag: text.nullable(), rows: digits }),
    ),
    columns: z.record(text, text),
    shape: text.nullable(),
    session: digits,
    undone: z.boolean(),
    with_filename: z.boolean(),
  }),
  z.object({ kind: z.literal('nothing') }),
]);
const source = z.looseObject({
  table: text,
  alias: text,
  watermark: position,
  head: position,
  read,
  owed_hours: z.array(hour),
});
const step = z.object({
  stage: z.enum(['branch', 'load', 'compose', 'audit', 'publish', 'cleanup']),
  name: text,
  sql: text,
  parameters: z.record(text, z.unknown()),
});
const plan = z.looseObject({
  plan_version: z.literal(1),
  process_name: text,
  psyberg_session_id: z.string().regex(/^\d{14}$/),
  pattern: z.enum(PATTERN_NAMES),
  status: z.enum(['work', 'follows', 'nothing-new', 'waiting']),
  grain: z.enum(GRAINS).optional(),
  sources: z.array(source),
  range: z.nullable(z.object({ first_hour: hour, last_hour: hour })),
  hours: z.array(z.looseObject({ hour })),
  owed_hours: z.array(hour),
  follows: z.optional(z.array(text)),
  expected_hours: z.optional(z.array(hour)),
  expected_unknown_because: z.optional(z.nullable(text)),
  target: z.looseObject({
    table: text,
    operation: z.enum(['append', 'overwrite']),
    base_snapshot_id: digits.nullable(),
    exists: z.boolean(),
  }),
  process_sha256: text,
  steps: z.array(step),
});
const planFile = z.object({ plans: z.array(plan).min(1) });

/**
 * Reads the plans; with `names` only those. Throws `plan-file-invalid` with the place of the first thing that
 * is wrong.
 */
export function readPlanFile(file: string, names: readonly string[] = []): CompiledPlan[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw invalid(
      file,
      error instanceof SyntaxError
        ? `it is no JSON: ${error.message}`
        : `it cannot be read: ${isMissing(error) ? 'there is no such file' : (error as Error).message}`,
      error,
    );
  }
  const plans = checkedPlans(content, file);
  const absent = names.find((name) => !plans.some((each) => each.process_name === name));
  if (absent !== undefined)
    throw invalid(
      file,
      `it holds no plan of ${absent}, only of ${plans.map((each) => each.process_name).join(', ')}`,
    );
  const twice = plans.find(
    (each, index) => plans.findIndex((other) => other.process_name === each.process_name) !== index,
  );
  if (twice !== undefined) throw invalid(file, `it holds two plans of ${twice.process_name}`);
  return names.length === 0 ? plans : plans.filter((each) => names.includes(each.process_name));
}

function checkedPlans(content: unknown, file: string): CompiledPlan[] {
  const checked = planFile.safeParse(content);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const more = checked.error.issues.length - 1;
    throw invalid(
      file,
      `at ${placeText(issue?.path ?? [])}: ${(issue?.message ?? 'invalid').toLowerCase()}${more > 0 ? `, and ${more} more` : ''}`,
    );
  }
  // The file's own words: what the check does not name would be missing from its result, and a plan without
  // its delete files loads deleted rows.
  return (content as { readonly plans: CompiledPlan[] }).plans;
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

const placeText = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the top'
    : path
        .map((part, index) =>
          typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
        )
        .join('');

const invalid = (file: string, why: string, cause?: unknown): Error =>
  usageError('plan-file-invalid', `${file} is no plan file: ${why}`, {
    hint: 'make one: psyberg plan --out plan.json',
    context: { file },
    ...(cause === undefined ? {} : { cause }),
  });
