/** What is called when a session has announced something: `on_signal` of psyberg.yaml or of a process. */
export interface OnSignalSpec {
  /** A program and its arguments; no shell reads them. Either this or a webhook. */
  readonly command?: readonly string[];
  /** A URL that is sent the message; `${NAME}` in it is a variable of the environment. */
  readonly webhook?: string;
  /** How long one try may take, in ms. */
  readonly timeoutMs: number;
  /** Tries after the first one. */
  readonly retries: number;
}

/** The message: JSON on stdin of the command, or the body of the request. Hours are ISO texts. */
export interface SignalMessage {
  /** The same in every try, also of a later run: by it a message that came twice is known. */
  readonly id: string;
  readonly signal_name: string;
  readonly process_name: string;
  readonly kind: string;
  /** `complete`: up to this hour; `reopened`: the first hour that changed. */
  readonly hour: string;
  /** First and last hour of each stretch that was reopened; null of a completeness. */
  readonly hours: readonly (readonly [first: string, last: string])[] | null;
  readonly psyberg_session_id: string;
  readonly created_at: string;
}
