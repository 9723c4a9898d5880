/**
 * Lists folders in which others write. Listing -> the same, repeated if a file vanished. A file may vanish
 * after it was listed and before it is looked at: a commit that was overtaken removes its metadata file.
 */
import { PsybergError } from '../model/errors.ts';

/** How the operating system and stores word it. */
const GONE = /No such file or directory|\bHTTP (?:code )?404\b/i;
/** One listing takes milliseconds to seconds, in which many concurrent commits may overtake each other. */
const LISTINGS_MAX = 20;

export async function listedAgain<T>(list: () => Promise<T>): Promise<T> {
  for (let listing = 1; ; listing += 1) {
    try {
      return await list();
    } catch (error) {
      const isGone = error instanceof PsybergError && error.code === 'sql-failed' && GONE.test(error.message);
      if (!isGone || listing === LISTINGS_MAX) throw error;
    }
  }
}
