/**
 * `npm run demo`: plays the sample world through the public API. Command line -> text on stdout, progress on
 * stderr, exit code.
 */
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DemoError } from './sample-project.ts';

const USAGE = `usage: npm run demo                 the walkthrough: late sign-ups, plan changes and cancels, hour by hour
       npm run demo -- flights      real departures of 2001, landed when they left, compared with a full recompute
         --month 2001-01            the first month: 2001-01 to 2001-06
         --months 1                 how many months
         --hours-per-session 24     landing hours that one session loads: 1 to 744`;

const WAREHOUSE_FOLDER = dirname(fileURLToPath(import.meta.url));

process.exitCode = await runDemo(process.argv.slice(2));

async function runDemo(argv: readonly string[]): Promise<number> {
  const world = argv[0] === 'flights' ? 'flights' : 'member-lifecycle';
  const runFolder = join(WAREHOUSE_FOLDER, '.data', world);
  try {
    if (argv.includes('--help') || argv.includes('-h')) {
      process.stdout.write(`${USAGE}\n`);
      return 0;
    }
    if (world === 'flights') {
      const options = readFlightOptions(argv.slice(1));
      const { playFlightsOnTerminal } = await import('./flights/play.ts');
      return await playFlightsOnTerminal({ ...options, runFolder });
    }
    if (argv.length > 0) throw new DemoError(`unknown argument '${argv[0]}'`, { hint: USAGE, exitCode: 2 });
    const { playWalkthroughOnTerminal } = await import('./member-lifecycle/play.ts');
    return await playWalkthroughOnTerminal({
      runFolder,
      shownFolder: relative(process.cwd(), runFolder) || '.',
    });
  } catch (error) {
    process.stderr.write(`${describeError(error)}\n`);
    return error instanceof DemoError ? error.exitCode : 1;
  }
}

function readFlightOptions(argv: readonly string[]): {
  month: string;
  months: number;
  hoursPerSession: number;
} {
  const options = {
    month: { type: 'string', default: '2001-01' },
    months: { type: 'string', default: '1' },
    'hours-per-session': { type: 'string', default: '24' },
  } as const;
  const values = parsed(() => parseArgs({ args: [...argv], options, strict: true }).values);
  const month = values.month;
  if (!/^2001-0[1-6]$/.test(month))
    throw new DemoError(`--month must be one of 2001-01 to 2001-06, found '${month}'`, {
      hint: USAGE,
      exitCode: 2,
    });
  const months = wholeNumber('--months', values.months, 7 - Number(month.slice(5)));
  return {
    month,
    months,
    hoursPerSession: wholeNumber('--hours-per-session', values['hours-per-session'], 744),
  };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new DemoError((error as Error).message, { hint: USAGE, exitCode: 2 });
  }
}

function wholeNumber(option: string, text: string, greatest: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > greatest)
    throw new DemoError(`${option} must be a whole number from 1 to ${greatest}, found '${text}'`, {
      hint: USAGE,
      exitCode: 2,
    });
  return value;
}

/** Message and hint of an error that was made for people; the stack of any other. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = (error as { hint?: unknown }).hint;
  return typeof hint === 'string' ? `error: ${error.message}\n${hint}` : (error.stack ?? error.message);
}
