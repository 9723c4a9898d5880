/**
 * Checks for the Node that psyberg needs; imported before anything that an older one could not even parse.
 */

/** The same as `engines` in package.json. */
const MINIMUM = [22, 13] as const;

/** What is wrong with this Node; undefined if it is new enough. */
export function nodeComplaint(found: string = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
    ? undefined
    : `psyberg needs Node ${MINIMUM.join('.')} or newer, found ${found}`;
}

/** Installs a Node for the folder alone: npx and npm's scripts use that one first. */
export const NODE_HINT = 'npm install node@24';
