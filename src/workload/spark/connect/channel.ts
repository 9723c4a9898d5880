/**
 * Requests to a Spark Connect server, by gRPC. Address -> channel.
 *
 * Statements are reattachable: when the connection breaks, the statement runs on at the server, and its
 * answers are asked for from where they broke off. It is sent again only where the server has not got it,
 * under the same id: where it was on its way all the same, the second one is refused, and the answers to the
 * first one are asked for.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { PsybergError } from '../../../model/errors.ts';
import { type ConnectProblem, connectError, saidIn } from './errors.ts';
import { CONNECT_PROTOCOL, type StreamMethod, type UnaryMethod } from './messages.ts';
import type { SparkRemote } from './remote.ts';

/** An answer, with the fields of its message. */
export type ConnectAnswer = Readonly<Record<string, unknown>>;

export interface ConnectChannel {
  /**
   * One question with one answer. `waitMs`: how long it may take; default: what the channel was opened with,
   * and half a minute for what ends a session.
   */
  ask(method: UnaryMethod, request: object, waitMs?: number): Promise<ConnectAnswer>;
  /** The answers to a plan, until it has run, or `signal` has them end: the statement itself goes on then. */
  run(plan: object, signal: AbortSignal): AsyncGenerator<ConnectAnswer>;
  /** Waits no longer for answers to questions, or to what ends a session: they end as cancelled. */
  leave(which: 'questions' | 'endings'): void;
  /** Waits for no answer any more. */
  close(): void;
}

/** How often a broken connection is asked for again, and how long that takes at most: about 13 s. */
const REATTACH_WAITS_MS = [50, 200, 800, 2000, 4000, 6000];
/** Rows of an audit that are kept come in one message. */
const MESSAGE_BYTES_MAX = 128 * 1024 * 1024;
/** A statement that computes for hours says nothing meanwhile: routers drop silent connections. */
const KEEPALIVE_MS = 60_000;
/** No server ends a stream so soon that is to be asked for again. */
const STREAM_MS_MIN = 1000;
const ENDED: ConnectProblem = Object.assign(new Error('its answers end before the statement'), {
  code: grpc.status.UNAVAILABLE,
});
const LEFT: ConnectProblem = Object.assign(new Error('nobody waits for its answers'), {
  code: grpc.status.CANCELLED,
});
const CLIENT = 'psyberg';
/** What ends a session is not waited for for longer. */
const ENDING_MS = 30_000;
const ENDS: ReadonlySet<string> = new Set(['Interrupt', 'ReleaseSession', 'ReleaseExecute']);

type Unary = (
  request: object,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  done: (error: ConnectProblem | null, answer: ConnectAnswer) => void,
) => grpc.ClientUnaryCall;
type Answers = AsyncIterable<ConnectAnswer> & { cancel(): void };
type Streaming = (request: object, metadata: grpc.Metadata) => Answers;
type Client = grpc.Client & Readonly<Record<string, unknown>>;

export interface ChannelOptions {
  /** Of the session that all requests are for. */
  readonly sessionId: string;
  /** PEM of all certificate authorities; undefined: those of the system. */
  readonly authority: string | undefined;
  /** How long one question may take, in ms; undefined: for ever. */
  readonly timeoutMs: number | undefined;
}

/** Opens no connection: the first request does. */
export function connectChannel(
  remote: SparkRemote,
  { sessionId, authority, timeoutMs }: ChannelOptions,
): ConnectChannel {
  const user = { user_id: remote.userId ?? CLIENT };
  const asker = { session_id: sessionId, user_context: user, client_type: CLIENT };
  const metadata = metadataOf(remote);
  const client = clientOf(remote, authority);
  const failed = (error: unknown): PsybergError => connectError(error as ConnectProblem, remote);
  // Without it a server that was started again would make another session of that name, without its settings.
  let observed: unknown;
  const observe = (answer: ConnectAnswer): void => {
    observed = answer['server_side_session_id'] ?? observed;
  };
  const asking = (): object =>
    observed === undefined ? asker : { ...asker, client_observed_server_side_session_id: observed };
  const open = { questions: new Set<grpc.ClientUnaryCall>(), endings: new Set<grpc.ClientUnaryCall>() };
  const leave: ConnectChannel['leave'] = (which) => {
    for (const call of open[which]) call.cancel();
  };
  const ask: ConnectChannel['ask'] = (method, request, givenMs) =>
    new Promise((done, fail) => {
      const ends = ENDS.has(method);
      const waitMs = givenMs ?? (ends ? ENDING_MS : timeoutMs);
      const options = waitMs === undefined ? {} : { deadline: Date.now() + waitMs };
      // What ends a session ends it whichever it is.
      const asked = { ...(ends ? asker : asking()), ...request };
      const calls = ends ? open.endings : open.questions;
      const call = (client[method] as Unary).call(client, asked, metadata, options, (error, answer) => {
        calls.delete(call);
        if (error !== null) return fail(failed(error));
        observe(answer);
        done(answer);
      });
      calls.add(call);
    });
  const stream = (method: StreamMethod, request: object): Answers =>
    (client[method] as Streaming).call(client, { ...asking(), ...request }, metadata);
  return {
    ask,
    async *run(plan, signal) {
      const operation = { operation_id: randomUUID() };
      const options = { request_options: [{ reattach_options: { reattachable: true } }] };
      const send = (): Answers => stream('ExecutePlan', { ...operation, ...options, plan });
      const again = (last: unknown): Answers =>
        stream('ReattachExecute', { ...operation, ...lastResponse(last) });
      yield* untilComplete({ send, again, isKnown: () => observed !== undefined, observe, failed, signal });
      // What the server keeps of the answers; it forgets them by itself after some minutes, so nobody waits.
      void ask('ReleaseExecute', { ...operation, release_all: {} }).catch(() => undefined);
    },
    leave,
    close() {
      leave('questions');
      leave('endings');
      client.close();
    },
  };
}

