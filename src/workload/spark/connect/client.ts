/**
 * A session on a Spark Connect server: statements, the columns of a query, and settings. Address ->
 * session. There is no maintained client for Node; this one speaks what a session of psyberg needs. Results
 * come as Arrow.
 */
import { randomUUID } from 'node:crypto';
import { tableFromIPC } from '@uwdata/flechette';
import { type ConnectAnswer, type ConnectChannel, connectChannel } from './channel.ts';
import { stalledError, tellsOfEnd } from './errors.ts';
import type { SparkRemote } from './remote.ts';
import { noActivity, type SparkTasks, watchForStall } from './stall.ts';
import type { SparkType } from './types.ts';

/** A value that a statement names as `:name`. */
export type SparkLiteral =
  | { readonly string: string }
  | { readonly integer: number }
  | { readonly long: string }
  | { readonly double: number }
  | { readonly boolean: boolean }
  /** Days since 1970. */
  | { readonly date: number }
  /** Microseconds since 1970, UTC. */
  | { readonly timestamp: string }
  | { readonly null: { readonly null: Record<string, never> } };

export interface SparkStatement {
  readonly sql: string;
  readonly values: Readonly<Record<string, SparkLiteral>>;
}

export interface SparkColumn {
  readonly name: string;
  readonly type: SparkType;
}

export interface SparkSession {
  /** By it anybody on the server may interrupt the session: random, and nobody's guess. */
  readonly id: string;
  /** `host:port`. */
  readonly server: string;
  /** Such as `4.1.2`. */
  version(): Promise<string>;
  configure(settings: Readonly<Record<string, string>>): Promise<void>;
  /** What is set under names that begin with `prefix`, by the rest of the name. */
  settings(prefix: string): Promise<Readonly<Record<string, string>>>;
  /** Columns of a query that is not run. */
  columns(query: SparkStatement): Promise<SparkColumn[]>;
  /** A query as it was parsed, as it was resolved, and as it would run. */
  explain(query: SparkStatement): Promise<string>;
  query(query: SparkStatement): Promise<Record<string, unknown>[]>;
  /** A statement that gives no rows; it has run when this returns. */
  execute(statement: SparkStatement): Promise<void>;
  /**
   * Stops what runs in the session, which can be used afterwards. Whoever waits for an answer is told within
   * a second that it was stopped, also of a Spark that answers nothing.
   */
  interrupt(): Promise<void>;
  /**
   * Whether nothing goes on at the server: false where a statement that writes may, since its end was not
   * told, and neither did the server say that it was stopped. Throws nothing.
   */
  close(): Promise<boolean>;
}

export interface SparkSessionOptions {
  readonly remote: SparkRemote;
  /** Of a session that was opened before, in which something may go on; default: a new one. */
  readonly id?: string;
  /** PEM of all certificate authorities that TLS is checked with; undefined: those of the system. */
  readonly authority?: string;
  /** How long no task of a statement may end, and one question may take, in ms; undefined: for ever. */
  readonly timeoutMs?: number;
  readonly onProgress?: (tasks: SparkTasks) => void;
  /** Called when tasks of a statement are left and none is at work. */
  readonly onWaiting?: (tasks: SparkTasks) => void;
}

