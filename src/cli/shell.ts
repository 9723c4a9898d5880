/**
 * What every command shares: the global options, and where output goes. stdout is the answer; everything else
 * is stderr.
 */
import { writeSync } from 'node:fs';
import pc from 'picocolors';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { OpenOptions, Psyberg } from '../psyberg.ts';
import { PLAIN, type Style } from '../report/style.ts';

export interface GlobalOptions {
  readonly project?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

export interface Shell {
  readonly options: GlobalOptions;
  /** Colours of stdout. */
  readonly style: Style;
  /** Text for people on stdout; nothing with --json. */
  print(text: string): void;
  /** The one JSON document of --json. */
  json(value: unknown): void;
  /** A line on stderr; nothing with --quiet. */
  note(text: string): void;
  /**
   * What is being done: on a terminal one line that is written over, with --verbose a line each, else
   * nothing.
   */
  step(message: string): void;
  /** Takes the line of `step` away, so that the next text starts on a clean one. */
  clearStep(): void;
}

const styleOf = (enabled: boolean): Style => {
  if (!enabled) return PLAIN;
  const colors = pc.createColors(true);
  return { strong: colors.bold, faint: colors.dim, good: colors.green, warn: colors.yellow, bad: colors.red };
};

/** Colours only for a person who looks: a terminal, and no NO_COLOR. */
const wantsColor = (stream: NodeJS.WriteStream): boolean => pc.isColorSupported && stream.isTTY === true;

export function openShell(options: GlobalOptions): Shell {
  const { stdout, stderr } = process;
  const overwrites = stderr.isTTY === true && options.quiet !== true && options.verbose !== true;
  let stepShown = false;
  const clearStep = (): void => {
    if (stepShown) stderr.write('\r\u001b[2K');
    stepShown = false;
  };
  return {
    options,
    style: styleOf(wantsColor(stdout)),
    print(text) {
      clearStep();
      if (options.json !== true && text !== '') writeAll(1, `${text}\n`);
    },
    json(value) {
      clearStep();
      writeAll(1, `${jsonText(value)}\n`);
    },
    note(text) {
      clearStep();
      if (options.quiet !== true) writeAll(2, `${text}\n`);
    },
    step(message) {
      if (options.verbose === true && options.quiet !== true) writeAll(2, `${message}\n`);
      else if (overwrites) {
        clearStep();
        stderr.write(message.slice(0, Math.max(20, (stderr.columns ?? 80) - 1)));
        stepShown = true;
      }
    },
    clearStep,
  };
}

export const errorStyle = (): Style => styleOf(wantsColor(process.stderr));

/**
 * 64-bit integers are texts: a program that reads them as numbers would lose digits. So are the numbers that
 * JSON has not, `"NaN"`, `"Infinity"` and `"-Infinity"`: as `null` they would be taken for NULL.
 */
export const jsonText = (value: unknown): string => JSON.stringify(value, jsonValue, 2);

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value)) return String(value);
  return Object.is(value, -0) ? RAW.rawJSON('-0') : value;
}

/** Of JavaScript since 2025 (Node 22 has it), and not yet in TypeScript's library. */
const RAW = JSON as typeof JSON & { rawJSON(text: string): unknown };

/**
 * Writes at once, so that nothing is lost when the process ends. A reader that went away (`| head`) is no
 * error.
 */
export function writeAll(descriptor: 1 | 2, text: string): void {
  let rest = Buffer.from(text, 'utf8');
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(descriptor === 1 ? 0 : (process.exitCode ?? 0));
      // A pipe whose reader is slow: wait a moment and go on where it stopped.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/**
 * The project of a command, opened, and closed whatever happens. `change`: what the command line sets
 * differently for this call; `serve`: where its catalog is served.
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
  const [{ openProject }, { findProjectRoot, readProject }] = await Promise.all([
    import('../psyberg.ts'),
    import('../project/read-project.ts'),
  ]);
  const project = change(readProject({ root: findProjectRoot(shell.options.project ?? '.') }));
  const options: OpenOptions = {
    onStep: (message) => shell.step(message),
    ...(serve === undefined ? {} : { serve }),
  };
  const psyberg = await openProject(project, options);
  try {
    return await work(psyberg);
  } finally {
    shell.clearStep();
    await psyberg.close();
  }
}
