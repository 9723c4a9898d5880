/**
 * argv -> command -> exit code. One file a command; each imports what it needs only when it runs.
 */
import { readFileSync } from 'node:fs';
import { type Argument, Command, CommanderError, type Help } from 'commander';
import { PsybergError } from '../model/errors.ts';
import { shownError } from '../model/storage-faults.ts';
import { jsonText } from '../report/json-text.ts';
import { errorText } from '../report/run-report.ts';
import { addAdoptCommand } from './adopt.ts';
import { addCatalogCommand } from './catalog.ts';
import { addCheckCommand } from './check.ts';
import { addCompileCommand } from './compile.ts';
import { addCompletionCommand } from './completion.ts';
import { addDoctorCommand } from './doctor.ts';
import { EXIT, exitCodeOfKind } from './exit-code.ts';
import { addFmtCommand } from './fmt.ts';
import { type Act, example } from './help.ts';
import { addHistoryCommand } from './history.ts';
import { addMaintainCommand } from './maintain.ts';
import { addNewCommand } from './new.ts';
import { addPlanCommand } from './plan.ts';
import { addRelocateCommand } from './relocate.ts';
import { addRunCommand } from './run.ts';
import { addSchemaCommand } from './schema.ts';
import { addSessionCommand } from './session.ts';
import { errorStyle, type GlobalOptions, openShell, writeAll } from './shell.ts';
import { addShowCommand } from './show.ts';
import { addSignalsCommand } from './signals.ts';
import { addSqlCommand } from './sql.ts';
import { addStatusCommand } from './status.ts';
import { addTablesCommand } from './tables.ts';
import { addTestCommand } from './test.ts';

/** Runs one command; returns the exit code. Never throws, and no stack trace reaches the user. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const act: Act =
    (work) =>
    async (...inputs) => {
      const command = inputs.at(-1) as unknown as Command;
      const shell = openShell(command.optsWithGlobals<GlobalOptions>());
      exitCode = await work(shell, ...(inputs.slice(0, -1) as never));
    };
  const root = program(act);
  try {
    await root.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    exitCode = reportFailure(error, {
      json: argv.includes('--json'),
      verbose: argv.includes('--verbose'),
      help: `${commandPath(root, argv)} --help`,
    });
  }
  return exitCode;
}

const argumentTerm = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

const HELP: Partial<Help> = {
  showGlobalOptions: true,
  sortSubcommands: false,
  // Without `[options]`, which nearly all have: descriptions keep room in 80 columns.
  subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
  minWidthToWrap: 24,
};

/** Every command with its options; `act` gives the work of each its surroundings. */
export function program(act: Act): Command {
  const root = new Command('psyberg')
    .description('Incremental loads of Apache Iceberg tables that get late data right')
    .option(
      '--project <dir>',
      'a folder of the project; default: the current one, or the nearest above it with a psyberg.yaml',
    )
    .option('--json', 'one JSON document on stdout and nothing else')
    .option('--quiet', 'no progress and no remarks')
    .option('--verbose', 'every step on stderr, and the causes of an error')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'explain the command')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureHelp(HELP)
    .configureOutput({
      outputError: () => {},
      writeOut: (text) => writeAll(1, text),
      writeErr: (text) => writeAll(2, text),
    })
    .exitOverride();
  addNewCommand(root, act);
  addCheckCommand(root, act);
  addPlanCommand(root, act);
  addShowCommand(root, act);
  addCompileCommand(root, act);
  addRunCommand(root, act);
  addTestCommand(root, act);
  addFmtCommand(root, act);
  addSessionCommand(root, act);
  addAdoptCommand(root, act);
  addStatusCommand(root, act);
  addHistoryCommand(root, act);
  addSignalsCommand(root, act);
  addSqlCommand(root, act);
  addTablesCommand(root, act);
  addMaintainCommand(root, act);
  addRelocateCommand(root, act);
  addCatalogCommand(root, act);
  addDoctorCommand(root, act);
  addSchemaCommand(root, act);
  addCompletionCommand(root, act);
  root.addHelpText(
    'after',
    example(
      'psyberg new project my_lake',
      'psyberg check',
      'psyberg plan --explain',
      'psyberg run',
      'psyberg test',
    ),
  );
  return root;
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Prints an error in the shape that was asked for; returns its exit code. */
function reportFailure(
  error: unknown,
  options: { readonly json: boolean; readonly verbose: boolean; readonly help: string },
): number {
  // Help and version were asked for, and printed.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  const known = asPsybergError(error, options.help);
  if (options.json) writeAll(1, `${jsonText({ error: known })}\n`);
  else writeAll(2, `${errorText(known.toJSON(), errorStyle())}\n`);
  if (options.verbose) for (const line of causes(error)) writeAll(2, `${line}\n`);
  return exitCodeOfKind(known.kind);
}

function asPsybergError(error: unknown, help: string): PsybergError {
  if (error instanceof CommanderError) {
    // A group without a subcommand: commander has printed its help to stderr.
    const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
    const suggestion = more
      .join(' ')
      .replace(/^\((.*)\)$/, '$1')
      .trim();
    return new PsybergError('usage', error.code === 'commander.help' ? 'a command is missing' : message, {
      hint: suggestion === '' ? `run: ${help}` : suggestion,
    });
  }
  return shownError(error);
}

/** The command that argv names, as far as there is one: `psyberg session load`. */
function commandPath(root: Command, argv: readonly string[]): string {
  let command = root;
  const path = [root.name()];
  for (const word of argv) {
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) continue;
    command = next;
    path.push(word);
  }
  return path.join(' ');
}

/**
 * For --verbose: the chain of causes. Where it was thrown is said only of what nobody foresaw: it is part of
 * a bug report.
 */
function causes(error: unknown): string[] {
  const lines: string[] = [];
  const unforeseen = !(error instanceof PsybergError || error instanceof CommanderError);
  let each: unknown = error;
  for (let depth = 0; each instanceof Error && depth < 8; depth += 1, each = each.cause)
    lines.push(
      `${depth === 0 ? 'error' : 'caused by'} ${each instanceof PsybergError || !unforeseen ? each.message : (each.stack ?? each.message)}`,
    );
  return lines;
}