/** Opens no connection: the first request does. */
export function openSparkSession({
  remote,
  authority,
  timeoutMs,
  onProgress = () => undefined,
  onWaiting = () => undefined,
  id: given,
}: SparkSessionOptions): SparkSession {
  const id = given ?? randomUUID();
  const channel = connectChannel(remote, { sessionId: id, authority, timeoutMs });
  const analyze = async <Asked>(request: object): Promise<Asked> =>
    (await channel.ask('AnalyzePlan', request)) as Asked;
  const running: Running = new Set();
  const stop = (): Promise<unknown> => {
    for (const leave of running) leave(STALLED_LEAVING_MS);
    return channel.ask('Interrupt', EVERYTHING);
  };
  const run = planRunner(channel, { remote, timeoutMs, onProgress, onWaiting, stop, running });
  const end = ending(channel, running, given !== undefined);
  return {
    id,
    server: `${remote.host}:${remote.port}`,
    version: async () => String((await analyze<Versioned>({ spark_version: {} })).spark_version?.version),
    async configure(settings) {
      const pairs = Object.entries(settings).map(([key, value]) => ({ key, value }));
      await channel.ask('Config', { operation: { set: { pairs } } });
    },
    settings: async (prefix) =>
      settingsIn(await channel.ask('Config', { operation: { get_all: { prefix } } }), prefix),
    async columns(query) {
      const { schema } = await analyze<Described>({ schema: { plan: planOf(query) } });
      return columnsOf(schema?.schema);
    },
    async explain(query) {
      const asked = { plan: planOf(query), explain_mode: EXTENDED };
      return String((await analyze<Explained>({ explain: asked })).explain?.explain_string);
    },
    async query(query) {
      const rows: Record<string, unknown>[] = [];
      await run(planOf(query), (answer) => rows.push(...rowsOf(answer)));
      return rows;
    },
    async execute({ sql, values }) {
      const named = argumentsOf(values);
      const command = { sql_command: { sql, ...named, input: { sql: { query: sql, ...named } } } };
      await run({ command }, () => undefined).catch(end.failed);
    },
    interrupt: end.interrupt,
    close: end.close,
  };
}

/** Of each plan that runs: has its answers not be waited for longer than that, in ms. */
type Running = Set<(afterMs: number) => void>;

interface Ending extends Pick<SparkSession, 'interrupt' | 'close'> {
  /** Throws the error with which a statement that writes has ended, or seems to have. */
  failed(error: unknown): never;
}

/** `mayGoOn`: whether something was left in it. */
function ending(channel: ConnectChannel, running: Running, mayGoOn: boolean): Ending {
  const now = { isInterrupted: false, mayGoOn };
  const waitMs = (): number | undefined => (now.isInterrupted ? SOON_MS : undefined);
  const interrupted = (): Promise<unknown> => channel.ask('Interrupt', EVERYTHING, waitMs());
  return {
    failed(error) {
      now.mayGoOn ||= !tellsOfEnd(error);
      throw error;
    },
    async interrupt() {
      now.isInterrupted = true;
      channel.leave('questions');
      setTimeout(() => channel.leave('endings'), LEAVING_MS).unref();
      for (const leave of running) leave(LEAVING_MS);
      await interrupted();
    },
    async close() {
      // Spark before 4.0 does not know it, and forgets a session after an hour.
      const released = channel.ask('ReleaseSession', {}, waitMs()).catch(() => undefined);
      // One that does not know the session, or has nothing to stop, answers that.
      const isEnded = !now.mayGoOn || (await interrupted().then(() => true, tellsOfEnd));
      await released;
      channel.close();
      return isEnded;
    },
  };
}

function settingsIn(answer: ConnectAnswer, prefix: string): Record<string, string> {
  const pairs = (answer['pairs'] ?? []) as readonly { readonly key?: string; readonly value?: string }[];
  return Object.fromEntries(
    pairs.map(({ key = '', value = '' }) => [key.startsWith(prefix) ? key.slice(prefix.length) : key, value]),
  );
}

interface RunnerOptions extends Required<Pick<SparkSessionOptions, 'remote' | 'onProgress' | 'onWaiting'>> {
  readonly timeoutMs: number | undefined;
  readonly stop: () => Promise<unknown>;
  readonly running: Running;
}

type RunPlan = (plan: object, take: (answer: ConnectAnswer) => void) => Promise<void>;

