/** `psyberg check`: everything that can be known of a project without its data. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import type { Shell } from './shell.ts';

interface CheckOptions {
  readonly format: 'text' | 'github';
}

export function addCheckCommand(root: Command, act: Act): void {
  root
    .command('check')
    .description(
      'check everything that can be known without data: files, queries and audits against the columns of their tables, and what would surprise; writes nothing',
    )
    .addOption(
      new Option('--format <format>', 'text, or annotations of a GitHub workflow')
        .choices(['text', 'github'])
        .default('text'),
    )
    .addHelpText('after', example('psyberg check', 'psyberg check --json', 'psyberg check --format github'))
    .action(act(check));
}

async function check(shell: Shell, { format }: CheckOptions): Promise<number> {
  const [{ checkProjectFolder }, { findProjectRoot }, report] = await Promise.all([
    import('../check/check-files.ts'),
    import('../project/read-project.ts'),
    import('../report/check-report.ts'),
  ]);
  const root = findProjectRoot(shell.options.project ?? '.');
  const { problems } = await checkProjectFolder({ root });
  if (shell.options.json === true) shell.json({ problems });
  else if (format === 'github') {
    const repository = process.env['GITHUB_WORKSPACE'] ?? process.cwd();
    const pathOf = (file: string): string =>
      path.relative(repository, path.join(root, file)).split(path.sep).join('/');
    if (problems.length > 0) shell.print(report.githubAnnotations(problems, pathOf));
  } else {
    if (problems.length > 0) shell.print(`${report.checkText(problems, shell.style)}\n`);
    shell.print(report.checkSummary(problems, shell.style));
  }
  return problems.some(({ severity }) => severity === 'error') ? EXIT.usage : EXIT.done;
}
