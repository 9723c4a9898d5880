/**
 * Words the way on for an adoption that would skip rows of a process before it. What that one had left ->
 * commands to give. Pure.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { isLookup } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { SourceState } from '../model/session.ts';
import { type ProcessProgress, watermarkFor } from '../state/process-progress.ts';
import { type LeftBehind, type ReadPlace, readUpTo } from './left-behind.ts';

/** A process that published to the target of an adoption. */
export interface Stopped extends LeftBehind {
  /** False for a process of the project. */
  readonly isGone: boolean;
}

/** What a process has not loaded of a source: two snapshots, and how many hours. */
export interface Skipped {
  readonly watermark: bigint;
  readonly head: bigint;
  readonly owed: number;
  /** True if it has gone on without the source since. */
  readonly isFormer: boolean;
}

/** What a process has not loaded of a source; undefined where it has all of it, or never read it. */
export function skippedOf(source: SourceState, progress: ProcessProgress): Skipped | undefined {
  const { spec, head } = source;
  if (spec.lookup?.onChange === 'ignore') return undefined;
  const read = readUpTo(progress, source);
  if (read === undefined || head === undefined) return undefined;
  const { watermark, isFormer } = read;
  const owed = watermark.owedHours.length;
  // Without hours, rows that are loaded stay as they are, whatever is read afterwards.
  const isWhole = !isFormer || progress.pattern === 'stateless';
  if (watermark.snapshotId === head.snapshotId && owed === 0 && isWhole) return undefined;
  return { watermark: watermark.snapshotId, head: head.snapshotId, owed, isFormer };
}

export const owesOf = (source: SourceState, { progress }: LeftBehind): number =>
  skippedOf(source, progress)?.owed ?? 0;

interface Found {
  /** All that have published to the target. */
  readonly others: readonly Stopped[];
  readonly other: Stopped;
  readonly sources: readonly SourceState[];
  readonly source: SourceState;
  readonly skipped: Skipped;
}

/** The hint for a source that `other` has not loaded whole. */
export function wayOn(spec: ProcessSpec, found: Found): string {
  const { others, other, source, skipped } = found;
  if (!patternOf(spec).loadsHours) {
    const debtor = others.find((each) => each.isGone && owesOf(source, each) > 0);
    if (debtor !== undefined) return loadFirst(spec, source, debtor);
    if (skipped.isFormer && other.progress.pattern !== 'stateless') return neverLoads(spec);
  }
  const isNamedAgain = skipped.isFormer && !patternOf(spec).loadsHours;
  if (other.isRetired || isNamedAgain) return afterRetired(spec, found);
  return `run "psyberg adopt ${spec.processName} --from ${other.processName}" to go on where ${other.processName} stopped; or ${whole(spec)}`;
}

export const whole = ({ processName }: ProcessSpec): string =>
  `run "psyberg adopt ${processName} --at now" if all of it is in the target`;

/** The way on that is always there: all of it is loaded once more. */
export const anew = (spec: ProcessSpec): string =>
  `drop ${tableName(spec.target.table)} and run "psyberg run ${spec.processName}"`;

/** Nobody else can load them before it. */
const neverLoads = (spec: ProcessSpec): string =>
  `${spec.processName} is ${spec.pattern} and would never load them: ${whole(spec)}; or ${anew(spec)}`;

/**
 * The way on of a process without hours: somebody else loads what is owed before it. One table is written by
 * one process of a project, so that one stands in its place meanwhile.
 */
export function loadFirst(
  spec: ProcessSpec,
  source: SourceState,
  { processName, progress, isRetired }: LeftBehind,
): string {
  // Its SQL reads the source no more.
  if (readUpTo(progress, source)?.isFormer === true) return neverLoads(spec);
  const runs = (name: string) =>
    `"psyberg run ${name} --until-complete" until it owes nothing, and "psyberg retire ${name}"`;
  const first = isRetired
    ? `in place of ${spec.file} write a ${progress.pattern ?? 'stateful'} process with the SQL of ${processName}, run "psyberg adopt PROCESS${placesOfAll(progress)}", ${runs('PROCESS')}`
    : `put the file of ${processName} back in place of ${spec.file}, run ${runs(processName)}`;
  return `${spec.processName} is ${spec.pattern} and would never load them: ${first}; then adopt with ${spec.processName}; or ${whole(spec)}; or ${anew(spec)}`;
}

/** The way on where a retired process stopped. */
function afterRetired(
  spec: ProcessSpec,
  { others, other: { processName, progress }, sources, source, skipped }: Found,
): string {
  const goOn = `run ${goesOnFrom(spec, sources, progress)} to go on where ${processName} stopped, with the hours that it owed`;
  const further = others.find((each) => {
    const watermark = readUpTo(each.progress, source)?.watermark;
    return watermark !== undefined && watermark.snapshotId !== skipped.watermark;
  });
  if (further === undefined) return `${goOn}; or ${whole(spec)}`;
  // Each of two that wrote side by side has its own place, and a third process that loads the rows of both
  // would double, or miss, those of the other.
  const { snapshotId } = (readUpTo(further.progress, source) as ReadPlace).watermark;
  return `if ${spec.processName} loads rows of ${processName} alone, and none of ${further.processName}, which has loaded ${tableName(source.spec.table)} up to snapshot ${snapshotId}, ${goOn}; ${whole(spec)}; else ${anew(spec)}`;
}

/**
 * The command that goes on where a retired process stopped. A lookup is read as it is, so the hours that were
 * made with its former rows, or without it, are computed again.
 */
function goesOnFrom(spec: ProcessSpec, sources: readonly SourceState[], progress: ProcessProgress): string {
  const isOther = sources.some((source) => {
    const skipped = isLookup(source) ? skippedOf(source, progress) : undefined;
    return skipped !== undefined && (skipped.isFormer || skipped.watermark !== skipped.head);
  });
  const adopt = `"psyberg adopt ${spec.processName}${placesOf(spec, progress)}"`;
  return isOther ? `${adopt} and "psyberg restate ${spec.processName} --all"` : adopt;
}

/** The places where a process stopped, as options of `adopt`. */
const placesOf = (spec: ProcessSpec, progress: ProcessProgress): string =>
  spec.sources
    .flatMap((source) => {
      const place = placeOf(spec, source, progress);
      return place === undefined ? [] : [` --at ${tableName(source.table)}=${place}`];
    })
    .join('');

/**
 * Undefined where none has to be named. What a process of hours has not read, or went on without, is read
 * from the beginning: hours that were made meanwhile lack its rows.
 */
function placeOf(
  spec: ProcessSpec,
  { table, lookup }: SourceSpec,
  progress: ProcessProgress,
): string | undefined {
  const named = { name: tableName(table), tableUuid: undefined };
  const former = watermarkFor({ watermarks: progress.former ?? [] }, named);
  const watermark = watermarkFor(progress, named) ?? (progress.pattern === 'stateless' ? former : undefined);
  const wasRead = watermark !== undefined || former !== undefined;
  if (lookup !== undefined) return wasRead ? 'now' : undefined;
  if (watermark !== undefined) return String(watermark.snapshotId);
  return patternOf(spec).loadsHours ? 'beginning' : undefined;
}

/** Those of a process with the same SQL. */
const placesOfAll = ({ watermarks }: ProcessProgress): string =>
  watermarks
    .map(({ table, snapshotId, onChange }) => ` --at ${table}=${onChange === undefined ? snapshotId : 'now'}`)
    .join('');