/** Runs plans, and ends one that goes on without a task that ends. */
function planRunner(
  channel: ConnectChannel,
  { remote, timeoutMs, onProgress, onWaiting, stop, running }: RunnerOptions,
): RunPlan {
  const activity = noActivity();
  return async (plan, take) => {
    const left = new AbortController();
    let stalled: { readonly tasks: SparkTasks | undefined } | undefined;
    let leaving: NodeJS.Timeout | undefined;
    // A driver that hangs does not even answer that it was interrupted.
    let leavesAtMs = Number.POSITIVE_INFINITY;
    const leave = (afterMs: number): void => {
      const atMs = performance.now() + afterMs;
      if (atMs >= leavesAtMs) return;
      leavesAtMs = atMs;
      clearTimeout(leaving);
      leaving = setTimeout(() => left.abort(), afterMs);
    };
    running.add(leave);
    const watch = watchForStall({
      activity,
      timeoutMs,
      onWaiting,
      onStalled(tasks) {
        stalled = { tasks };
        stop().catch(() => left.abort());
      },
    });
    try {
      for await (const answer of channel.run(plan, left.signal)) {
        const tasks = tasksOf(answer);
        if (tasks === undefined) take(answer);
        else {
          watch.note(tasks);
          onProgress(tasks);
        }
      }
    } catch (error) {
      if (stalled === undefined) throw error;
      throw stalledError(remote, { ...stalled, timeoutMs: timeoutMs ?? 0, cause: error });
    } finally {
      watch.stop();
      running.delete(leave);
      clearTimeout(leaving);
    }
  };
}

/**
 * How long a statement may take to end that a person has stopped: Spark needs 130 ms (2026-11-28). With what
 * ends the session after it a command is over within a second.
 */
const LEAVING_MS = 600;
const SOON_MS = 200;
/** The same for one that was stopped since nothing of it went on. */
const STALLED_LEAVING_MS = 10_000;
/** Numbers of `ExplainMode` and `InterruptType`. */
const EXTENDED = 2;
const EVERYTHING = { interrupt_type: 1 };

interface Versioned {
  readonly spark_version?: { readonly version?: string };
}
interface Described {
  readonly schema?: { readonly schema?: SparkType };
}
interface Explained {
  readonly explain?: { readonly explain_string?: string };
}

const planOf = ({ sql, values }: SparkStatement): object => ({
  root: { sql: { query: sql, ...argumentsOf(values) } },
});

/** In both forms: Spark 3.5 reads the first, 4.0 and later the second. */
function argumentsOf(values: SparkStatement['values']): object {
  const all = Object.entries(values);
  if (all.length === 0) return {};
  return {
    args: all.map(([key, value]) => ({ key, value })),
    named_arguments: all.map(([key, literal]) => ({ key, value: { literal } })),
  };
}

const columnsOf = (type: SparkType | undefined): SparkColumn[] =>
  (type?.struct?.fields ?? []).map(({ name = '', data_type: of = {} }) => ({ name, type: of }));

/** A batch is an Arrow stream of its own. */
function rowsOf(answer: ConnectAnswer): Record<string, unknown>[] {
  const batch = answer['arrow_batch'] as { readonly data?: Uint8Array } | undefined;
  if (batch?.data === undefined) return [];
  // A copy: the bytes of a message begin anywhere in memory, and Arrow's arrays want to be aligned.
  const table = tableFromIPC(new Uint8Array(batch.data), { useBigInt: true });
  return table.toArray() as Record<string, unknown>[];
}

interface Stage {
  readonly num_tasks?: string;
  readonly num_completed_tasks?: string;
}

/** Undefined for an answer that is no progress. */
function tasksOf(answer: ConnectAnswer): SparkTasks | undefined {
  const progress = answer['execution_progress'] as
    | { readonly stages?: readonly Stage[]; readonly num_inflight_tasks?: string }
    | undefined;
  if (progress === undefined) return undefined;
  const sum = (of: (stage: Stage) => string | undefined): number =>
    (progress.stages ?? []).reduce((total, stage) => total + Number(of(stage) ?? 0), 0);
  return {
    done: sum((stage) => stage.num_completed_tasks),
    total: sum((stage) => stage.num_tasks),
    running: Number(progress.num_inflight_tasks ?? 0),
  };
}
