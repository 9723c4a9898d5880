/** Collects what is wrong in a project's files, to be thrown once. Problems -> one error. Pure. */
import { type PsybergError, usageError } from '../model/errors.ts';
import type { ProblemCode } from '../model/problem-codes.ts';
import type { TextPosition } from '../model/process-spec.ts';

export interface ProjectProblem {
  /** Path relative to the project's folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
  readonly code: ProblemCode;
}

/** Notes a problem at a place of one file. `code`: given if it is not the file's. */
export type ReportProblem = (
  position: TextPosition,
  message: string,
  hint?: string,
  code?: ProblemCode,
) => void;

/**
 * A reporter for one file that adds to the common list. `ofFile`: the code of problems without one of their
 * own.
 */
export const reporterFor =
  (problems: ProjectProblem[], file: string, ofFile: ProblemCode = 'process-file-invalid'): ReportProblem =>
  ({ line, column }, message, hint, code = ofFile) => {
    problems.push({ file, line, column, message, hint: hint ?? null, code });
  };

/** The line and column of an offset in a text; both from 1. */
export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line++;
  return { line, column: before.length - lineStart + 1 };
}

/**
 * The error that carries all problems, sorted by place, so that one run of the command shows everything to
 * correct.
 */
export function projectInvalid(problems: readonly ProjectProblem[]): PsybergError {
  const sorted = [...problems].sort(
    (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column,
  );
  const lines = sorted.flatMap((problem) => [
    `${problem.file}:${problem.line}:${problem.column} ${problem.message}`,
    ...(problem.hint === null ? [] : [`    hint: ${problem.hint}`]),
  ]);
  const count = sorted.length === 1 ? '1 problem' : `${sorted.length} problems`;
  return usageError('project-invalid', `${count} in the project:\n${lines.join('\n')}`, {
    hint: 'correct the places named above; nothing was run',
    context: { problems: sorted },
  });
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
