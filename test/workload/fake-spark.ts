/** A Spark Connect server without a Spark: it answers as it is told. */
import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';
import { CONNECT_PROTOCOL } from '../../src/workload/spark/connect/messages.ts';

export type Answers = grpc.ServerWritableStream<Record<string, unknown>, object>;

export interface FakeSpark {
  readonly version?: string;
  /** Default: a statement that has run at once. */
  readonly execute?: (answers: Answers) => void;
  readonly reattach?: (answers: Answers) => void;
}

/** @returns its address, and the names of the requests that it got. */
export async function startFakeSpark({
  version = '4.1.2',
  execute = complete,
  reattach = complete,
}: FakeSpark): Promise<{ readonly remote: string; readonly asked: string[] }> {
  const protocol = fromJSON(CONNECT_PROTOCOL as never, { keepCase: true, defaults: false, oneofs: false });
  const loaded = grpc.loadPackageDefinition(protocol) as unknown as {
    readonly spark: { readonly connect: { readonly SparkConnectService: grpc.ServiceClientConstructor } };
  };
  const asked: string[] = [];
  const once =
    (name: string, answer: object): grpc.handleUnaryCall<unknown, object> =>
    (_call, done) => {
      asked.push(name);
      done(null, answer);
    };
  const stream =
    (name: string, answer: (answers: Answers) => void) =>
    (answers: Answers): void => {
      asked.push(name);
      answer(answers);
    };
  const server = new grpc.Server();
  server.addService(loaded.spark.connect.SparkConnectService.service, {
    AnalyzePlan: once('AnalyzePlan', { spark_version: { version } }),
    Config: once('Config', {}),
    Interrupt: once('Interrupt', {}),
    ReleaseExecute: once('ReleaseExecute', {}),
    ReleaseSession: once('ReleaseSession', {}),
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
