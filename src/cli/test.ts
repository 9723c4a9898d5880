/** `psyberg test`: the tests of a project, with arrivals in every order. */
import { type Command, Option } from 'commander';
import { ENGINE_NAMES, type EngineName } from '../model/engines.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruptedWork } from './interruption.ts';
import { projectOf, type Shell, soundPartsOf, varOption } from './shell.ts';
import { exitCodeOfTests, type ShownRequest, writeJunit } from './test-results.ts';

interface TestCommandOptions {
  readonly junit?: string;
  readonly watch?: boolean;
  readonly keep?: boolean;
  readonly create?: string;
  readonly order?: string;
  readonly wholeSessions?: boolean;
  readonly engine?: EngineName;
}

export function addTestCommand(root: Command, act: Act): void {
  root
    .command('test')
    .description('play the tests of tests/*.yaml: arrivals in every order, each in a warehouse of its own')
    .argument('[file-or-name...]', "test files or folders, parts of tests' names, or processes; default: all")
    .option('--junit <file>', 'also write the results as JUnit XML')
    .option('--watch', 'go on, and play again what a saved file touches')
    .option('--keep', 'leave the warehouse of each test, to look at')
    .option('--order <numbers>', 'play only this order of the arrivals, such as 2,1')
    .option(
      '--whole-sessions',
      'play every order through sessions, also those that a rehearsal in memory clears',
    )
    .addOption(
      new Option('--engine <name>', 'play all processes on it, whatever their headers say').choices(
        ENGINE_NAMES,
      ),
    )
    .option('--create <process>', 'write a test of this process from rows of the warehouse')
    .addOption(varOption())
    .addHelpText(
      'after',
      example(
        'psyberg test',
        'psyberg test tests/cancels.yaml --keep',
        "psyberg test 'late request' --order 2,1",
        'psyberg test tests/cancels.yaml --engine spark',
        'psyberg test --create cancel_fact_load',
      ),
    )
    .action(act(test));
}

async function test(shell: Shell, words: string[], options: TestCommandOptions): Promise<number> {
  // No other command needs it.
  const { isMainThread, workerData } = process.getBuiltinModule('node:worker_threads');
  if (!isMainThread) return (await import('./test-thread.ts')).serveInThread(workerData);
  if (options.create !== undefined) return create(shell, words, options.create);
  const order = orderOf(options.order);
  const request = {
    only: words,
    keep: options.keep ?? false,
    wholeSessions: options.wholeSessions ?? false,
    ...(options.engine === undefined ? {} : { engine: options.engine }),
    ...(order === undefined ? {} : { order }),
  };
  if (options.watch !== true) return once(shell, request, options.junit);
  const { watch } = await import('./watch-tests.ts');
  return watch(shell, request, options.junit);
}

async function once(shell: Shell, request: ShownRequest, junit: string | undefined): Promise<number> {
  const [{ runTests }, { openTestThread }, { project, unusable }] = await Promise.all([
    import('../testing/run-tests.ts'),
    import('./test-thread.ts'),
    soundPartsOf(shell, request.engine),
  ]);
  let interrupt = (): void => {};
  const interruption = onInterruptedWork(shell, () => interrupt());
  try {
    const { testText, testSummary } = await import('../report/test-report.ts');
    const startedMs = performance.now();
    const report = await runTests(project, {
      ...request,
      unusable,
      openThread: () => openTestThread(shell.options, request),
      onStart: (stop) => {
        interrupt = stop;
      },
      onProgress: shell.progress,
      onResult: (result) => {
        if (shell.options.quiet !== true || result.status !== 'passed') shell.print(testText(result, shell));
      },
    });
    shell.endSteps();
    if (junit !== undefined) await writeJunit(shell, junit, report);
    if (shell.options.json === true) shell.json(report);
    else shell.print(testSummary(report, (performance.now() - startedMs) / 1000, shell.style));
    return interruption.exitCode() ?? exitCodeOfTests(report);
  } catch (error) {
    const code = interruption.exitCode();
    if (code === undefined || !(error instanceof PsybergError)) throw error;
    return code;
  } finally {
    shell.endSteps();
    interruption.release();
  }
}

/** `2,1` -> [1, 0]. Throws `usage`. */
function orderOf(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const numbers = text.split(',').map((part) => Number(part.trim()));
  const isOrder = numbers.every((each) => Number.isInteger(each) && each > 0);
  if (!isOrder || new Set(numbers).size !== numbers.length)
    throw usageError('usage', `--order must be numbers of arrivals such as 2,1, found '${text}'`, {
      hint: 'arrivals are counted from 1; each may be there once',
    });
  return numbers.map((each) => each - 1);
}

async function create(shell: Shell, words: readonly string[], processName: string): Promise<number> {
  if (words.length > 0)
    throw usageError('usage', `--create takes no tests to run, found '${words[0]}'`, {
      hint: `psyberg test --create ${processName}`,
    });
  const [{ writeTest }, project] = await Promise.all([import('../testing/create-test.ts'), projectOf(shell)]);
  const created = await writeTest(project, processName);
  if (shell.options.json === true) shell.json(created);
  else {
    shell.print(`created ${created.file}`);
    shell.note(`next: look at it, then psyberg test ${created.file}`);
  }
  return EXIT.done;
}
