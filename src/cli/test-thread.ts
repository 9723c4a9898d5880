/**
 * `psyberg test` on several cores: the same command in another thread, which reads the same tests and plays
 * those that it is told to. Options -> TestThread, and its other side.
 */
import path from 'node:path';
import { parentPort, Worker } from 'node:worker_threads';
import type { FromTestThread, TestThread, ToTestThread } from '../testing/play/thread.ts';
import { EXIT } from './exit-code.ts';
import { type GlobalOptions, soundPartsOf } from './shell.ts';
import type { ShownRequest } from './test-results.ts';

/** Plain data: it is copied into the thread. */
interface Given {
  readonly options: GlobalOptions;
  readonly request: ShownRequest;
}

/** The command lies beside this file, as a source or built. */
const MAIN = path.join(
  import.meta.dirname,
  `main${path.extname(import.meta.filename) === '.ts' ? '.ts' : '.js'}`,
);

/** Starts a thread; what goes wrong in it is told by its end. */
export function openTestThread(options: GlobalOptions, request: ShownRequest): TestThread {
  const given: Given = { options: { project: options.project ?? '.', var: options.var ?? {} }, request };
  const worker = new Worker(MAIN, { argv: ['test'], workerData: given, stderr: true });
  // Without a listener an error in it would end the command.
  worker.on('error', () => undefined);
  return {
    post: (message) => worker.postMessage(message),
    onAnswer: (listener) => worker.on('message', listener),
    ended: new Promise((end) => worker.once('exit', () => end())),
  };
}

/** The command in that thread. Returns an exit code. */
export async function serveInThread({ options, request }: Given): Promise<number> {
  const port = parentPort as NonNullable<typeof parentPort>;
  const [{ testsToServe }, { serveTests }, { project, unusable }] = await Promise.all([
    import('../testing/run-tests.ts'),
    import('../testing/play/thread.ts'),
    soundPartsOf({ options }, request.engine),
  ]);
  const served = await testsToServe(project, { ...request, unusable });
  await serveTests(served, {
    post: (answer: FromTestThread) => port.postMessage(answer),
    // What came before waits in the port.
    onMessage: (listener: (message: ToTestThread) => void) => port.on('message', listener),
  });
  return EXIT.done;
}
