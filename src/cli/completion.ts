/** `psyberg completion`: what lets a shell complete the command line. */
import { readFileSync } from 'node:fs';
import { Argument, type Command, Option } from 'commander';
import { usageError } from '../model/errors.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { writeAll } from './output.ts';
import type { Shell } from './shell.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type ShellName = (typeof SHELLS)[number];

export function addCompletionCommand(root: Command, act: Act): void {
  root
    .command('completion')
    .description('print what makes a shell complete commands, options, processes and files')
    .usage('<shell>')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .addArgument(new Argument('[words...]', 'what the script of the shell hands over'))
    .addOption(new Option('--candidates', 'for the script: what may come next behind the words').hideHelp())
    .addHelpText(
      'after',
      example(
        'psyberg completion bash > ~/.local/share/bash-completion/completions/psyberg',
        'psyberg completion zsh > ~/.zfunc/_psyberg',
        'psyberg completion fish > ~/.config/fish/completions/psyberg.fish',
      ),
    )
    .action(
      act((shell: Shell, name: ShellName, words: string[], options: { readonly candidates?: boolean }) =>
        options.candidates === true ? candidates(root, words) : script(shell, name, words),
      ),
    );
}

async function script(shell: Shell, name: ShellName, words: readonly string[]): Promise<number> {
  if (words.length > 0)
    throw usageError('usage', `completion takes the name of one shell, found also '${words[0]}'`, {
      hint: `run: psyberg completion ${name}`,
    });
  const file = new URL(`../../templates/completion/psyberg.${name}`, import.meta.url);
  shell.print(readFileSync(file, 'utf8').trimEnd());
  return EXIT.done;
}

/** A line that says what the shell offers itself, then a line for each candidate with its description. */
async function candidates(root: Command, words: readonly string[]): Promise<number> {
  const [{ candidatesFor }, { processNamesIn }] = await Promise.all([
    import('./completion/candidates.ts'),
    import('./completion/process-names.ts'),
  ]);
  const found = candidatesFor(root, words, (project) => processNamesIn(project ?? '.'));
  const lines = found.words.map(({ value, description }) => `${value}\t${description}`);
  writeAll(1, `${[found.kind, ...lines].join('\n')}\n`);
  return EXIT.done;
}
