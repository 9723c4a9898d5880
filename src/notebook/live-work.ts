/**
 * Draws what a long call does, below the cell that made it, while it runs: steps, progress, sessions as they
 * end. Reports -> a picture that is redrawn. Draws nothing without a place to draw on.
 */
import { randomUUID } from 'node:crypto';
import type { RunRecord } from '../model/run-record.ts';
import type { OpenOptions } from '../psyberg.ts';
import type { WorkLook } from '../report/notebook/work-look.ts';
import { type WorkUnderWay, workUnderWay } from '../report/progress.ts';
import type { Draw } from './kernel.ts';

/** A shorter call is not drawn: its value appears soon enough. */
const SHORT_MS = 250;
/** A picture is redrawn at most this often. */
const DRAW_MS = 150;

export interface LiveWork {
  /** The options with an additional listener; listeners that were already there still hear everything. */
  listening(options: OpenOptions): OpenOptions;
  /** Draws what `call` does until it has ended. `onRecord` takes each session that is done. */
  during<Value>(
    name: string,
    call: (onRecord: (record: RunRecord) => void) => Promise<Value>,
  ): Promise<Value>;
}

interface Call {
  readonly name: string;
  readonly work: WorkUnderWay;
  readonly records: RunRecord[];
  readonly warnings: string[];
}

export function liveWork(draw: Draw, lookOf: () => Promise<WorkLook>): LiveWork {
  // Calls that change tables wait for each other, so the first one is running.
  const calls: Call[] = [];
  const atWork = (): Call | undefined => calls[0];
  return {
    listening(options) {
      const { onStep, onProgress, onWarning = onStep } = options;
      return {
        ...options,
        onStep(message) {
          atWork()?.work.step(message);
          onStep?.(message);
        },
        onProgress(progress) {
          atWork()?.work.progress(progress);
          onProgress?.(progress);
        },
        onWarning(message) {
          atWork()?.warnings.push(message);
          onWarning?.(message);
        },
      };
    },
    async during(name, call) {
      const started = performance.now();
      const now = (): number => performance.now();
      const mine: Call = { name, work: workUnderWay(now), records: [], warnings: [] };
      calls.push(mine);
      const picture = drawnAgain(draw, async (end) => {
        const look = await lookOf();
        const { work, records, warnings } = mine;
        return look({
          name,
          text: work.text(),
          fraction: work.fraction(),
          records,
          warnings,
          seconds: (now() - started) / 1000,
          end,
        });
      });
      let end: Ending = 'failed';
      try {
        const value = await call((record) => mine.records.push(record));
        end = 'done';
        return value;
      } finally {
        calls.splice(calls.indexOf(mine), 1);
        await picture.end(end);
      }
    },
  };
}

type Ending = 'done' | 'failed';
type Picture = (end: Ending | undefined) => Promise<Readonly<Record<string, string>>>;

/**
 * Redraws what has changed, again and again. An error in drawing ends the drawing, but does not touch the
 * work.
 */
function drawnAgain(draw: Draw, picture: Picture): { readonly end: (end: Ending) => Promise<void> } {
  const id = randomUUID();
  let drawn: string | undefined;
  let isBroken = false;
  let underWay: Promise<void> | undefined;
  const drawNow = async (end?: Ending): Promise<void> => {
    try {
      const bundle = await picture(end);
      const text = JSON.stringify(bundle);
      if (text === drawn) return;
      const isThere = drawn !== undefined;
      drawn = text;
      await draw(id, bundle, isThere);
    } catch {
      isBroken = true;
    }
  };
  // Pictures are sent one after the other, and only the newest one.
  const tick = (): void => {
    if (isBroken || underWay !== undefined) return;
    underWay = drawNow().finally(() => (underWay = undefined));
  };
  let repeated: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    tick();
    repeated = setInterval(tick, DRAW_MS);
  }, SHORT_MS);
  return {
    async end(end) {
      clearTimeout(first);
      clearInterval(repeated);
      await underWay;
      if (drawn !== undefined && !isBroken) await drawNow(end);
    },
  };
}
