/** How messages name a file of the project. */
import path from 'node:path';

/** Relative to the project, with forward slashes. */
export const relativeFile = (root: string, file: string): string =>
  path.relative(root, file).split(path.sep).join('/');
