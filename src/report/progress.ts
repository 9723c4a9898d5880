/** How far something long has come, in a line. Progress -> text. Pure; the clock is given. */
import type { PartsProgress, WorkProgress } from '../model/progress.ts';
import { countText, plural } from './text.ts';

/** What is known of what goes on now. */
export interface LongWork {
  /** What is done, as a step says it; taken where there are no parts. */
  readonly step: string | undefined;
  readonly parts: PartsProgress | undefined;
  /** How much of the running statement is done, 0..100. */
  readonly percent: number | undefined;
  /** Since it began, ms. */
  readonly elapsedMs: number;
}

/** Steps and progress as they are told, kept for whoever draws them. */
export interface WorkUnderWay {
  /** What is done now. */
  step(message: string): void;
  /** How far it is. */
  progress(progress: WorkProgress): void;
  /** In a line; empty when nothing was told yet. */
  text(): string;
  /** How much is done, 0..1; undefined where nobody knows. */
  fraction(): number | undefined;
}

/** Work that goes on, and since when. */
interface Since<Value> {
  readonly value: Value;
  readonly sinceMs: number;
}

/** `now`: ms, of which only differences count. */
export function workUnderWay(now: () => number): WorkUnderWay {
  let step: Since<string> | undefined;
  let parts: Since<PartsProgress> | undefined;
  /** A step after the parts is told in their place. */
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

/** The same work with more of it done. */
const goesOn = (before: PartsProgress | undefined, now: PartsProgress): boolean =>
  before?.subject === now.subject && before.action === now.action && before.done <= now.done;

/** Before this an estimate of the time left would be a guess. */
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

/** Of parts those that are done, and the share of the one that runs. */
function fractionDone(parts: PartsProgress | undefined, percent: number | undefined): number | undefined {
  const ofStatement = percent === undefined ? undefined : percent / 100;
  if (parts === undefined || parts.total === 0) return ofStatement;
  return Math.min(1, (parts.done + (ofStatement ?? 0)) / parts.total);
}

function leftText(done: number | undefined, elapsedMs: number): string {
  if (done === undefined || done < GUESS_FRACTION || done >= 1 || elapsedMs < GUESS_MS) return '';
  return `about ${durationText((elapsedMs / done) * (1 - done))} left`;
}

/** As exact as an estimate is. */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
