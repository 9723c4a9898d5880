/** Formats files in place. Paths -> what became of each. Writes files. */
import fs from 'node:fs';
import path from 'node:path';
import type { FormatProblem, FormattedFile } from '../../model/format-record.ts';
import { decoded } from '../file-text.ts';
import { positionAt } from '../problems.ts';
import { isFormattable } from './files-to-format.ts';
import { formatFile } from './format-file.ts';
import type { ParseSql } from './format-sql.ts';

export { filesOf, filesToFormat } from './files-to-format.ts';

/**
 * Formats each file (absolute path) whose formatted text differs from it; with `check` nothing is written. A
 * fault in one file does not keep the others from being formatted.
 */
export async function formatFiles(
  files: readonly string[],
  options: FormatOptions,
): Promise<FormattedFile[]> {
  const done: FormattedFile[] = [];
  for (const file of files) {
    options.onFile?.(shownName(file));
    done.push(await formatInPlace(file, options));
  }
  return done;
}

export interface FormatOptions {
  readonly parse: ParseSql;
  readonly check: boolean;
  /** Called before each file, with its name. */
  readonly onFile?: (name: string) => void;
}

/** Formats a text that has no file: SQL, with or without a header. `text`: the text to continue with. */
export async function formatText(
  written: string,
  parse: ParseSql,
  check: boolean,
): Promise<{ readonly file: FormattedFile; readonly text: string }> {
  const { file, result } = await formatNamed('stdin.sql', written, parse);
  const status = check && file.status === 'formatted' ? 'would-change' : file.status;
  return { file: { ...file, file: 'stdin', status }, text: result };
}

async function formatInPlace(file: string, { parse, check }: FormatOptions): Promise<FormattedFile> {
  const shown = shownName(file);
  try {
    if (!isFormattable(file))
      return failed(shown, 'file-not-readable', 'only .sql, .yaml and .yml are formatted');
    const { text, wrong } = decoded(fs.readFileSync(file));
    if (wrong !== undefined) return failed(shown, 'file-not-readable', wrong.message, wrong.place);
    const { file: outcome, result } = await formatNamed(shown, text, parse);
    if (outcome.status !== 'formatted') return outcome;
    if (check) return { ...outcome, status: 'would-change' };
    return replaceFile(file, { before: text, after: result })
      ? outcome
      : failed(shown, 'file-not-writable', 'it was changed meanwhile, and stays as it is');
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const isReading = syscall === 'open' ? !fs.existsSync(file) : syscall === 'read';
    return failed(
      shown,
      isReading ? 'file-not-readable' : 'file-not-writable',
      code === 'ENOENT'
        ? 'there is no such file'
        : `${isReading ? 'it cannot be read' : 'it cannot be written'}: ${code}`,
    );
  }
}

async function formatNamed(
  shown: string,
  text: string,
  parse: ParseSql,
): Promise<{ readonly file: FormattedFile; readonly result: string }> {
  const formatted = await formatFile(shown, text, parse);
  switch (formatted.kind) {
    case 'invalid': {
      const place = positionAt(text, formatted.offset);
      return { file: failed(shown, 'text-not-parsed', formatted.message, place), result: text };
    }
    case 'kept': {
      const problem: FormatProblem = {
        line: 1,
        column: 1,
        severity: 'warning',
        code: 'format-unsure',
        message: `it stays as it is: ${formatted.why}`,
      };
      return { file: { file: shown, status: 'kept', problem }, result: text };
    }
    case 'formatted': {
      const status = formatted.text === text ? 'unchanged' : 'formatted';
      return { file: { file: shown, status, problem: null }, result: formatted.text };
    }
  }
}

const failed = (
  file: string,
  code: FormatProblem['code'],
  message: string,
  place: { readonly line: number; readonly column: number } = { line: 1, column: 1 },
): FormattedFile => ({
  file,
  status: 'failed',
  problem: { ...place, severity: 'error', code, message },
});

/**
 * Replaces a file at once, and keeps its mode; a link still leads to its file. Returns false, and writes
 * nothing, if the file no longer holds the text that was formatted.
 */
function replaceFile(
  file: string,
  { before, after }: { readonly before: string; readonly after: string },
): boolean {
  const real = fs.realpathSync(file);
  const temporary = path.join(path.dirname(real), `.${path.basename(real)}.${process.pid}.tmp`);
  try {
    fs.writeFileSync(temporary, after, { flag: 'wx' });
    fs.chmodSync(temporary, fs.statSync(real).mode);
    if (fs.readFileSync(real, 'utf8') !== before) return false;
    fs.renameSync(temporary, real);
    return true;
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function shownName(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative.split(path.sep).join('/');
}
