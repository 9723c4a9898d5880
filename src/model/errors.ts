/**
 * The one error of this project: what, expected, found, and what to do now.
 * Every message a user sees is made here or carries this shape; nothing else reaches the terminal.
 */

/** Exit codes of the command line, by meaning; see README, "Exit codes". */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  auditFailed: 3,
  conflict: 4,
  refused: 5,
  owed: 6,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface ErrorDetails {
  /** An imperative that the reader can follow or paste. */
  readonly hint?: string;
  /** Names and values involved, for programs; never a secret. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later without any change. */
  readonly retryable?: boolean;
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
}

/** Thrown by every room. `code` is kebab-case and stable; `message` says what, expected and found. */
export class PsybergError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly context: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;
  readonly exitCode: ExitCode;
  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PsybergError';
    this.code = code;
    this.hint = details.hint;
    this.context = details.context ?? {};
    this.retryable = details.retryable ?? false;
    this.exitCode = details.exitCode ?? EXIT.failed;
  }
  /** The JSON shape of an error, wherever one appears in output. */
  toJSON(): {
    code: string;
    message: string;
    hint: string | null;
    context: Readonly<Record<string, unknown>>;
    retryable: boolean;
  } {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint ?? null,
      context: this.context,
      retryable: this.retryable,
    };
  }
}

/** Wrong configuration or usage (exit 2). */
export const usageError = (code: string, message: string, details: ErrorDetails = {}): PsybergError =>
  new PsybergError(code, message, { ...details, exitCode: EXIT.usage });
/** Going on could lose or double data (exit 5). */
export const refusal = (code: string, message: string, details: ErrorDetails = {}): PsybergError =>
  new PsybergError(code, message, { ...details, exitCode: EXIT.refused });
/** Somebody else committed first (exit 4, may be retried). */
export const conflict = (code: string, message: string, details: ErrorDetails = {}): PsybergError =>
  new PsybergError(code, message, { retryable: true, ...details, exitCode: EXIT.conflict });

/**
 * The catalog did not say what became of a commit (Iceberg REST specification, "CommitStateUnknown"): it may
 * have been made, or be made in a moment.
 */
export const isUnanswered = (error: unknown): boolean =>
  error instanceof PsybergError && UNANSWERED.has(error.code);
const UNANSWERED: ReadonlySet<string> = new Set([
  'commit-state-unknown',
  'catalog-unreachable',
  'catalog-failed',
]);

/**
 * For the end of a `switch` over a union: a new member is then a compile error, not a silent fall-through.
 */
export function assertNever(value: never): never {
  throw new PsybergError('internal-bug', `unexpected value ${JSON.stringify(value)}`, {
    hint: 'report this with the command that you ran',
  });
}
