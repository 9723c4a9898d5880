/** Refuses a Node that is too old, for the library; the command checks this before it reads anything else. */
import { usageError } from './errors.ts';
import { NODE_HINT, nodeComplaint } from './node-version.ts';

/** Throws `node-too-old`. */
export function refuseOldNode(): void {
  const complaint = nodeComplaint();
  if (complaint === undefined) return;
  throw usageError('node-too-old', complaint, { hint: `install a newer one: ${NODE_HINT}` });
}
