/**
 * The prompt of `psyberg sql`: lines -> statements -> results, until the input ends. An error is shown, and
 * the prompt goes on.
 */
import { createInterface, type Interface } from 'node:readline';
import { PsybergError } from '../../model/errors.ts';
import { oneAfterTheOther } from '../../model/in-turn.ts';
import { shownError } from '../../model/storage-faults.ts';
import type { Psyberg } from '../../psyberg.ts';
import { errorText } from '../../report/run-report.ts';
import type { Style } from '../../report/style.ts';
import { secondsText } from '../../report/text.ts';
import { EXIT, exitCodeOfKind } from '../exit-code.ts';
import { outputWidth } from '../output-width.ts';
import { asUsageError } from '../query-error.ts';
import { cutNote, textOutput } from '../result-output.ts';
import { streamSink } from '../result-sink.ts';
import { type Completion, completeDotCommand, completeSql } from './completion.ts';
import { DOT_COMMANDS, type PromptSettings, runDotCommand } from './dot-commands.ts';
import { HISTORY_MAX, keepInHistory, keptHistory } from './history.ts';
import { type KnownNames, knownNames } from './known-names.ts';
import { asOneLine, typedStatements } from './typed-statements.ts';

export interface PromptInput {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Errors and remarks. */
  readonly errors: NodeJS.WritableStream;
  /** True where a person types: with a prompt, a history and completion. */
  readonly isTerminal: boolean;
  readonly style: Style;
  readonly historyFile: string | undefined;
  readonly settings: PromptSettings;
}

export interface Prompt {
  /** Ctrl-C: stops what runs, else empties the line, else ends the prompt when it comes twice. */
  interrupt(): void;
  /** Stops what runs, and ends. */
  end(): void;
  /**
   * The exit code: 0 where a person typed; of lines that were piped in, the highest of any statement.
   */
  readonly ended: Promise<number>;
  /** True once a line came that holds something. */
  wasUsed(): boolean;
  /** True once no line comes any more; those that came may still be running. */
  hasAllInput(): boolean;
}

/** State of a prompt, changed by what is typed. */
interface State {
  /** Lines of the statement that has not ended. */
  lines: string[];
  running: AbortController | undefined;
  /** Lines that were typed ahead before a Ctrl-C do not run any more. */
  generation: number;
  interruptedAtMs: number;
  exitCode: number;
  /** No line comes any more; those that came may still be running. */
  isClosed: boolean;
  wasUsed: boolean;
  /** Readline's own list, newest first. */
  history: string[];
  hasEnded: boolean;
}

export function startPrompt(psyberg: Psyberg, given: PromptInput): Prompt {
  const names = knownNames(psyberg);
  const state: State = {
    lines: [],
    running: undefined,
    generation: 0,
    interruptedAtMs: Number.NEGATIVE_INFINITY,
    exitCode: EXIT.done,
    isClosed: false,
    wasUsed: false,
    history: [],
    hasEnded: false,
  };
  const readline = createInterface({
    input: given.input,
    ...(given.isTerminal ? { output: given.output } : {}),
    terminal: given.isTerminal,
    history: keptHistory(given.historyFile),
    historySize: HISTORY_MAX,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) =>
      void complete(names, [...state.lines, line].join('\n')).then(({ candidates, word }) =>
        done(null, [[...candidates], word]),
      ),
  });
  const parts: Parts = { psyberg, given, state, names, readline };
  return listen(parts);
}

interface Parts {
  readonly psyberg: Psyberg;
  readonly given: PromptInput;
  readonly state: State;
  readonly names: KnownNames;
  readonly readline: Interface;
}

function listen(parts: Parts): Prompt {
  const { given, state, readline } = parts;
  const inTurn = oneAfterTheOther();
  const take = inTurn(async (line: string, generation: number) => {
    if (generation !== state.generation || state.hasEnded) return;
    await takeLine(parts, line);
    if (!state.hasEnded) showPrompt(parts);
  });
  readline.on('history', (history) => {
    state.history = history;
  });
  readline.on('line', (line) => void take(line, state.generation));
  readline.on('SIGINT', () => interrupt(parts));
  const ended = new Promise<number>((done) => {
    readline.on('close', () => {
      state.isClosed = true;
      const last = inTurn(async () => {
        // A last statement without its semicolon is meant in a pipe; who types leaves it unfinished.
        if (!given.isTerminal && !state.hasEnded) await runStatements(parts, state.lines.join('\n'));
        else if (!state.hasEnded) given.output.write('\n');
        state.hasEnded = true;
        done(given.isTerminal ? EXIT.done : state.exitCode);
      });
      void last();
    });
  });
  showPrompt(parts);
  return {
    interrupt: () => interrupt(parts),
    end() {
      state.hasEnded = true;
      state.running?.abort();
      readline.close();
    },
    ended,
    wasUsed: () => state.wasUsed,
    hasAllInput: () => state.isClosed,
  };
}

const showPrompt = ({ given, readline, state }: Parts): void => {
  if (!given.isTerminal || state.isClosed) return;
  const { branch } = given.settings;
  const name = branch === undefined ? 'psyberg' : `psyberg ${branch}`;
  readline.setPrompt(
    state.lines.length === 0 ? `${name}> ` : `${' '.repeat(Math.max(0, name.length - 1))}-> `,
  );
  readline.prompt();
};