const lastResponse = (id: unknown): object => (id === undefined ? {} : { last_response_id: id });

interface Reattaching {
  readonly send: () => Answers;
  /** The answers behind that one. */
  readonly again: (last: unknown) => Answers;
  /** Whether the server tells its session from one made anew, without settings: 3.5 does not. */
  readonly isKnown: () => boolean;
  readonly observe: (answer: ConnectAnswer) => void;
  readonly failed: (error: unknown) => PsybergError;
  readonly signal: AbortSignal;
}

/** The answers of a stream and of those that go on where it broke off. */
async function* untilComplete({
  send,
  again,
  isKnown,
  observe,
  failed,
  signal,
}: Reattaching): AsyncGenerator<ConnectAnswer> {
  let answers = send();
  signal.addEventListener('abort', () => answers.cancel(), { once: true });
  let last: unknown;
  let broken = 0;
  for (;;) {
    const [openedMs, before] = [performance.now(), last];
    let isSentAgain = false;
    try {
      for await (const answer of answers) {
        last = answer['response_id'] ?? last;
        observe(answer);
        broken = 0;
        if (answer['result_complete'] !== undefined) return;
        yield answer;
      }
      // Spark ends a stream that was open for minutes; one that ends as soon as it is opened would again.
      if (last === before && performance.now() - openedMs < STREAM_MS_MIN) throw ENDED;
    } catch (error) {
      const waitMs = REATTACH_WAITS_MS[broken];
      isSentAgain = last === undefined && isNotGot(error) && isKnown();
      if (waitMs === undefined || !(isSentAgain || isBroken(error) || isOurs(error))) throw failed(error);
      broken += 1;
      if (!isSentAgain) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
    if (signal.aborted) throw failed(LEFT);
    answers = isSentAgain ? send() : again(last);
  }
}

/** The server may end a stream by itself: asking again tells what became of the statement. */
const isBroken = (error: unknown): boolean =>
  (error as ConnectProblem).code === grpc.status.UNAVAILABLE || saysOf(error, 'CURSOR.DISCONNECTED');

/** The connection broke before the statement came to the server. */
const isNotGot = (error: unknown): boolean => saysOf(error, 'HANDLE.OPERATION_NOT_FOUND');

/** It came after all, before it was sent again: its id is nobody else's. */
const isOurs = (error: unknown): boolean => saysOf(error, 'HANDLE.OPERATION_ALREADY_EXISTS');

const saysOf = (error: unknown, what: string): boolean =>
  saidIn(error as ConnectProblem)?.startsWith(`[INVALID_${what}]`) === true;

function clientOf(remote: SparkRemote, authority: string | undefined): Client {
  const protocol = fromJSON(CONNECT_PROTOCOL as never, {
    keepCase: true,
    longs: String,
    defaults: false,
    oneofs: false,
  });
  const loaded = grpc.loadPackageDefinition(protocol) as unknown as {
    readonly spark: { readonly connect: { readonly SparkConnectService: grpc.ServiceClientConstructor } };
  };
  const { SparkConnectService } = loaded.spark.connect;
  const credentials = remote.usesTls
    ? grpc.credentials.createSsl(authority === undefined ? null : Buffer.from(authority))
    : grpc.credentials.createInsecure();
  return new SparkConnectService(`${remote.host}:${remote.port}`, credentials, {
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
  }) as unknown as Client;
}

function metadataOf({ token, headers }: SparkRemote): grpc.Metadata {
  const metadata = new grpc.Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}
