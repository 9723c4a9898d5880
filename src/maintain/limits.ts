/** Turns the limits of maintenance into numbers. Options -> ms and bytes. Pure. */
import { usageError } from '../model/errors.ts';
import { DAY_MS, HOUR_MS } from '../model/hour.ts';
import type { MaintainOptions } from '../model/maintain-record.ts';

const GRACE_DEFAULT_MS = DAY_MS;
/** A writer that takes longer than this from its first file to its commit would lose files. */
const GRACE_FLOOR_MS = HOUR_MS;

/** From this age on, a file that no metadata reach belongs to nobody. */
export const graceMs = (options: MaintainOptions): number => options.orphanGraceMs ?? GRACE_DEFAULT_MS;

/** Throws `orphan-grace-too-short` and `maintain-option-invalid`. */
export function checkLimits(options: MaintainOptions): void {
  if (graceMs(options) < GRACE_FLOOR_MS && options.force !== true)
    throw usageError(
      'orphan-grace-too-short',
      `an orphan grace of ${graceMs(options) / 1000} s may delete files that somebody is about to commit; expected 1 hour or more`,
      {
        hint: 'leave it out (24 hours), or add --force when nobody writes to the warehouse',
        context: { expected_ms: GRACE_FLOOR_MS, found_ms: graceMs(options) },
      },
    );
  const numbers = {
    olderThanMs: [0, options.olderThanMs],
    retainLast: [1, options.retainLast],
    orphanGraceMs: [0, options.orphanGraceMs],
    targetFileBytes: [1, options.targetFileBytes],
    minInputFiles: [2, options.minInputFiles],
  } as const;
  for (const [name, [least, value]] of Object.entries(numbers))
    if (value !== undefined && !(Number.isInteger(value) && value >= least))
      throw usageError(
        'maintain-option-invalid',
        `${name} must be a whole number from ${least} on, found ${value}`,
        { context: { option: name, found: value } },
      );
}
