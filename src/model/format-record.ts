/** What formatting made of a file: plain data, as `psyberg fmt --json` has it. */
import type { ErrorCode } from './error-codes.ts';

export interface FormattedFile {
  /** Relative to the current folder where it lies below it. */
  readonly file: string;
  /** `kept`: it stays as it is, since its formatted text would not be sure to mean the same. */
  readonly status: 'formatted' | 'would-change' | 'unchanged' | 'kept' | 'failed';
  readonly problem: FormatProblem | null;
}
export interface FormatProblem {
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  readonly message: string;
}
