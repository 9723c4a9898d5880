/** Names a file of the project in messages. */
import path from 'node:path';

/** Relative to the project, with forward slashes. */
export const relativeFile = (root: string, file: string): string =>
  path.relative(root, file).split(path.sep).join('/');
