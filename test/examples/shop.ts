/** The project that the examples are written for, and a command that fails each step of a session once. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCli, temporaryFolder } from '../cli/fixture.ts';
import { COMMAND_FILE } from '../support/command-file.ts';

export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));

export interface Shop {
  readonly folder: string;
  readonly project: string;
  /** Path of a program that is psyberg. */
  readonly psyberg: string;
  /** The same, but each step of a session of each process fails the first time: before or after its work. */
  readonly failingOnce: string;
  /** Its first words are the steps that failed. */
  readonly failures: string;
  /** Runs psyberg, and returns what it prints. */
  run(...argv: readonly string[]): Promise<string>;
}

/** Scaffolds the template's project with its seed, of which nothing is loaded yet. */
export async function makeShop(): Promise<Shop> {
  const folder = temporaryFolder();
  const project = join(folder, 'shop');
  const run = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await startCli(argv, { cwd: folder }).done;
    if (code !== 0) throw new Error(`psyberg ${argv.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  await run('new', 'project', 'shop');
  await run('sql', '--project', project, '--file', join(project, 'seed', 'raw_events.sql'));
  const failures = join(folder, 'failed');
  mkdirSync(failures);
  return {
    folder,
    project,
    psyberg: program(join(folder, 'psyberg'), `exec "${process.execPath}" "${COMMAND_FILE}" "$@"`),
    failingOnce: program(join(folder, 'failing-once'), failingOnce(join(folder, 'psyberg'), failures)),
    failures,
    run,
  };
}

function program(file: string, text: string): string {
  writeFileSync(file, `#!/usr/bin/env bash\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** What was done and not reported is as bad as what was not done: a retry does it again in both cases. */
const failingOnce = (psyberg: string, failures: string): string => `
[ "$1" = session ] || exec "${psyberg}" "$@"
name=$(echo "$*" | sed 's/.*--process_name=\\([a-z_]*\\).*/\\1/')
if mkdir "${failures}/$name-$2" 2>/dev/null; then
  case $2 in load | publish | commit) "${psyberg}" "$@" ;; esac
  exit 1
fi
exec "${psyberg}" "$@"`;

/** All steps of both processes. */
export const ALL_STEPS = ['event_count_load', 'event_fact_load'].flatMap((name) =>
  ['audit', 'commit', 'init', 'load', 'publish'].map((step) => `${name}-${step}`),
);
