/**
 * What Spark Connect answers with when it fails, in words of this engine. gRPC error -> PsybergError. Pure.
 */
import { PsybergError, usageError } from '../../../model/errors.ts';
import type { SparkRemote } from './remote.ts';
import type { SparkTasks } from './stall.ts';

/** As gRPC's client throws it. */
export interface ConnectProblem extends Error {
  /** A status of gRPC. */
  readonly code?: number;
  readonly details?: string;
}

/** What the server said. Spark before 4.0 has the class of Java before some of its conditions. */
export const saidIn = ({ details }: ConnectProblem): string | undefined =>
  details?.replace(/^[\w.$]+: (?=\[[A-Z_.0-9]+\])/, '');

/** Statuses of gRPC, by their numbers (gRPC, "Status codes and their use"). */
const STATUS = {
  cancelled: 1,
  deadline: 4,
  denied: 7,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
};

/** Where a statement is wrong, as Spark's parser and analyzer write it; both count from 1. */
export interface PlaceInStatement {
  readonly line: number;
  readonly column: number;
}

/**
 * Whether it is the server's own word that a statement has failed, so that nothing of it goes on; false where
 * its answers stopped, whatever the reason, and where the server does not know it: it may be on its way.
 */
export function tellsOfEnd(error: unknown): boolean {
  const problem = ((error as Error | undefined)?.cause ?? {}) as ConnectProblem;
  const { code } = problem;
  const details = saidIn(problem) ?? '';
  if (code === STATUS.cancelled || code === STATUS.deadline || code === STATUS.unavailable) return false;
  return /^\[[A-Z_.0-9]+\]/.test(details) && !/^\[INVALID_(?:HANDLE\.OPERATION|CURSOR)/.test(details);
}

export function connectError(error: ConnectProblem, { host, port }: SparkRemote): PsybergError {
  const server = `${host}:${port}`;
  const context = { engine: 'spark', server };
  const said = ofTask((saidIn(error) ?? error.message).trim());
  const lost = lostError(error, said, { server, context });
  if (lost !== undefined) return lost;
  switch (error.code) {
    case STATUS.unauthenticated:
    case STATUS.denied:
      return usageError(
        'spark-denied',
        `Spark at ${server} does not let this client in: ${firstLine(said)}`,
        {
          hint: 'check the token in engines.spark.remote, or in SPARK_CONNECT_AUTHENTICATE_TOKEN',
          context,
        },
      );
    case STATUS.deadline:
      return new PsybergError('spark-timeout', `Spark at ${server} has not answered in time`, {
        hint: LONGER,
        context,
      });
    case STATUS.unimplemented:
      return noSpark(server, context);
    case STATUS.unavailable:
      return new PsybergError(
        'spark-unreachable',
        `Spark at ${server} cannot be reached: ${firstLine(said)}`,
        {
          hint: CERTIFICATE.test(said)
            ? 'name the authority that vouches for it: engines.spark.ca_file in psyberg.yaml; nothing was published'
            : 'see that Spark Connect runs there, and that engines.spark.remote in psyberg.yaml names it; nothing was published',
          context,
        },
      );
    default:
      if (isOfAPage(said)) return noSpark(server, context);
      return /^\[[A-Z_.0-9]+\]/.test(said)
        ? new PsybergError('sql-failed', withoutNoise(said), {
            context: { ...context, ...placeOf(said) },
            cause: error,
          })
        : new PsybergError('spark-failed', `Spark at ${server}: ${firstLine(said)}`, {
            hint: 'see the log of the Spark driver; nothing was published',
            context,
            cause: error,
          });
  }
}

const noSpark = (server: string, context: Readonly<Record<string, unknown>>): PsybergError =>
  new PsybergError('spark-unreachable', `what answers at ${server} is no Spark Connect server`, {
    hint: 'check engines.spark.remote in psyberg.yaml: it names the Connect endpoint, by default port 15002',
    context,
    retryable: false,
  });

/**
 * Whether something has answered by HTTP that does not speak gRPC: without its status, or with a page, of
 * which the first letters are taken for the length of a message. That is more than half a gigabyte then;
 * Spark sends no message of that size.
 */
function isOfAPage(said: string): boolean {
  const length = /^Received message larger than max \((\d+)/.exec(said)?.[1];
  if (length !== undefined) return Number(length) > 2 ** 29;
  return /^Received HTTP status code [234]|Call ended without gRPC status/.test(said);
}

/** Whoever interrupts a statement knows of it, and what becomes of it then. */
function lostError(
  error: ConnectProblem,
  said: string,
  { server, context }: { readonly server: string; readonly context: Readonly<Record<string, unknown>> },
): PsybergError | undefined {
  const isStopped = /OPERATION_CANCELED/.test(said) || error.code === STATUS.cancelled;
  if (!isStopped && !SESSION_LOST.test(said)) return undefined;
  return new PsybergError(
    'spark-session-lost',
    isStopped
      ? `the statement was stopped at Spark, at ${server}`
      : `the session on Spark at ${server} is gone: ${firstLine(said)}`,
    {
      hint: 'somebody stopped it, Spark was started again, or it ended the session by itself; nothing was published: run the same command again',
      context,
      cause: error,
    },
  );
}

/** A session, or what ran in it, or its answers, that the server does not know, or not any more. */
const SESSION_LOST = /^\[INVALID_(?:HANDLE\.(?:SESSION|OPERATION)_|CURSOR\.)/;
const CERTIFICATE = /certificate|self-signed|altnames/i;
const LONGER =
  'see in the UI of Spark what its executors do: the cluster is full, or a task hangs; engines.spark.timeout in psyberg.yaml says how long to wait; nothing was published';

export interface StalledStatement {
  readonly tasks: SparkTasks | undefined;
  readonly timeoutMs: number;
  readonly cause: unknown;
}

/** A statement that was interrupted since nothing of it went on. */
export function stalledError(
  { host, port }: SparkRemote,
  { tasks, timeoutMs, cause }: StalledStatement,
): PsybergError {
  const far =
    tasks === undefined
      ? 'none has begun'
      : `${tasks.done} of ${tasks.total} are done, ${tasks.running} at work`;
  return new PsybergError(
    'spark-timeout',
    `no task of the statement on Spark at ${host}:${port} has ended for ${timeoutMs / 1000} s: ${far}`,
    { hint: LONGER, context: { engine: 'spark', server: `${host}:${port}`, ...tasks }, cause },
  );
}

const firstLine = (text: string): string => (text.split('\n')[0] as string).trim();

/** Spark's message without the statement that it repeats, and without its own stack. */
const withoutNoise = (said: string): string =>
  (said.split(/\n\s*(?:== SQL|'?[A-Z]\w+(?: \[| \()|JVM stacktrace)/)[0] as string)
    .replace(/;?\s*line \d+,? pos \d+[\s\S]*$/, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();

/** Spark before 4.0 tells of the task that failed: what of a statement's own it met stands behind that. */
const ofTask = (said: string): string =>
  /^Job aborted due to stage failure: .*?: [\w.$]+: (\[[A-Z_.0-9]+\][\s\S]*?\n== SQL ?\(line .*\) ==)/.exec(
    said,
  )?.[1] ?? said;

/**
 * Of a statement that cannot run `line 2 pos 7`, where the position counts from 0; of one that met a value
 * which it cannot take `== SQL (line 2, position 8) ==`, where it counts from 1.
 */
function placeOf(said: string): Partial<PlaceInStatement> {
  const unrun = /line (\d+),? pos (\d+)/.exec(said);
  if (unrun !== null) return { line: Number(unrun[1]), column: Number(unrun[2]) + 1 };
  const met = /\n== SQL ?\(line (\d+), position (\d+)\) ==/.exec(said);
  return met === null ? {} : { line: Number(met[1]), column: Number(met[2]) };
}
