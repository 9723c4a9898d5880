/**
 * Defines the one error of this project: what, expected, found, and what to do now. Every message that a user
 * sees is made here or has this form; nothing else reaches the terminal.
 */

import {
  type CodeEntry,
  type CodeOfKind,
  ERROR_CODES,
  type ErrorCode,
  type ErrorKind,
} from './error-codes.ts';

/** An error as it appears in output. */
export interface ErrorJson {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string | null;
  readonly context: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
}

export interface ErrorDetails {
  /** An instruction that the reader can follow or paste. */
  readonly hint?: string;
  /** Names and values involved, for programs; never a secret. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Given if it differs from the registry: true if the same call may succeed later without any change. */
  readonly retryable?: boolean;
  /** Only if a code has several kinds in the registry; otherwise the code determines it. */
  readonly kind?: ErrorKind;
  readonly cause?: unknown;
}

/**
 * Thrown by every room. `code` is stable and determines the kind; `message` says what, expected and found.
 */
export class PsybergError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly hint: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PsybergError';
    const entry: CodeEntry = ERROR_CODES[code];
    this.code = code;
    this.kind = details.kind ?? entry.kind;
    this.hint = details.hint;
    this.context = details.context ?? {};
    this.retryable =
      details.retryable ?? (this.kind === entry.kind ? entry.retryable : this.kind === 'conflict');
  }
  /** The error as JSON, wherever one appears in output. */
  toJSON(): ErrorJson {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      hint: this.hint ?? null,
      context: this.context,
      retryable: this.retryable,
    };
  }
}

/** Wrong configuration or usage. */
export const usageError = (
  code: CodeOfKind<'usage'>,
  message: string,
  details: ErrorDetails = {},
): PsybergError => new PsybergError(code, message, { ...details, kind: 'usage' });
/** Continuing could lose or double data. */
export const refusal = (
  code: CodeOfKind<'refused'>,
  message: string,
  details: ErrorDetails = {},
): PsybergError => new PsybergError(code, message, { ...details, kind: 'refused' });
/** Somebody else committed first (may be retried). */
export const conflict = (
  code: CodeOfKind<'conflict'>,
  message: string,
  details: ErrorDetails = {},
): PsybergError => new PsybergError(code, message, { ...details, kind: 'conflict' });

/** Turns an unforeseen error into this one. */
export const unexpected = (error: unknown): PsybergError =>
  error instanceof PsybergError
    ? error
    : new PsybergError('unexpected', error instanceof Error ? error.message : String(error), {
        hint: 'run it again with --verbose and report what it prints',
        cause: error,
      });

/**
 * The error as shown to people: they want DuckDB's message without the statement in it, which is the engine's
 * own, and long.
 */
export function withoutSql(error: PsybergError): PsybergError {
  if (!('sql' in error.context)) return error;
  const { sql: _sql, ...context } = error.context;
  return new PsybergError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    context,
    kind: error.kind,
    retryable: error.retryable,
    cause: error.cause,
  });
}

/**
 * True for a conflict that a new plan may resolve. Not for the final errors of a publish: then the time is
 * used up, or only the next run can tell whether the commit was made.
 */
export const isWorthRetrying = (error: unknown): error is PsybergError =>
  error instanceof PsybergError &&
  error.kind === 'conflict' &&
  error.retryable &&
  !LAST_WORDS.has(error.code);
const LAST_WORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['publish-contended', 'commit-unknown']);

/**
 * The catalog did not say whether it made a commit (Iceberg REST specification, "CommitStateUnknown"): it may
 * have been made, or may be made in a moment.
 */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof PsybergError && UNANSWERED.has(error.code);
const UNANSWERED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'commit-state-unknown',
  'catalog-unreachable',
  'catalog-failed',
]);

/**
 * True unless the error proves that a commit was not made. Then everything written for it must stay: the
 * files may belong to the table, and a table without its files is lost. At worst they are orphans, which a
 * later sweep removes. An unforeseen error proves nothing, since it may have come after the commit.
 */
export const mayBeMade = (error: unknown): boolean =>
  !(error instanceof PsybergError) || isUnanswered(error) || MADE_OTHERWISE.has(error.code);
const MADE_OTHERWISE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'commit-not-as-asked',
  'internal-bug',
  'unexpected',
]);

/**
 * For the end of a `switch` over a union: a new member then causes a compile error instead of silently
 * falling through.
 */
export function assertNever(value: never): never {
  throw new PsybergError('internal-bug', `unexpected value ${JSON.stringify(value)}`, {
    hint: 'report this with the command that you ran',
  });
}
