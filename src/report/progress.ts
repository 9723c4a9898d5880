/** Says in one line how far long work has come. Progress -> text. Pure; the clock is given. */
import type { PartsProgress, WorkProgress } from '../model/progress.ts';
import { countText, plural } from './text.ts';

/** What is known about the work that goes on now. */
export interface LongWork {
  /** The current step in words; used if there are no parts. */
  readonly step: string | undefined;
  readonly parts: PartsProgress | undefined;
  /** Share of the running statement that is done, 0..100. */
  readonly percent: number | undefined;
  /** Time since it began, in ms. */
  readonly elapsedMs: number;
}

/** Keeps reported steps and progress for whoever draws them. */
export interface WorkUnderWay {
  /** Takes what is done now. */
  step(message: string): void;
  /** Takes how far it is. */
  progress(progress: WorkProgress): void;
  /** Describes it in one line; empty if nothing was reported yet. */
  text(): string;
  /** Share that is done, 0..1; undefined if it is not known. */
  fraction(): number | undefined;
}

/** Work that goes on, and the time when it began. */
interface Since<Value> {
  readonly value: Value;
  readonly sinceMs: number;
}

/** `now`: in ms; only differences matter. */
export function workUnderWay(now: () => number): WorkUnderWay {
  let step: Since<string> | undefined;
  let parts: Since<PartsProgress> | undefined;
  /** False if a step was reported after the parts, which then takes their place. */
  let showsParts = false;
  let percent: number | undefined;
  const shownParts = (): Since<PartsProgress> | undefined => (showsParts ? parts : undefined);
  return {
    step(message) {
      step = { value: message, sinceMs: now() };
      showsParts = false;
      percent = undefined;
    },
    progress(progress) {
      if (progress.kind === 'statement') percent = progress.percent;
      else {
        const sinceMs = goesOn(parts?.value, progress) ? (parts?.sinceMs as number) : now();
        parts = { value: progress, sinceMs };
        showsParts = true;
        percent = undefined;
      }
    },
    text() {
      const sinceMs = (shownParts() ?? step)?.sinceMs ?? now();
      const shown = { step: step?.value, parts: shownParts()?.value };
      return progressText({ ...shown, percent, elapsedMs: now() - sinceMs });
    },
    fraction: () => fractionDone(shownParts()?.value, percent),
  };
}

/** True for the same work with more of it done. */
const goesOn = (before: PartsProgress | undefined, now: PartsProgress): boolean =>
  before?.subject === now.subject && before.action === now.action && before.done <= now.done;

/** Earlier than this, an estimate of the remaining time would be a guess. */
const GUESS_MS = 2000;
const GUESS_FRACTION = 0.01;

/** `some_load: load, 432 of 2,160 hours, 86,400 rows, 20 %, about 2 min left`. */
export function progressText({ step, parts, percent, elapsedMs }: LongWork): string {
  const done = fractionDone(parts, percent);
  const facts = [
    parts === undefined ? (step ?? '') : `${parts.subject}: ${parts.action}`,
    ...(parts === undefined ? [] : [partsText(parts)]),
    ...(parts?.rows === undefined || parts.rows === 0n ? [] : [plural(parts.rows, 'row')]),
    ...(done === undefined ? [] : [`${Math.floor(done * 100)} %`]),
    leftText(done, elapsedMs),
  ];
  return facts.filter((fact) => fact !== '').join(', ');
}

const partsText = ({ done, total, unit }: PartsProgress): string =>
  `${countText(done)} of ${plural(total, unit, pluralOf(unit))}`;

/** `group of files` -> `groups of files`, `process` -> `processes`. */
const pluralOf = (unit: string): string =>
  unit.replace(/^\w+/, (word) => word + (word.endsWith('s') ? 'es' : 's'));

/** Counts the parts that are done, and the share of the running one. */
function fractionDone(parts: PartsProgress | undefined, percent: number | undefined): number | undefined {
  const ofStatement = percent === undefined ? undefined : percent / 100;
  if (parts === undefined || parts.total === 0) return ofStatement;
  return Math.min(1, (parts.done + (ofStatement ?? 0)) / parts.total);
}

function leftText(done: number | undefined, elapsedMs: number): string {
  if (done === undefined || done < GUESS_FRACTION || done >= 1 || elapsedMs < GUESS_MS) return '';
  return `about ${durationText((elapsedMs / done) * (1 - done))} left`;
}

/** Only as exact as an estimate is. */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
