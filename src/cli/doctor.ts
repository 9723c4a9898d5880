/** `psyberg doctor`: is everything there that a run needs, and what to do where it is not. */
import type { Command } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
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
  const [psyberg, { doctorText }] = await Promise.all([
    import('../psyberg.ts'),
    import('../report/doctor.ts'),
  ]);
  const { project } = shell.options;
  const checks = await psyberg.doctor({
    ...(project === undefined ? {} : { project }),
    onStep: (message) => shell.step(message),
  });
  shell.endSteps();
  const failed = checks.some((check) => check.status === 'fail');
  if (shell.options.json === true) shell.json({ ok: !failed, checks });
  else shell.print(doctorText(checks, shell));
  return failed ? EXIT.failed : EXIT.done;
}
