/** The prompt on this process's own streams. Options -> exit code. */
import { usageError } from '../../model/errors.ts';
import { outputNotWritable } from '../output.ts';
import type { Shell } from '../shell.ts';
import { withPsyberg } from '../shell.ts';
import type { ResultRequest } from '../sql-options.ts';
import { historyFile } from './history.ts';
import { startPrompt } from './run-prompt.ts';

/** What a person reads at once; `.limit` changes it. */
const LIMIT_OF_A_PERSON = 100;

const TERMINATED = 143;

/**
 * If stdin is no terminal, its lines are taken without a prompt, commands among them. Throws `usage` for
 * options that need a query, `output-not-writable` when stdout takes nothing more.
 */
export async function openPrompt(
  shell: Shell,
  {
    branch,
    request: { format, limit, output },
  }: { readonly branch?: string | undefined; readonly request: ResultRequest },
): Promise<number> {
  if (shell.options.json === true || output !== undefined || format === 'parquet')
    throw missing('; a prompt takes neither --json nor --output');
  const isTerminal = process.stdin.isTTY === true;
  // If stdout is redirected, what is typed is shown on stderr, with the remarks.
  const shown = process.stdout.isTTY === true || !isTerminal ? process.stdout : process.stderr;
  return withPsyberg(shell, async (psyberg) => {
    if (isTerminal && shell.options.quiet !== true)
      shell.note(`${psyberg.project.name}: SQL ends with a semicolon; .help lists commands, Ctrl-D ends`);
    const prompt = startPrompt(psyberg, {
      input: process.stdin,
      output: shown,
      errors: process.stderr,
      isTerminal,
      style: shell.style,
      historyFile: isTerminal ? historyFile() : undefined,
      settings: {
        branch: branch === 'main' ? undefined : branch,
        format: format ?? 'box',
        limit: limit ?? (isTerminal ? LIMIT_OF_A_PERSON : undefined),
        timing: false,
      },
    });
    let terminated = false;
    const terminate = (): void => {
      terminated = true;
      prompt.end();
    };
    let lost: NodeJS.ErrnoException | undefined;
    const lose = (error: NodeJS.ErrnoException): void => {
      // If all lines have come, they run to their end, as those of --file do, though nobody reads results.
      if (lost !== undefined || (error.code === 'EPIPE' && prompt.hasAllInput())) return;
      lost = error;
      prompt.end();
    };
    shown.on('error', lose);
    process.stderr.on('error', ignore);
    process.on('SIGINT', prompt.interrupt);
    process.on('SIGTERM', terminate);
    try {
      const code = await prompt.ended;
      if (lost !== undefined) throw outputNotWritable(lost);
      if (!isTerminal && !prompt.wasUsed()) throw missing('');
      return terminated ? TERMINATED : code;
    } finally {
      process.off('SIGINT', prompt.interrupt);
      process.off('SIGTERM', terminate);
    }
  });
}

/** A remark that cannot be written stops nothing. */
const ignore = (): void => {};

const missing = (more: string): Error =>
  usageError('usage', 'a statement is missing', {
    hint: `psyberg sql "select 1", or psyberg sql --file FILE${more}`,
  });
