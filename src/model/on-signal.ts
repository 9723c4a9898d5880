/**
 * Defines what is called when a session has announced something: `on_signal` of psyberg.yaml or of a process.
 */
export interface OnSignalSpec {
  /** A program and its arguments, run without a shell. Either this or a webhook. */
  readonly command?: readonly string[];
  /** A URL that the message is sent to; `${NAME}` in it is a variable of the environment. */
  readonly webhook?: string;
  /** How long one attempt may take, in ms. */
  readonly timeoutMs: number;
  /** Attempts after the first one. */
  readonly retries: number;
}

/** The message: JSON on stdin of the command, or the body of the request. Hours are ISO texts. */
export interface SignalMessage {
  /** The same in every attempt, even of a later run, so that a duplicate can be recognised. */
  readonly id: string;
  readonly signal_name: string;
  readonly process_name: string;
  readonly kind: string;
  /** `complete`: up to this hour; `reopened`: the first hour that changed. */
  readonly hour: string;
  /** First and last hour of each stretch that was reopened; null for `complete`. */
  readonly hours: readonly (readonly [first: string, last: string])[] | null;
  readonly psyberg_session_id: string;
  readonly created_at: string;
}
