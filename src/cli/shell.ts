/**
 * What every command shares: the global options, where output goes, and how a project is opened. The answer
 * goes to stdout, everything else to stderr.
 */
import { resolve } from 'node:path';
import { Option } from 'commander';
import pc from 'picocolors';
import type { EngineName } from '../model/engines.ts';
import { usageError } from '../model/errors.ts';
import { NAME_PATTERN } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { WorkProgress } from '../model/progress.ts';
import type { JsonLog } from '../observe/log/json-log.ts';
import type { GivenVariables } from '../project/read-variables.ts';
import type { SoundParts } from '../project/sound-parts.ts';
import type { OpenOptions, Psyberg } from '../psyberg.ts';
import { jsonText } from '../report/json-text.ts';
import { PLAIN, type Style } from '../report/style.ts';
import { writeAll } from './output.ts';
import { displayMode, progressDisplay } from './progress-display.ts';

export interface GlobalOptions {
  readonly project?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly logFormat?: LogFormat;
  /** Only for commands that run sessions: the file that metrics are written to. */
  readonly metrics?: string;
  /** Only for commands that print documents. */
  readonly format?: string;
  /** Only for commands with {@link varOption}. */
  readonly var?: GivenVariables;
}

/** `json`: stderr gets one JSON object per line. */
export type LogFormat = 'text' | 'json';

export interface Shell {
  readonly options: GlobalOptions;
  /** Undefined where stderr is for people. */
  readonly log: JsonLog | undefined;
  /** Characters that a line of stdout may have. */
  readonly width: number;
  /** Colours of stdout. */
  readonly style: Style;
  /** Text for people on stdout; nothing with --json. */
  print(text: string): void;
  /** The one JSON document of --json. */
  json(value: unknown): void;
  /** A line on stderr; nothing with --quiet. */
  note(text: string): void;
  /** Like {@link note}, for a problem that failed nothing. A JSON log gets it even with --quiet. */
  warn(text: string): void;
  /**
   * Says what is being done. A terminal shows one line that is overwritten; --verbose prints a line for each
   * step; otherwise a line is printed now and then.
   */
  step(message: string): void;
  /** Says how far the current step has come. */
  progress(progress: WorkProgress): void;
  /** Clears the progress line, so that the next output starts on an empty line. */
  endSteps(): void;
}

const styleOf = (enabled: boolean): Style => {
  if (!enabled) return PLAIN;
  const colors = pc.createColors(true);
  return { strong: colors.bold, faint: colors.dim, good: colors.green, warn: colors.yellow, bad: colors.red };
};

/** Colours only where a person looks: on a terminal, unless NO_COLOR is set. */
const wantsColor = (stream: NodeJS.WriteStream): boolean => pc.isColorSupported && stream.isTTY === true;

/** A terminal's own width; for a file or a pipe the value of COLUMNS, else 80. */
export function widthOf(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>,
  environment: NodeJS.ProcessEnv = process.env,
): number {
  const asked = Number(environment['COLUMNS']);
  const found = stream.isTTY === true ? stream.columns : asked;
  return Number.isInteger(found) && found > 0 ? Math.max(found, LEAST_WIDTH) : USUAL_WIDTH;
}

const USUAL_WIDTH = 80;
/** Narrower than this no table can be read. */
const LEAST_WIDTH = 40;

/** Opens the JSON log if `--log-format json` asks for it. */
export async function openLog({ logFormat, quiet, verbose }: GlobalOptions): Promise<JsonLog | undefined> {
  if (logFormat !== 'json') return undefined;
  const { jsonLog } = await import('../observe/log/json-log.ts');
  const least = quiet === true ? 'warning' : verbose === true ? 'debug' : 'info';
  return jsonLog((line) => writeAll(2, line), least);
}

