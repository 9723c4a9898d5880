/**
 * Makes the error for something that is wrong with a test and only shows when it is played. Place + words ->
 * error. Pure.
 */
import { PsybergError, usageError } from '../model/errors.ts';
import type { TextPosition } from '../model/process-spec.ts';
import type { TestProblem } from './test-spec.ts';

/** A problem at one place of a test file. */
export const testProblem = (
  file: string,
  { line, column }: TextPosition,
  message: string,
  hint?: string,
): PsybergError =>
  testInvalid([{ file, line, column, message, hint: hint ?? null, code: 'test-file-invalid' }]);

/** The error for everything that is wrong with one test, or file. */
export function testInvalid(problems: readonly TestProblem[]): PsybergError {
  const lines = problems.flatMap(({ file, line, column, message, hint }) => [
    `${file}:${line}:${column} ${message}`,
    ...(hint === null ? [] : [`    hint: ${hint}`]),
  ]);
  return usageError('test-invalid', lines.join('\n'), {
    hint: 'correct the places named above; the other tests ran',
    context: { problems },
  });
}

/** The first line of DuckDB's complaint about a user's text. */
export const complaintOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] as string;

/** Whether DuckDB refused a statement; anything else is not the test's fault. */
export const isSqlFault = (error: unknown): boolean =>
  error instanceof PsybergError && error.code === 'sql-failed';
