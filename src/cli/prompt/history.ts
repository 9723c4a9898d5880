/**
 * The history of the prompt, kept in a file of the user's: one entry a line, oldest first. Nobody else may
 * read it, and no statement that may hold a secret is kept.
 */
import fs from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

export const HISTORY_MAX = 1000;

/**
 * `PSYBERG_HISTORY`, else `psyberg/sql_history` below the folder for state (XDG Base Directory
 * Specification); undefined when the variable is empty: then nothing is kept.
 */
export function historyFile(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['PSYBERG_HISTORY'];
  if (named !== undefined) return named === '' ? undefined : path.resolve(named);
  const state = env['XDG_STATE_HOME'];
  const folder = state === undefined || state === '' ? path.join(homedir(), '.local', 'state') : state;
  return path.join(folder, 'psyberg', 'sql_history');
}

/** Newest first, as readline takes it. Empty when the file cannot be read: a prompt works without. */
export function keptHistory(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    const entries = fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
    if (entries.length > 2 * HISTORY_MAX)
      fs.writeFileSync(file, `${entries.slice(-HISTORY_MAX).join('\n')}\n`, { mode: 0o600 });
    return entries.slice(-HISTORY_MAX).reverse();
  } catch {
    return [];
  }
}

const SECRET = /\b(?:secret|token|password|credential)/i;

/** Adds an entry; several prompts may write to one file. */
export function keepInHistory(file: string | undefined, entry: string): void {
  if (file === undefined || entry.trim() === '' || SECRET.test(entry)) return;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.appendFileSync(file, `${entry}\n`, { mode: 0o600 });
  } catch {
    // A home that is read-only: the prompt goes on without.
  }
}
