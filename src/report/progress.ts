/** How far something long has come, in a line. Progress -> text. Pure; the clock is given. */
import type { PartsProgress } from '../model/progress.ts';
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
function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${minutes} min`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