/** A word alone that people try first, in the place of a command. */
const WORDS: Readonly<Record<string, string>> = {
  quit: '.quit',
  exit: '.exit',
  help: '.help',
  '\\q': '.quit',
};

async function takeLine(parts: Parts, line: string): Promise<void> {
  const { given, state } = parts;
  state.interruptedAtMs = Number.NEGATIVE_INFINITY;
  state.wasUsed ||= line.trim() !== '';
  const word = line.trim().replace(/;$/, '').toLowerCase();
  const command = Object.hasOwn(WORDS, word) ? (WORDS[word] as string) : line.trim();
  if (state.lines.length === 0 && command.startsWith('.')) {
    keepInHistory(given.historyFile, line);
    await attempt(parts, () => runCommand(parts, command));
    return;
  }
  state.lines.push(line);
  const { whole, rest } = typedStatements(state.lines.join('\n'));
  if (whole === undefined) {
    if (rest === '') state.lines = [];
    return;
  }
  keepStatement(parts);
  state.lines = rest === '' ? [] : [rest];
  await runStatements(parts, whole);
}

/** The lines of a statement are one entry of the history, so that it can be found and run again at once. */
function keepStatement({ given, state }: Parts): void {
  const entry = asOneLine(state.lines);
  const typed = state.lines.filter((line) => line.trim() !== '');
  if (entry === undefined) {
    for (const line of typed) keepInHistory(given.historyFile, line);
    return;
  }
  keepInHistory(given.historyFile, entry);
  const newest = state.history.slice(0, typed.length).reverse();
  if (typed.length > 1 && newest.every((line, index) => line === typed[index]))
    state.history.splice(0, typed.length, entry);
}

async function runCommand({ psyberg, given, readline, state }: Parts, line: string): Promise<void> {
  const text = await runDotCommand(
    {
      psyberg,
      settings: given.settings,
      style: given.style,
      width: outputWidth(given.output),
      quit() {
        state.hasEnded = true;
        readline.close();
      },
    },
    line,
  );
  if (text !== '') given.output.write(`${text}\n`);
}

async function runStatements(parts: Parts, text: string): Promise<void> {
  const { psyberg, given, state, names } = parts;
  const { settings, style, output } = given;
  if (text.trim() === '') return;
  const running = new AbortController();
  state.running = running;
  const startedAtMs = performance.now();
  await attempt(parts, async () => {
    const results = textOutput({
      sink: streamSink(output),
      limit: settings.limit,
      format: settings.format,
      formatOptions: () => ({ style, width: outputWidth(output), isForTerminal: given.isTerminal }),
      onCut: (rows) => remark(given, cutNote(rows)),
    });
    const { branch } = settings;
    const { branches = {} } = await psyberg.sql(text, {
      branch,
      onResult: results.onResult,
      signal: running.signal,
    });
    const fromMain = Object.keys(branches).filter((table) => branches[table] === 'main');
    if (fromMain.length > 0) remark(given, `read from main: ${fromMain.join(', ')}`);
  });
  state.running = undefined;
  names.forget();
  if (settings.timing) remark(given, secondsText((performance.now() - startedAtMs) / 1000));
}

const remark = ({ errors, style }: PromptInput, text: string): void =>
  void errors.write(`${style.faint(text)}\n`);

/** Shows what goes wrong. */
async function attempt({ given, state }: Parts, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const asked = asUsageError(error, '.tables');
    const known = asked instanceof PsybergError ? asked : shownError(asked);
    state.exitCode = Math.max(state.exitCode, exitCodeOfKind(known.kind));
    if (known.code === 'interrupted') remark(given, 'stopped');
    else given.errors.write(`${errorText(known.toJSON(), given.style)}\n`);
  }
}

/** One press of the keys may arrive twice, or be made twice in haste. */
const SAME_KEY_PRESS_MS = 250;

function interrupt(parts: Parts): void {
  const { given, state, readline } = parts;
  const sinceMs = performance.now() - state.interruptedAtMs;
  state.generation += 1;
  if (state.running !== undefined) {
    state.interruptedAtMs = performance.now();
    state.running.abort();
    // With piped lines, what follows may need the statement that was stopped.
    if (!given.isTerminal) readline.close();
    return;
  }
  if (state.isClosed) return;
  if (readline.line !== '' || state.lines.length > 0) {
    state.lines = [];
    readline.write(null, { ctrl: true, name: 'e' });
    readline.write(null, { ctrl: true, name: 'u' });
    // A terminal that is `dumb` knows no such keys: readline lets its line be set there.
    if (readline.line !== '') Object.assign(readline, { line: '', cursor: 0 });
    given.output.write('\n');
    showPrompt(parts);
    return;
  }
  if (sinceMs < SAME_KEY_PRESS_MS) return;
  if (sinceMs < Number.POSITIVE_INFINITY) {
    readline.close();
    return;
  }
  state.interruptedAtMs = performance.now();
  given.output.write('\n');
  remark(given, 'Ctrl-C again, or Ctrl-D, ends');
  showPrompt(parts);
}

/** What cannot be completed is left as it is. */
async function complete(names: KnownNames, text: string): Promise<Completion> {
  try {
    return text.trimStart().startsWith('.')
      ? await completeDotCommand(text, names, DOT_COMMANDS)
      : await completeSql(text, names);
  } catch {
    return { candidates: [], word: '' };
  }
}
