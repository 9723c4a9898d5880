// Goal: a shell offers what the command line takes, and nothing else. Method: candidates from the real tree of
// commands, and the script of bash in bash; zsh and fish are in completion.whole.ts.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { program } from '../../src/cli/command-line.ts';
import { candidatesFor } from '../../src/cli/completion/candidates.ts';
import { processNamesIn } from '../../src/cli/completion/process-names.ts';
import { commandsOf } from '../docs/reference-pages.ts';
import { completionProject } from './completion-project.ts';
import { makeProject, removeFolders, temporaryFolder } from './fixture.ts';

const SCRIPTS = fileURLToPath(new URL('../../templates/completion', import.meta.url));
afterAll(removeFolders);

const root = program(() => async () => {});
const offered = (...words: string[]) => {
  const asked: (string | undefined)[] = [];
  const found = candidatesFor(root, words, (project) => {
    asked.push(project);
    return ['cancel_load', 'signup_load'];
  });
  return { ...found, words: found.words.map(({ value }) => value), asked };
};

describe('candidates', () => {
  it('name every command, and every option of each', () => {
    for (const [path, command] of commandsOf(root)) {
      const words = path.split(' ');
      const last = words.at(-1) as string;
      expect(offered(...words.slice(0, -1), last.slice(0, 2)).words).toContain(last);
      const options = command.options.filter((option) => !option.hidden).map((option) => option.long);
      expect(offered(...words, '--').words).toEqual(expect.arrayContaining([...options, '--json', '--help']));
    }
  });
  it.each([
    [['plan', ''], 'words', ['cancel_load', 'signup_load', 'diff']],
    [['plan', 'cancel_load', 's'], 'words', ['signup_load']],
    [['run', '--plan', ''], 'files', []],
    [['--project', ''], 'folders', []],
    [['test', 'c'], 'files', ['cancel_load']],
    [['test', '--create', ''], 'words', ['cancel_load', 'signup_load']],
    [['new', 'process', 'x', '--pattern', 'state'], 'words', ['stateless', 'stateful']],
    [['new', 'process', 'x', '--unit=epoch_m'], 'words', ['--unit=epoch_ms']],
    [['new', 'process', 'x', '--unit', '=', 'epoch_m'], 'words', ['epoch_ms']],
    [['session', 'load', '--process_name', 's'], 'words', ['signup_load']],
    [['--json', 'schema', 't'], 'words', ['tests']],
    [['schema', 'tests', ''], 'words', []],
    [['plan', '--', '--e'], 'words', []],
    [['nonsense', ''], 'words', offered('').words],
    [['plan', '--quiet', '--qu'], 'words', []],
    [['new', 'process', 'x', '--source', 'a|b', '--sou'], 'words', ['--source']],
  ] as const)('behind %j', (words, kind, expected) => {
    expect(offered(...words)).toMatchObject({ kind, words: expected });
  });
  it('asks for processes only where they are wanted, in the project that is named', () => {
    expect(offered('plan', '').asked).toEqual([undefined]);
    expect(offered('--project', '/lake', 'plan', '').asked).toEqual(['/lake']);
    expect(offered('--project=/lake', 'plan', '').asked).toEqual(['/lake']);
    expect(offered('plan', '--').asked).toEqual([]);
  });
  it('find processes by what their files say, also in a project with mistakes', () => {
    const { root: folder } = makeProject({
      'psyberg.yaml': "name: x\nnonsense: [\nprocesses: 'loads' # here\n",
      'loads/one.sql': '/*---\nprocess_name: first_load\n---*/',
      'loads/two.sql': 'no header',
      'loads/.three.sql': '',
    });
    mkdirSync(join(folder, 'loads/deep'));
    expect(processNamesIn(join(folder, 'loads/deep'))).toEqual(['first_load', 'two']);
    expect(processNamesIn(temporaryFolder())).toEqual([]);
  });
});

describe('the scripts', () => {
  const { run } = completionProject();
  it('is printed as it stands', async () => {
    expect(await run('psyberg', 'completion', 'bash')).toContain('complete -F _psyberg psyberg\n');
  });
  it('completes in bash: commands, options, processes, files with blanks, and what follows an equals sign', async () => {
    const line = (...words: string[]) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _psyberg; printf '%s|' "\${COMPREPLY[@]}"; echo`;
    const text = [
      `source '${SCRIPTS}/psyberg.bash'`,
      'complete -p psyberg',
      line('psyberg', 'stat'),
      line('psyberg', 'plan', '--expl'),
      line('psyberg', 'run', ''),
      line('psyberg', 'fmt', 'two'),
      line('psyberg', 'new', 'process', 'x', '--unit', '=', 'epoch_m'),
    ].join('\n');
    expect((await run('bash', '-c', text)).split('\n')).toEqual([
      'complete -F _psyberg psyberg',
      'status|',
      '--explain|',
      'a_load|',
      'two words.sql|',
      'epoch_ms|',
      '',
    ]);
  });
});
