/** Durations, sizes and counts of the command line. Text -> number. Pure. */
import { usageError } from '../model/errors.ts';
import { durationMs } from '../model/hour.ts';

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** `5d`, `36h`, `90m`, `30s` as ms. Throws `duration-invalid`. */
export function givenDurationMs(text: string, option: string): number {
  const givenMs = durationMs(text, { fine: true });
  if (givenMs === undefined)
    throw usageError(
      'duration-invalid',
      `${option} must be a duration such as 5d, 36h, 90m or 30s, found '${text}'`,
      { hint: `for example ${option} 36h`, context: { option, found: text } },
    );
  return givenMs;
}

/** `128MB`, `512MiB`, or bytes. Throws `size-invalid`. */
export function sizeBytes(text: string, option: string): number {
  const [, digits, unit = 'B'] = /^(\d{1,12}(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text) ?? [];
  const factor = SIZES[(unit === '' ? 'B' : unit).toUpperCase()];
  if (digits === undefined || factor === undefined || Number(digits) * factor < 1)
    throw usageError('size-invalid', `${option} must be a size such as 128MB or 512MiB, found '${text}'`, {
      hint: `for example ${option} 128MB`,
      context: { option, found: text },
    });
  return Math.round(Number(digits) * factor);
}

/** A whole number from `least` on. Throws `count-invalid`. */
export function countOf(text: string, option: string, least: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw usageError('count-invalid', `${option} must be a whole number from ${least} on, found '${text}'`, {
      hint: `for example ${option} ${Math.max(least, 4)}`,
      context: { option, found: text },
    });
  return Number(text);
}
