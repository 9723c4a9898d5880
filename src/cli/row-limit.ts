/** The number of `--limit`. Text -> whole number. Pure. */
import { usageError } from '../model/errors.ts';

/** Throws `limit-invalid` for anything but a whole number from 1 on. */
export function rowLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,9}$/.test(text) || limit < 1)
    throw usageError('limit-invalid', `--limit must be a whole number from 1 on, found '${text}'`, {
      hint: 'for example --limit 20',
      context: { found: text },
    });
  return limit;
}
