/**
 * `psyberg signals`: how far each target was announced to be complete; a sensor for it, and a stream
 * of it.
 */
import type { Command } from 'commander';
import { usageError } from '../model/errors.ts';
import { type Hour, hourText } from '../model/hour.ts';
import { parseHourRange } from '../model/hour-range.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { onInterruption } from './interruption.ts';
import { givenDurationMs } from './measures.ts';
import { whenOutputLost, writeAll } from './output.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, withPsyberg } from './shell.ts';

interface SignalsOptions {
  readonly limit: string;
  readonly waitFor?: string;
  readonly timeout?: string;
  readonly follow?: boolean;
}

export function addSignalsCommand(root: Command, act: Act): void {
  root
    .command('signals')
    .description('up to which hour each target was announced to be complete, newest first')
    .argument('[table]', 'of this table alone')
    .option('--limit <n>', 'at most this many announcements', '20')
    .option('--wait-for <hour>', 'wait until the table is complete to this hour, such as 2023-09-14T05')
    .option(
      '--timeout <duration>',
      'with --wait-for: exit 6 when it is not by then, such as 1h; 0s looks once',
    )
    .option('--follow', 'go on with each announcement as it comes; with --json one object a line')
    .addHelpText(
      'after',
      example(
        'psyberg signals',
        'psyberg signals facts.cancel_fact --wait-for 2023-09-14T05 --timeout 1h',
        'psyberg signals --follow --json',
      ),
    )
    .action(act(signals));
}

async function signals(shell: Shell, table: string | undefined, options: SignalsOptions): Promise<number> {
  if (options.waitFor !== undefined) return waitFor(shell, table, { ...options, waitFor: options.waitFor });
  if (options.timeout !== undefined)
    throw usageError('usage', '--timeout goes with --wait-for', {
      hint: 'for example: psyberg signals facts.cancel_fact --wait-for 2023-09-14T05 --timeout 1h',
    });
  const limit = rowLimit(options.limit);
  if (options.follow === true) return follow(shell, table, limit);
  const rows = await withPsyberg(shell, (psyberg) => psyberg.signals({ table, limit }));
  if (shell.options.json === true) shell.json({ signals: rows });
  else {
    const { signalsText } = await import('../report/status.ts');
    shell.print(signalsText(rows, shell));
  }
  return EXIT.done;
}

async function waitFor(
  shell: Shell,
  table: string | undefined,
  { waitFor: text, timeout, follow: followed }: SignalsOptions & { readonly waitFor: string },
): Promise<number> {
  if (table === undefined || followed === true)
    throw usageError(
      'usage',
      table === undefined ? '--wait-for needs a table' : '--wait-for and --follow exclude each other',
      { hint: `for example: psyberg signals facts.cancel_fact --wait-for ${text}` },
    );
  const hour = givenHour(text);
  const timeoutMs = timeout === undefined ? undefined : givenDurationMs(timeout, '--timeout');
  return stoppable(async (signal) => {
    const record = await withPsyberg(shell, (psyberg) => {
      shell.step(`${table}: waits for ${hourText(hour)}`);
      return psyberg.waitForSignal({ table, hour, timeoutMs, signal });
    });
    if (shell.options.json === true) shell.json(record);
    else {
      const { waitText } = await import('../report/status.ts');
      shell.print(waitText(record));
    }
    return record.complete ? EXIT.done : EXIT.owed;
  });
}

/** A day is its last hour. */
function givenHour(text: string): Hour {
  if (text.includes('..'))
    throw usageError('hours-invalid', `--wait-for is one hour or a day, found '${text}'`, {
      hint: 'name the last of them, for example 2023-09-14T05',
      context: { found: text },
    });
  return parseHourRange(text).lastHour;
}

const follow = (shell: Shell, table: string | undefined, limit: number): Promise<number> =>
  stoppable(async (signal) => {
    const { signalLine } = await import('../report/status.ts');
    await withPsyberg(shell, (psyberg) =>
      psyberg.followSignals({
        table,
        limit,
        signal,
        onSignal: (row) => {
          if (shell.options.json === true) writeAll(1, `${JSON.stringify(row)}\n`);
          else shell.print(signalLine(row));
        },
      }),
    );
    return EXIT.done;
  });

/** Ends with the first signal of the terminal or a scheduler; its code is then the exit code. */
async function stoppable(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const stop = new AbortController();
  whenOutputLost(() => stop.abort());
  const interruption = onInterruption(() => stop.abort());
  try {
    const code = await work(stop.signal);
    return interruption.exitCode() ?? code;
  } finally {
    interruption.release();
  }
}
