/**
 * Shows on stderr what goes on: on a terminal in one line that is written over, elsewhere in a line now and
 * then. Steps and progress -> text.
 */
import type { WorkProgress } from '../model/progress.ts';
import { workUnderWay } from '../report/progress.ts';
import { cutMiddle } from '../report/width.ts';

export interface ProgressDisplay {
  /** What is done now. */
  step(message: string): void;
  /** How far it is. */
  progress(progress: WorkProgress): void;
  /** Takes the line away, so that the next text starts on a clean one. */
  clear(): void;
  /** Nothing goes on any more. */
  end(): void;
}

/**
 * `terminal`: one line, written over · `log`: a line at most every ten seconds · `verbose`: besides, a line
 * for every step · `none`.
 */
export type DisplayMode = 'terminal' | 'log' | 'verbose' | 'none';

/** Codes that write over a line are for a person who looks at a terminal that knows them. */
export function displayMode(
  { quiet = false, verbose = false }: { readonly quiet?: boolean; readonly verbose?: boolean },
  { isTTY = false }: { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv = process.env,
): DisplayMode {
  if (quiet) return 'none';
  if (verbose) return 'verbose';
  const isRobot = (environment['CI'] ?? '') !== '' && environment['CI'] !== 'false';
  return isTTY && !isRobot && environment['TERM'] !== 'dumb' ? 'terminal' : 'log';
}

export interface DisplayPorts {
  readonly mode: DisplayMode;
  readonly write: (text: string) => void;
  /** Characters of the terminal's line. */
  readonly columns: () => number;
  /** ms, only differences count. */
  readonly now: () => number;
  /** Calls `tick` again and again; returns what ends it. */
  readonly every: (ms: number, tick: () => void) => () => void;
}

const TERMINAL_MS = 120;
const LOG_MS = 10_000;
const ERASE = '\r\u001b[2K';

export function progressDisplay({ mode, write, columns, now, every }: DisplayPorts): ProgressDisplay {
  if (mode === 'none') return SILENT;
  let work = workUnderWay(now);
  const line = mode === 'terminal' ? overwrittenLine(write, columns) : loggedLines(write);
  let stop: (() => void) | undefined;
  const begin = (): void => {
    stop ??= every(mode === 'terminal' ? TERMINAL_MS : LOG_MS, () => line.draw(work.text()));
  };
  return {
    step(message) {
      work.step(message);
      if (mode === 'verbose') line.draw(message);
      begin();
    },
    progress(progress) {
      work.progress(progress);
      begin();
    },
    clear: line.clear,
    end() {
      line.clear();
      stop?.();
      stop = undefined;
      work = workUnderWay(now);
    },
  };
}

const nothing = (): void => {};
const SILENT: ProgressDisplay = { step: nothing, progress: nothing, clear: nothing, end: nothing };

interface Line {
  draw(text: string): void;
  clear(): void;
}

function overwrittenLine(write: DisplayPorts['write'], columns: DisplayPorts['columns']): Line {
  let onScreen = '';
  return {
    draw(text) {
      const cut = cutMiddle(text, Math.max(20, columns() - 1));
      if (cut === onScreen) return;
      write((onScreen === '' ? '' : ERASE) + cut);
      onScreen = cut;
    },
    clear() {
      if (onScreen !== '') write(ERASE);
      onScreen = '';
    },
  };
}

/** Nothing is said twice. */
function loggedLines(write: DisplayPorts['write']): Line {
  let last = '';
  return {
    draw(text) {
      if (text !== '' && text !== last) write(`${text}\n`);
      last = text;
    },
    clear: nothing,
  };
}
