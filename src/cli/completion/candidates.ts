/** What may come next on a command line. (commands, the words so far) -> candidates. Pure but for `names`. */
import type { Argument, Command, Option } from 'commander';
import { offeredBy } from '../help.ts';

export interface Candidates {
  /** What the shell itself offers beside the words. */
  readonly kind: 'words' | 'files' | 'folders';
  readonly words: readonly Candidate[];
}
export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** Asked for only where they are wanted: the names of the project's processes. */
export type ProcessNames = (project: string | undefined) => readonly string[];

/** How far a command line has been read. */
interface Read {
  readonly command: Command;
  /** How many arguments the command has so far. */
  readonly count: number;
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  readonly used: readonly Option[];
  /** After `--` nothing is an option. */
  readonly onlyArguments: boolean;
  readonly project: string | undefined;
}

/** `words`: those behind `psyberg`; the last one is being written, and may be empty. */
export function candidatesFor(
  root: Command,
  words: readonly string[],
  processNames: ProcessNames,
): Candidates {
  const whole = withoutEquals(words);
  const current = whole.at(-1) ?? '';
  const read = whole.slice(0, -1).reduce<Read>((before, word) => readWord(before, word), {
    command: root,
    count: 0,
    pending: undefined,
    used: [],
    onlyArguments: false,
    project: undefined,
  });
  const names = () => processNames(read.project);
  if (read.pending !== undefined) return startingWith(current, valuesOf(read.pending, names));
  const [name, equals] = /^(--[^=]+)=/.exec(current)?.slice(1) ?? [];
  if (!read.onlyArguments && name !== undefined && equals === undefined) {
    const option = optionOf(read.command, name);
    if (option !== undefined) return startingWith(current, withPrefix(`${name}=`, valuesOf(option, names)));
  }
  if (!read.onlyArguments && current.startsWith('-'))
    return startingWith(current, { kind: 'words', words: optionsOf(read) });
  const { commands, registeredArguments } = read.command;
  const argument = registeredArguments[read.count] ?? registeredArguments.findLast((each) => each.variadic);
  const { kind, words: values }: Candidates =
    argument === undefined ? { kind: 'words', words: [] } : valuesOf(argument, names);
  // A command may take arguments of its own, and have others below it: `plan`, and `plan diff`.
  const below = read.count > 0 && registeredArguments.length > 0 ? [] : commands;
  const named = below.map((each) => ({
    value: each.name(),
    description: firstSentence(each.description()),
  }));
  return startingWith(current, { kind, words: [...values, ...named] });
}

/** Bash takes `--project=dir` for three words. */
function withoutEquals(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    if (word !== '=' || !words[index - 1]?.startsWith('--')) return [word];
    return index === words.length - 1 ? [''] : [];
  });
}

function readWord(read: Read, word: string): Read {
  const { command, pending, used } = read;
  if (pending !== undefined) {
    const project = pending.attributeName() === 'project' ? word : read.project;
    return { ...read, project, pending: pending.variadic ? pending : undefined };
  }
  if (word === '--') return { ...read, onlyArguments: true };
  if (!read.onlyArguments && word.startsWith('-')) {
    const [name = '', value] = word.split('=', 2);
    const option = optionOf(command, name);
    if (option === undefined) return read;
    const wantsValue = (option.required || option.optional) && value === undefined;
    const project = option.attributeName() === 'project' && value !== undefined ? value : read.project;
    return { ...read, project, used: [...used, option], pending: wantsValue ? option : undefined };
  }
  const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
  return next === undefined ? { ...read, count: read.count + 1 } : { ...read, command: next, count: 0 };
}

/** The command and those above it: its options are those of all of them. */
const withParents = (command: Command | null): Command[] =>
  command === null ? [] : [command, ...withParents(command.parent)];
const optionOf = (command: Command, name: string): Option | undefined =>
  withParents(command)
    .flatMap((each) => each.options)
    .find((option) => option.long === name || option.short === name);

/** The options that can still be given; its own ones come first. */
function optionsOf({ command, used }: Read): Candidate[] {
  const options = withParents(command).flatMap((each) => each.options);
  return [
    ...options
      .filter((option) => !option.hidden && (!used.includes(option) || option.parseArg !== undefined))
      .map((option) => ({
        value: option.long ?? option.short ?? '',
        description: firstSentence(option.description),
      })),
    { value: '--help', description: 'explain the command' },
  ];
}

/**
 * The values of an option or argument: known by its name (`<process>`, `<file>`, `<dir>`), or by its list of
 * choices.
 */
function valuesOf(of: Option | Argument, names: () => readonly string[]): Candidates {
  const wanted = 'flags' in of ? (/[<[]([^>\].]+)/.exec(of.flags)?.[1] ?? '') : of.name();
  const plain = (values: readonly string[]): Candidate[] =>
    values.map((value) => ({ value, description: '' }));
  if (wanted === 'process') return { kind: 'words', words: plain(names()) };
  if (wanted === 'file-or-name') return { kind: 'files', words: plain(names()) };
  if (wanted === 'file') return { kind: 'files', words: [] };
  if (wanted === 'dir') return { kind: 'folders', words: [] };
  return { kind: 'words', words: plain(offeredBy(of)) };
}

const startingWith = (start: string, { kind, words }: Candidates): Candidates => ({
  kind,
  words: words.filter(({ value }) => value.startsWith(start)),
});

const withPrefix = (prefix: string, { kind, words }: Candidates): Candidates => ({
  kind,
  words: words.map(({ value, description }) => ({ value: `${prefix}${value}`, description })),
});

/** One line, as short as a list of candidates wants it. */
const firstSentence = (text: string): string => (text.split(/[;\n]/)[0] ?? '').trim();
