/**
 * argv -> command -> exit code. One file a command; each imports what it needs only when it runs.
 */
// First, because it must take effect before any zod schema is created.
import './plain-shapes.ts';
import { readFileSync } from 'node:fs';
import { type Argument, Command, CommanderError, type Help } from 'commander';
import { PsybergError } from '../model/errors.ts';
import { shownError } from '../model/storage-faults.ts';
import type { JsonLog } from '../observe/log/json-log.ts';
import { jsonText } from '../report/json-text.ts';
import { errorText } from '../report/run-report.ts';
import { addAdoptCommand } from './adopt.ts';
import { addCatalogCommand } from './catalog.ts';
import { addCheckCommand } from './check.ts';
import { addCompileCommand } from './compile.ts';
import { addCompletionCommand } from './completion.ts';
import { addConnectCommand } from './connect.ts';
import { addDiffCommand } from './diff.ts';
import { addDoctorCommand } from './doctor.ts';
import { EXIT, exitCodeOfKind } from './exit-code.ts';
import { addFmtCommand } from './fmt.ts';
import { type Act, example } from './help.ts';
import { addHistoryCommand } from './history.ts';
import { addMaintainCommand } from './maintain.ts';
import { addNewCommand } from './new.ts';
import { addNotebookCommand } from './notebook.ts';
import { lostOutput, writeAll } from './output.ts';
import { addPlanCommand } from './plan.ts';
import { addRelocateCommand } from './relocate.ts';
import { addReportCommand } from './report.ts';
import { addRestateCommand } from './restate.ts';
import { addRetireCommand } from './retire.ts';
import { addRunCommand } from './run.ts';
import { addSchemaCommand } from './schema.ts';
import { addSessionCommand } from './session.ts';
import { errorStyle, type GlobalOptions, logFormatOption, openLog, openShell } from './shell.ts';
import { addShowCommand } from './show.ts';
import { addSignalsCommand } from './signals.ts';
import { addSqlCommand } from './sql.ts';
import { addStatusCommand } from './status.ts';
import { addTablesCommand } from './tables.ts';
import { addTestCommand } from './test.ts';
import { addVerifyCommand } from './verify.ts';
import { addWhyCommand } from './why.ts';

/** Runs one command; returns the exit code. Never throws, and no stack trace reaches the user. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const act: Act =
    (work) =>
    async (...inputs) => {
      const command = inputs.at(-1) as unknown as Command;
      const options = command.optsWithGlobals<GlobalOptions>();
      const shell = openShell(options, await openLog(options));
      exitCode = await work(shell, ...(inputs.slice(0, -1) as never));
    };
  const root = program(act);
  try {
    await root.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    const asked = root.opts<GlobalOptions>();
    exitCode = reportFailure(error, {
      json: argv.includes('--json'),
      verbose: argv.includes('--verbose'),
      help: `${commandPath(root, argv)} --help`,
      log: await openLog(asked),
    });
  }
  const lost = lostOutput();
  if (lost === undefined) return exitCode;
  // Not as JSON either: stdout is where that would go.
  writeAll(2, `${errorText(lost.toJSON(), errorStyle())}\n`);
  return exitCode === EXIT.done ? exitCodeOfKind(lost.kind) : exitCode;
}

const argumentTerm = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

const HELP: Partial<Help> = {
  showGlobalOptions: true,
  sortSubcommands: false,
  // Leaves out `[options]`, which nearly every command has, so that descriptions fit into 80 columns.
  subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
  minWidthToWrap: 24,
};

/** The commands, in the order in which the help lists them. */
const COMMANDS: readonly ((root: Command, act: Act) => void)[] = [
  addNewCommand,
  addCheckCommand,
  addPlanCommand,
  addShowCommand,
  addCompileCommand,
  addRunCommand,
  addVerifyCommand,
  addDiffCommand,
  addRestateCommand,
  addTestCommand,
  addFmtCommand,
  addSessionCommand,
  addAdoptCommand,
  addRetireCommand,
  addStatusCommand,
  addHistoryCommand,
  addSignalsCommand,
  addReportCommand,
  addSqlCommand,
  addTablesCommand,
  addWhyCommand,
  addMaintainCommand,
  addRelocateCommand,
  addCatalogCommand,
  addConnectCommand,
  addNotebookCommand,
  addDoctorCommand,
  addSchemaCommand,
  addCompletionCommand,
];
/** Errors are reported by {@link runCommandLine}. */
const OUTPUT = {
  outputError: () => {},
  writeOut: (text: string) => writeAll(1, text),
  writeErr: (text: string) => writeAll(2, text),
};

/**
 * Every command with its options. `act` wraps the work of a command: it opens its shell and keeps its exit
 * code.
 */
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
    .addOption(logFormatOption())
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'explain the command')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .configureHelp(HELP)
    .configureOutput(OUTPUT)
    .exitOverride();
  for (const addCommand of COMMANDS) addCommand(root, act);
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
  options: {
    readonly json: boolean;
    readonly verbose: boolean;
    readonly help: string;
    readonly log: JsonLog | undefined;
  },
): number {
  // Not a failure: --help or --version was asked for and has been printed.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  const known = asPsybergError(error, options.help);
  options.log?.line('error', known.message, { event: 'command-failed', error: known });
  if (options.json) writeAll(1, `${jsonText({ error: known })}\n`);
  const isTold = options.json && lostOutput() === undefined;
  if (!isTold && options.log === undefined) writeAll(2, `${errorText(known.toJSON(), errorStyle())}\n`);
  if (options.verbose && options.log === undefined)
    for (const line of causes(error)) writeAll(2, `${line}\n`);
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
    const said = message.replace(
      /^command-argument value '(.*)' is invalid for argument '.*'\. Allowed choices are (.*)\.$/,
      "'$1' is none of $2",
    );
    return new PsybergError('usage', error.code === 'commander.help' ? 'a command is missing' : said, {
      hint: suggestion === '' ? `run: ${help}` : suggestion,
    });
  }
  return shownError(error);
}

/** The command that argv names, such as `psyberg session load`; words that name no command are skipped. */
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
 * For --verbose: the chain of causes. Only an unforeseen error gets a stack trace, since that belongs into a
 * bug report.
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