export function openShell(options: GlobalOptions, log?: JsonLog): Shell {
  const { stdout, stderr } = process;
  // With a JSON log there is no display: sessions report to the log themselves.
  const display = progressDisplay({
    mode: log === undefined ? displayMode(options, stderr) : 'none',
    write: (text) => writeAll(2, text),
    // Some terminals report 0 columns.
    columns: () => stderr.columns || USUAL_WIDTH,
    now: () => performance.now(),
    every(ms, tick) {
      const timer = setInterval(tick, ms).unref();
      return () => clearInterval(timer);
    },
  });
  return {
    options,
    log,
    width: widthOf(stdout),
    style: styleOf(wantsColor(stdout)),
    print(text) {
      display.clear();
      if (options.json !== true && text !== '') writeAll(1, `${text}\n`);
    },
    json(value) {
      display.clear();
      writeAll(1, `${jsonText(value)}\n`);
    },
    note(text) {
      display.clear();
      if (log !== undefined) log.line('info', text);
      else if (options.quiet !== true) writeAll(2, `${text}\n`);
    },
    warn(text) {
      display.clear();
      if (log !== undefined) log.line('warning', text);
      else if (options.quiet !== true) writeAll(2, `warning: ${text}\n`);
    },
    step: log === undefined ? display.step : (message) => log.line('debug', message),
    progress: display.progress,
    endSteps: display.end,
  };
}

export const errorStyle = (): Style => styleOf(wantsColor(process.stderr));

/** `--var name=value`, as often as there are variables to set. */
export const varOption = (): Option =>
  new Option(
    '--var <name=value>',
    'a value in place of that under vars: in psyberg.yaml; may be repeated',
  ).argParser((text: string, others: GivenVariables | undefined): GivenVariables => {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(0, at));
    if (!NAME_PATTERN.test(name))
      throw usageError('usage', `--var must be name=value, found '${text}'`, {
        hint: 'write for example --var churn_days=7',
      });
    if (others !== undefined && Object.hasOwn(others, name))
      throw usageError('usage', `--var sets ${name} twice`, { hint: 'keep one of them' });
    return { ...others, [name]: text.slice(at + 1) };
  });

/** An option of every command. */
export const logFormatOption = (): Option =>
  new Option('--log-format <format>', 'json: what goes to stderr as a JSON object a line').choices([
    'text',
    'json',
  ] satisfies LogFormat[]);

/** An option of commands that run sessions. */
export const metricsOption = (): Option =>
  new Option('--metrics <file>', "write how its sessions went to this file, in Prometheus' text format");

/** The project of a command, with the values of its `--var`. */
export async function projectOf({ options }: Pick<Shell, 'options'>): Promise<ProjectSpec> {
  const { findProjectRoot, readProject } = await import('../project/read-project.ts');
  return readProject({ root: findProjectRoot(options.project ?? '.'), variables: options.var ?? {} });
}

/** The parts of a project that have no problem, so that they can be tested while another part is broken. */
export async function soundPartsOf(
  { options }: Pick<Shell, 'options'>,
  engine?: EngineName,
): Promise<SoundParts> {
  const { findProjectRoot, readSoundParts } = await import('../project/read-project.ts');
  return readSoundParts({
    root: findProjectRoot(options.project ?? '.'),
    variables: options.var ?? {},
    ...(engine === undefined ? {} : { engine }),
  });
}

/**
 * Opens the command's project for `work`, and closes it whatever happens. `change` applies what the command
 * line overrides for this call; `serve` says where the catalog is served.
 */
export async function withPsyberg<T>(
  shell: Shell,
  work: (psyberg: Psyberg) => Promise<T>,
  {
    change = (project) => project,
    serve,
  }: {
    readonly change?: (project: ProjectSpec) => ProjectSpec;
    readonly serve?: OpenOptions['serve'];
  } = {},
): Promise<T> {
  const [{ openProject }, read] = await Promise.all([import('../psyberg.ts'), projectOf(shell)]);
  const project = change(read);
  const { metrics } = shell.options;
  const options: Parameters<typeof openProject>[1] = {
    onStep: shell.step,
    onWarning: shell.warn,
    onProgress: shell.progress,
    ...(metrics === undefined ? {} : { metrics: resolve(metrics) }),
    ...(shell.log === undefined ? {} : { listeners: [shell.log.listener] }),
    ...(serve === undefined ? {} : { serve }),
  };
  const psyberg = await openProject(project, options);
  try {
    return await work(psyberg);
  } finally {
    shell.endSteps();
    await psyberg.close();
  }
}
