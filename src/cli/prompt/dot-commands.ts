/** The commands of the prompt that are no SQL. Words -> effect on the prompt, and text. */
import { usageError } from '../../model/errors.ts';
import { nearestName } from '../../project/did-you-mean.ts';
import type { Psyberg } from '../../psyberg.ts';
import type { TextFormat } from '../../report/results/formats.ts';
import type { Style } from '../../report/style.ts';
import { tablesText } from '../../report/tables.ts';
import { columnsText } from '../../report/text.ts';
import { rowLimit } from '../row-limit.ts';
import { RESULT_FORMATS, resultFormat } from '../sql-options.ts';

/** What commands change. */
export interface PromptSettings {
  branch: string | undefined;
  format: TextFormat;
  /** Undefined: all rows. */
  limit: number | undefined;
  timing: boolean;
}

export interface CommandContext {
  readonly psyberg: Psyberg;
  readonly settings: PromptSettings;
  readonly style: Style;
  readonly width: number;
  /** Ends the prompt. */
  quit(): void;
}

export interface DotCommand {
  readonly name: string;
  readonly usage: string;
  readonly does: string;
  /** What its argument is, for completion. */
  readonly argument?: 'table' | 'branch' | readonly string[];
  /** @returns text to show; empty for nothing. */
  run(context: CommandContext, argument: string | undefined): Promise<string> | string;
}

const FORMATS = RESULT_FORMATS.filter((format) => format !== 'parquet');

const format: Omit<DotCommand, 'name' | 'usage'> = {
  does: `how results are shown: ${FORMATS.join(', ')}`,
  argument: FORMATS,
  run({ settings }, name) {
    if (name === undefined) return settings.format;
    const chosen = resultFormat(name);
    if (chosen === 'parquet')
      throw usageError('usage', 'Parquet is written to a file', {
        hint: 'psyberg sql "select …" --output FILE.parquet, or copy (select …) to \'FILE.parquet\';',
      });
    settings.format = chosen;
    return '';
  },
};

const quit: Pick<DotCommand, 'does' | 'run'> = {
  does: 'ends; Ctrl-D does as well',
  run(context) {
    context.quit();
    return '';
  },
};

export const DOT_COMMANDS: readonly DotCommand[] = [
  {
    name: '.tables',
    usage: '.tables',
    does: 'the tables: rows, bytes, newest hour, process',
    run: async ({ psyberg, style, width }) => tablesText(await psyberg.tables(), { style, width }),
  },
  {
    name: '.schema',
    usage: '.schema [TABLE]',
    does: 'the statement that makes a table, or each',
    argument: 'table',
    async run({ psyberg }, table) {
      const names = table === undefined ? await psyberg.tables() : [{ table }];
      const texts = await Promise.all(names.map((each) => psyberg.tableDefinition(each.table)));
      return texts.join('\n\n');
    },
  },
  {
    name: '.branch',
    usage: '.branch [NAME]',
    does: 'shows tables as of a branch or tag; main ends it; without NAME lists them',
    argument: 'branch',
    run: chooseBranch,
  },
  { name: '.mode', usage: '.mode [FORMAT]', ...format },
  { name: '.format', usage: '.format [FORMAT]', ...format, does: 'the same' },
  {
    name: '.limit',
    usage: '.limit [N]',
    does: 'rows that are shown of a result; all for all',
    argument: ['all'],
    run({ settings }, text) {
      if (text === undefined) return String(settings.limit ?? 'all');
      settings.limit = text === 'all' ? undefined : rowLimit(text);
      return '';
    },
  },
  {
    name: '.timing',
    usage: '.timing [on|off]',
    does: 'how long statements take',
    argument: ['on', 'off'],
    run({ settings }, word) {
      settings.timing = word === undefined ? !settings.timing : switchOf(word);
      return `timing ${settings.timing ? 'on' : 'off'}`;
    },
  },
  { name: '.help', usage: '.help', does: 'this list', run: ({ style }) => helpText(style) },
  { name: '.quit', usage: '.quit', ...quit },
  { name: '.exit', usage: '.exit', ...quit, does: 'the same' },
];

/** Runs a line that begins with a dot. Throws `usage` for an unknown command or argument. */
export async function runDotCommand(context: CommandContext, line: string): Promise<string> {
  const [name = '', argument, more] = line.trim().replace(/;$/, '').split(/\s+/);
  const command = DOT_COMMANDS.find((each) => each.name === name.toLowerCase());
  if (command === undefined) {
    const near = nearestName(
      name,
      DOT_COMMANDS.map((each) => each.name),
    );
    throw usageError('usage', `there is no command ${name}`, {
      hint: near === undefined ? '.help lists the commands' : `did you mean ${near}?`,
    });
  }
  if (more !== undefined)
    throw usageError('usage', `${name} takes one word at most`, { hint: `write it as ${command.usage}` });
  return command.run(context, argument);
}

async function chooseBranch(
  { psyberg, settings }: CommandContext,
  name: string | undefined,
): Promise<string> {
  const branches = await psyberg.branches();
  if (name === undefined) return branchesText(branches, settings.branch);
  // If there are too many tables to look at, the next query tells whether the branch exists.
  if (name !== 'main' && branches?.some((each) => each.name === name) === false) {
    const near = nearestName(
      name,
      branches.map((each) => each.name),
    );
    throw usageError('branch-unknown', `no table has a branch or tag ${JSON.stringify(name)}`, {
      hint: near === undefined ? '.branch lists them' : `did you mean ${near}?`,
    });
  }
  settings.branch = name === 'main' ? undefined : name;
  return '';
}

type Branches = Awaited<ReturnType<Psyberg['branches']>>;

/** One a line, the chosen one marked. */
function branchesText(branches: Branches, chosen = 'main'): string {
  const shown = (tables: readonly string[]): string =>
    tables.length > 2 ? `${tables.slice(0, 2).join(', ')} and ${tables.length - 2} more` : tables.join(', ');
  const rows = [
    ['main', '', ''],
    ...(branches ?? []).map(({ name, type, tables }) => [name, type === 'tag' ? type : '', shown(tables)]),
  ];
  const text = columnsText(rows.map((row) => [row[0] === chosen ? '*' : '', ...row]));
  return branches === undefined
    ? `${chosen}\nThere are too many tables to look for branches in each: .branch NAME chooses one.`
    : text;
}

function switchOf(word: string): boolean {
  if (word === 'on' || word === 'off') return word === 'on';
  throw usageError('usage', `.timing is on or off, found '${word}'`);
}

function helpText(style: Style): string {
  const lines = DOT_COMMANDS.map(({ usage, does }) => [style.strong(usage), does]);
  return [
    'SQL ends with a semicolon, and may have several lines. Ctrl-C stops it; Tab completes names.',
    '',
    columnsText(lines),
  ].join('\n');
}
