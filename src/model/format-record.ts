/** Defines what formatting did to a file: plain data, as in `psyberg fmt --json`. */
import type { ErrorCode } from './error-codes.ts';

export interface FormattedFile {
  /** Relative to the current folder if it is below that. */
  readonly file: string;
  /** `kept`: it stays as it is, because its formatted text might not mean the same. */
  readonly status: 'formatted' | 'would-change' | 'unchanged' | 'kept' | 'failed';
  readonly problem: FormatProblem | null;
}
export interface FormatProblem {
  /** Both start at 1. */
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  readonly message: string;
}
