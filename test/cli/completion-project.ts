/** A project with a `psyberg` on its PATH, in which shells complete. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { COMMAND_FILE } from '../support/command-file.ts';
import { makeProject } from './fixture.ts';

export interface CompletionProject {
  readonly project: string;
  /** The folder of the command. */
  readonly bin: string;
  /** Runs a shell in the project; returns what it prints. */
  readonly run: (shell: string, ...argv: string[]) => Promise<string>;
}

export function completionProject(): CompletionProject {
  const project = makeProject({
    'processes/a.sql': '/*---\nprocess_name: a_load\n---*/',
    'two words.sql': '',
  }).root;
  const bin = join(project, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'psyberg'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND_FILE}' "$@"\n`, {
    mode: 0o755,
  });
  const run = async (shell: string, ...argv: string[]): Promise<string> =>
    (
      await promisify(execFile)(shell, argv, {
        cwd: project,
        env: { ...process.env, PATH: `${bin}:${process.env['PATH']}`, HOME: project },
      })
    ).stdout;
  return { project, bin, run };
}
