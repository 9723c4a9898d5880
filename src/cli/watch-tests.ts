/** `psyberg test --watch`: tests are played again when a file that they depend on is saved. */
import { once } from 'node:events';
import { PsybergError } from '../model/errors.ts';
import { errorText } from '../report/run-report.ts';
import { EXIT } from './exit-code.ts';
import { onInterruption } from './interruption.ts';
import { whenOutputLost } from './output.ts';
import { errorStyle, type Shell, soundPartsOf } from './shell.ts';
import { type ShownRequest, writeJunit } from './test-results.ts';

export async function watch(shell: Shell, request: ShownRequest, junit: string | undefined): Promise<number> {
  const [{ runTests }, { watchFiles }, { findProjectRoot }, { testSummary, testText }] = await Promise.all([
    import('../testing/run-tests.ts'),
    import('../testing/watch.ts'),
    import('../project/read-project.ts'),
    import('../report/test-report.ts'),
  ]);
  const root = findProjectRoot(shell.options.project ?? '.');
  const tell = (error: unknown): void => {
    if (!(error instanceof PsybergError)) throw error;
    shell.note(errorText(error.toJSON(), errorStyle()));
  };
  let interrupt = (): void => {};
  const stopped = new AbortController();
  const stopAll = (): void => {
    stopped.abort();
    interrupt();
  };
  const interruption = onInterruption(stopAll);
  whenOutputLost(stopAll);
  const play = async (only: readonly string[]): Promise<void> => {
    const startedMs = performance.now();
    const { project, unusable } = await soundPartsOf(shell, request.engine);
    const report = await runTests(project, {
      ...request,
      unusable,
      only,
      onStart: (stop) => {
        interrupt = stop;
        if (stopped.signal.aborted) stop();
      },
      onProgress: shell.progress,
      onResult: (result) => shell.print(testText(result, shell)),
    });
    shell.endSteps();
    if (junit !== undefined) await writeJunit(shell, junit, report);
    if (shell.options.json === true) shell.json(report);
    shell.print(testSummary(report, (performance.now() - startedMs) / 1000, shell.style));
  };
  let playing = play(request.only).catch(tell);
  await playing;
  const stop = await watchFiles(root, {
    async onChange({ files, tests }) {
      shell.note(`saved: ${files.join(', ')}`);
      const names = request.only.filter((word) => !/[/.]/.test(word));
      playing = tests.length > 0 ? play([...tests, ...names]).catch(tell) : playing;
      if (tests.length === 0) shell.note('no test depends on it');
      await playing;
    },
    onError: tell,
  });
  if (!stopped.signal.aborted) {
    shell.note('watching; Ctrl-C ends');
    await once(stopped.signal, 'abort');
  }
  stop();
  await playing;
  interruption.release();
  return EXIT.done;
}
