/** `psyberg fmt`: SQL and YAML of a project in one layout, with the same meaning. */
import type { Command } from 'commander';
import type { FormattedFile } from '../model/format-record.ts';
import type { ParseSql } from '../project/format/format-sql.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { writeAll } from './output.ts';
import type { Shell } from './shell.ts';

export function addFmtCommand(root: Command, act: Act): void {
  root
    .command('fmt')
    .description('format SQL, headers and YAML; comments and meaning stay')
    .argument('[file...]', 'files or folders, or - for SQL from stdin; default: the whole project')
    .option('--check', 'write nothing; exit code 3 when a file would change')
    .addHelpText(
      'after',
      example('psyberg fmt', 'psyberg fmt processes/cancel_fact_load.sql', 'psyberg fmt --check'),
    )
    .action(act(fmt));
}

async function fmt(
  shell: Shell,
  named: readonly string[],
  { check = false }: { readonly check?: boolean },
): Promise<number> {
  const [{ openParser }, format] = await Promise.all([
    import('../engine/open-parser.ts'),
    import('../project/format/format-files.ts'),
  ]);
  const parser = await openParser();
  const parse: ParseSql = (sql) => parser.parse(sql);
  try {
    if (named.length === 1 && named[0] === '-') return await fromStdin(shell, parse, check);
    const files = named.length > 0 ? named.flatMap(format.filesOf) : await projectFiles(shell);
    const onFile = (name: string): void => shell.step(`formatting ${name}`);
    const formatted = await format.formatFiles(files, { parse, check, onFile });
    shell.endSteps();
    const { formatReport } = await import('../report/format-report.ts');
    if (shell.options.json === true) shell.json({ files: formatted });
    else {
      const { lines, summary } = formatReport(formatted, check, shell.style);
      if (lines.length > 0) shell.print(lines.join('\n'));
      shell.note(summary);
    }
    return exitCodeOfFiles(formatted);
  } finally {
    await parser.close();
  }
}

async function projectFiles(shell: Shell): Promise<string[]> {
  const [{ filesToFormat }, { findProjectRoot }] = await Promise.all([
    import('../project/format/format-files.ts'),
    import('../project/read-project.ts'),
  ]);
  return filesToFormat(findProjectRoot(shell.options.project ?? '.'));
}

/** For editors: the formatted text on stdout; what cannot be formatted comes back as it was. */
async function fromStdin(shell: Shell, parse: ParseSql, check: boolean): Promise<number> {
  const [{ queryText }, { formatText }, { formatReport }] = await Promise.all([
    import('./query-text.ts'),
    import('../project/format/format-files.ts'),
    import('../report/format-report.ts'),
  ]);
  const { file, text } = await formatText(queryText('-', undefined), parse, check);
  if (shell.options.json === true) shell.json({ files: [file], text });
  else if (!check) writeAll(1, text);
  for (const line of formatReport([file], check).problems) shell.note(line);
  return exitCodeOfFiles([file]);
}

/** A file that cannot be read comes before one that would change. */
function exitCodeOfFiles(files: readonly FormattedFile[]): ExitCode {
  if (files.some(({ status }) => status === 'failed')) return EXIT.usage;
  return files.some(({ status }) => status === 'would-change') ? EXIT.auditFailed : EXIT.done;
}
