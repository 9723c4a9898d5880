/**
 * Finds a folder on the way of a glob that this user may not look into. Glob -> the first one. DuckDB's glob
 * silently leaves such folders out (1.5.5): files in them would count as not there. Reads folders only.
 */
import { accessSync, constants, type Dirent, readdirSync, statSync } from 'node:fs';
import { join, parse } from 'node:path';

const MAGIC = /[*?[\]{}]/;

/** `glob`: an absolute path. Undefined where all of them are open, or none is there. */
export function closedFolder(glob: string): string | undefined {
  const { root } = parse(glob);
  const segments = glob.slice(root.length).split(/[\\/]/).slice(0, -1);
  return closedBelow(root, segments);
}

function closedBelow(folder: string, segments: readonly string[]): string | undefined {
  const [segment, ...rest] = segments;
  // A folder with a name is passed through, and only the last one is read.
  if (segment !== undefined && !MAGIC.test(segment)) return closedBelow(join(folder, segment), rest);
  const state = stateOf(folder);
  if (state !== 'open') return state === 'closed' ? folder : undefined;
  if (segment === undefined) return undefined;
  const inside = readdirSync(folder, { withFileTypes: true });
  if (segment === '**') return closedBelow(folder, rest) ?? firstClosed(folder, inside, segments);
  const matches = matcherOf(segment);
  return firstClosed(
    folder,
    inside.filter(({ name }) => matches.test(name)),
    rest,
  );
}

function firstClosed(
  folder: string,
  entries: readonly Dirent[],
  segments: readonly string[],
): string | undefined {
  for (const entry of entries) {
    if (!entry.isDirectory() && !(entry.isSymbolicLink() && segments[0] !== '**')) continue;
    const closed = closedBelow(join(folder, entry.name), segments);
    if (closed !== undefined) return closed;
  }
  return undefined;
}

function stateOf(folder: string): 'open' | 'closed' | 'none' {
  try {
    if (!statSync(folder).isDirectory()) return 'none';
    accessSync(folder, constants.R_OK | constants.X_OK);
    return 'open';
  } catch (error) {
    return ['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') ? 'closed' : 'none';
  }
}

/** One segment of a glob. */
const matcherOf = (segment: string): RegExp =>
  new RegExp(
    `^${segment
      .replace(/[\\^$.|+(){}]/g, '\\$&')
      .replace(/\[!/g, '[^')
      .replace(/\*+/g, '.*')
      .replace(/\?/g, '.')}$`,
  );
