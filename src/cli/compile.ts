/** `psyberg compile`: the SQL of load and audits, to be read and run. Writes only the files of --out. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { makeFolder } from '../disk/make-folder.ts';
import { isCompiledText } from '../model/compiled-mark.ts';
import { usageError } from '../model/errors.ts';
import { fileNotWritable } from '../model/file-not-writable.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { CompiledProcess } from '../psyberg.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example, HOURS } from './help.ts';
import { untilInterrupted } from './interruption.ts';
import { type Shell, varOption, withPsyberg } from './shell.ts';

interface CompileOptions {
  readonly hours?: string;
  readonly out?: string;
}

export function addCompileCommand(root: Command, act: Act): void {
  root
    .command('compile')
    .description(
      'print the SQL of load and audits with its values, also when nothing is new; it runs in a DuckDB shell beside psyberg catalog serve --session',
    )
    .argument('[process...]', 'names of processes; default: all, in dependency order')
    .option('--hours <from..to>', `these in place of the next session: ${HOURS}`)
    .addOption(varOption())
    .option('--out <dir>', 'write PROCESS.load.sql and PROCESS.audit.sql there, in place of printing them')
    .addHelpText(
      'after',
      example(
        'psyberg compile cancel_fact_load',
        'psyberg compile cancel_fact_load --hours 2023-09-14T05',
        'psyberg compile --out compiled',
      ),
    )
    .action(act(compile));
}

async function compile(shell: Shell, names: string[], options: CompileOptions): Promise<number> {
  const request = options.hours === undefined ? {} : { hours: options.hours };
  return withPsyberg(shell, (psyberg) =>
    untilInterrupted(psyberg, async () => {
      const { out } = options;
      if (out !== undefined) await refuseForeignFiles(out, psyberg.project, names);
      const compiled = await psyberg.compile(names, request);
      for (const each of compiled.flatMap(({ notes }) => notes)) shell.note(each);
      const files = out === undefined ? [] : writeTexts(out, compiled);
      if (shell.options.json === true) shell.json({ compiled });
      else if (out !== undefined) shell.print(files.join('\n'));
      else
        shell.print(
          compiled
            .map(({ load, audit }) => `${load}\n${audit}`)
            .join('\n')
            .trimEnd(),
        );
      return EXIT.done;
    }),
  );
}

const STAGES = ['load', 'audit'] as const;
const fileOf = (directory: string, processName: string, stage: (typeof STAGES)[number]): string =>
  join(directory, `${processName}.${stage}.sql`);

/** Throws `file-exists` where a file is not one that was compiled earlier: before anything else is done. */
async function refuseForeignFiles(
  directory: string,
  project: ProjectSpec,
  names: readonly string[],
): Promise<void> {
  const { processesInDependencyOrder } = await import('../project/dependency-order.ts');
  for (const { processName } of processesInDependencyOrder(project, names))
    for (const stage of STAGES) {
      const file = fileOf(directory, processName, stage);
      const existing = textOf(file);
      if (existing === undefined || isCompiledText(existing, processName, stage)) continue;
      throw usageError('file-exists', `${file} exists, and was not written by psyberg compile`, {
        hint: 'name another folder, or move the file away; nothing was written',
        context: { file },
      });
    }
}

function writeTexts(directory: string, compiled: readonly CompiledProcess[]): string[] {
  try {
    makeFolder(directory);
    return compiled.flatMap((each) =>
      STAGES.map((stage) => {
        const file = fileOf(directory, each.process_name, stage);
        writeFileSync(file, each[stage]);
        return file;
      }),
    );
  } catch (error) {
    const { path: file = directory } = error as NodeJS.ErrnoException;
    throw fileNotWritable(file, error, { hint: 'name a folder that can be written to: --out compiled' });
  }
}

/** Undefined where there is none. What is there and cannot be read is somebody else's. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : '';
  }
}
