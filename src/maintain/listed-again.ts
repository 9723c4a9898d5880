/**
 * Listings of folders in which others write. A file may go between its listing and the look at it: a commit
 * that was overtaken takes its metadata file away. Listing -> the same, made again where a file went.
 */
import { PsybergError } from '../model/errors.ts';

/** As a system and as stores say it. */
const GONE = /No such file or directory|\bHTTP (?:code )?404\b/i;
/** One listing takes milliseconds to seconds, and of those many commits at once overtake each other. */
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
