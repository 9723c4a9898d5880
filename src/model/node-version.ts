/** The Node that psyberg needs; imported before anything that an older one could not even read. */

/** As `engines` of package.json says. */
const MINIMUM = [22, 13] as const;

/** What is wrong with this Node; undefined when it is new enough. */
export function nodeComplaint(found: string = process.versions.node): string | undefined {
  const [major = 0, minor = 0] = found.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])
    ? undefined
    : `psyberg needs Node ${MINIMUM.join('.')} or newer, found ${found}`;
}

/** A Node of its own for the folder: npx and npm's scripts take that one first. */
export const NODE_HINT = 'npm install node@24';
