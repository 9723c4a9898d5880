/** A Spark Connect server without a Spark: it answers as it is told. */
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';
import { CONNECT_PROTOCOL } from '../../src/workload/spark/connect/messages.ts';

type Request = Readonly<Record<string, unknown>>;
export type Answers = grpc.ServerWritableStream<Record<string, unknown>, object>;

export interface FakeSpark {
  readonly version?: string;
  /** Default: a statement that has run at once. */
  readonly execute?: (answers: Answers) => void;
  readonly reattach?: (answers: Answers) => void;
  /** Called with each interrupt. */
  readonly interrupt?: () => void;
  /** What each answer names as the session on the server, in turn; the last one for all that follow. */
  readonly sessions?: readonly string[];
  /** Requests that it never answers. */
  readonly hangs?: (name: string, request: Request) => boolean;
  /** What it answers to a request for what is known of a plan. */
  readonly analyze?: (request: Request) => object;
  /** Called with each request that is answered once. */
  readonly asks?: (name: string, request: Request) => void;
}

/** @returns its address, and the names of the requests that it got. */
export async function startFakeSpark({
  version = '4.1.2',
  execute = complete,
  reattach = complete,
  interrupt = () => undefined,
  sessions = [],
  asks = () => undefined,
  hangs = () => false,
  analyze = () => ({}),
}: FakeSpark): Promise<{ readonly remote: string; readonly asked: string[] }> {
  const protocol = fromJSON(CONNECT_PROTOCOL as never, { keepCase: true, defaults: false, oneofs: false });
  const loaded = grpc.loadPackageDefinition(protocol) as unknown as {
    readonly spark: { readonly connect: { readonly SparkConnectService: grpc.ServiceClientConstructor } };
  };
  const asked: string[] = [];
  const once =
    (name: string, answerTo: (request: Request) => object): grpc.handleUnaryCall<unknown, object> =>
    (call, done) => {
      const request = call.request as Request;
      asks(name, request);
      const session = sessions[Math.min(asked.length, sessions.length - 1)];
      asked.push(name);
      if (name === 'Interrupt') interrupt();
      if (hangs(name, request)) return;
      const answer = answerTo(request);
      done(null, session === undefined ? answer : { ...answer, server_side_session_id: session });
    };
  const stream =
    (name: string, answer: (answers: Answers) => void) =>
    (answers: Answers): void => {
      asked.push(name);
      if (!hangs(name, answers.request)) answer(answers);
    };
  const server = new grpc.Server();
  server.addService(loaded.spark.connect.SparkConnectService.service, {
    AnalyzePlan: once('AnalyzePlan', (request) => ({ spark_version: { version }, ...analyze(request) })),
    Config: once('Config', () => ({})),
    Interrupt: once('Interrupt', () => ({})),
    ReleaseExecute: once('ReleaseExecute', () => ({})),
    ReleaseSession: once('ReleaseSession', () => ({})),
    ExecutePlan: stream('ExecutePlan', execute),
    ReattachExecute: stream('ReattachExecute', reattach),
  } as never);
  const port = await new Promise<number>((done, failed) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? done(bound) : failed(error),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return { remote: `sc://127.0.0.1:${port}`, asked };
}

/** The statement has run. */
export function complete(answers: Answers): void {
  answers.write({ response_id: 'last', result_complete: {} });
  answers.end();
}
