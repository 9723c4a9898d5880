/** What every command file needs to declare itself: how its work is wrapped, and how examples are shown. */
import type { Argument, Command, Option } from 'commander';
import type { Shell } from './shell.ts';

/** Wraps the work of a command into what commander calls. The work returns the exit code. */
export type Act = <Inputs extends readonly unknown[]>(
  work: (shell: Shell, ...inputs: Inputs) => Promise<number>,
) => (...inputs: [...Inputs, Command]) => Promise<void>;

/** The lines below a command's help. */
export const example = (...lines: readonly string[]): string =>
  `\n${lines.length === 1 ? 'Example' : 'Examples'}:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;

/** This command as it was called: `npx psyberg` where nothing is installed for all. */
export const ownCommand = (): string => (process.env['npm_command'] === 'exec' ? 'npx psyberg' : 'psyberg');

const offered = new WeakMap<Option, readonly string[]>();

/** The values that an option can have, for shells; what else is written the command judges itself. */
export function offering(option: Option, values: readonly string[]): Option {
  offered.set(option, values);
  return option;
}

/** The values that can be named in advance. */
export const offeredBy = (of: Option | Argument): readonly string[] =>
  of.argChoices ?? ('flags' in of ? offered.get(of) : undefined) ?? [];
/** What `--hours` takes. */
export const HOURS = 'an hour such as 2023-09-14T05, a day, or FROM..TO with both ends, in UTC';
