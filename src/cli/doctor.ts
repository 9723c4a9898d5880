/** `psyberg doctor`: is everything there that a run needs, and what to do where it is not. */
import type { Command } from 'commander';
import { type Act, example } from './command-line.ts';
import { EXIT } from './exit-code.ts';
import type { Shell } from './shell.ts';

export function addDoctorCommand(root: Command, act: Act): void {
  root
    .command('doctor')
    .description(
      'check Node, DuckDB, its extensions, the project, the catalog and every source; says what to do',
    )
    .addHelpText('after', example('psyberg doctor'))
    .action(act(doctor));
}

async function doctor(shell: Shell): Promise<number> {
  const [{ examine }, { doctorText }] = await Promise.all([
    import('./examine.ts'),
    import('../report/doctor.ts'),
  ]);
  const checks = await examine(shell);
  const failed = checks.some((check) => check.status === 'fail');
  if (shell.options.json === true) shell.json({ ok: !failed, checks });
  else shell.print(doctorText(checks, shell.style));
  return failed ? EXIT.failed : EXIT.done;
}
