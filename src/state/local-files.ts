/** Deleting files that nothing refers to any more. */
import { unlinkSync } from 'node:fs';

/** Deletes a file of the warehouse. One that is gone already, or on a store that this process cannot reach, stays an orphan and harms nobody. */
export function removeLocalFile(path: string): void {
  try {
    unlinkSync(path.replace(/^file:(\/\/)?/, ''));
  } catch {
    // An orphan file harms nobody; an error here would hide what came before it.
  }
}
