/** `psyberg verify`: targets against a recompute. Writes nothing. */
import { type Command, Option } from 'commander';
import type { Verification } from '../model/verification.ts';
import type { VerifyRequest } from '../psyberg.ts';
import { EXIT, exitCodeOfKind } from './exit-code.ts';
import { type Act, example, HOURS } from './help.ts';
import { untilInterrupted } from './interruption.ts';
import { outputWidth } from './output-width.ts';
import { rowLimit } from './row-limit.ts';
import { type Shell, varOption, withPsyberg } from './shell.ts';

interface VerifyOptions {
  readonly hours?: string;
  readonly limit?: string;
}

export function addVerifyCommand(root: Command, act: Act): void {
  root
    .command('verify')
    .description('recompute targets beside the published ones and compare, both ways; writes nothing')
    .argument('[process...]', 'names of processes; default: all')
    .option('--hours <from..to>', `only these: ${HOURS}; default: all that are complete`)
    .addOption(new Option('--limit <n>', 'at most this many rows of each kind are shown').default('10'))
    .addOption(varOption())
    .addHelpText(
      'after',
      `${example(
        'psyberg verify',
        'psyberg verify cancel_fact_load --hours 2023-09-14',
        'psyberg verify cancel_fact_load --json',
      )}\nExit code 3 when a target differs.\n`,
    )
    .action(act(verify));
}

async function verify(shell: Shell, names: readonly string[], options: VerifyOptions): Promise<number> {
  const request: VerifyRequest = {
    ...(options.hours === undefined ? {} : { hours: options.hours }),
    ...(options.limit === undefined ? {} : { sampleRows: rowLimit(options.limit) }),
  };
  return withPsyberg(shell, (psyberg) =>
    untilInterrupted(psyberg, async () => {
      const verifications = await psyberg.verify(names, request);
      shell.endSteps();
      if (shell.options.json === true) shell.json({ verifications });
      else await print(shell, verifications);
      return exitCodeOf(verifications);
    }),
  );
}

async function print(shell: Shell, verifications: readonly Verification[]): Promise<void> {
  const { verificationSummary, verificationText } = await import('../report/verification.ts');
  const page = { style: shell.style, width: outputWidth(process.stdout) };
  if (verifications.length === 0) shell.print('the project has no processes');
  for (const each of verifications) shell.print(verificationText(each, page));
  if (verifications.length > 1) shell.print(verificationSummary(verifications, shell.style));
}

/** The highest of any process. */
const exitCodeOf = (verifications: readonly Verification[]): number =>
  Math.max(
    EXIT.done,
    ...verifications.map(({ status, error }) =>
      error !== null ? exitCodeOfKind(error.kind) : status === 'different' ? EXIT.auditFailed : EXIT.done,
    ),
  );
