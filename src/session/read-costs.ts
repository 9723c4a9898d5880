/**
 * Counts what a session reads of its sources, and what one with a fixed lookback would read instead. Session
 * + plan -> counts, from the metadata of the files that may hold the rows: no row is read. The cost follows
 * the hours that are asked for, if the source is partitioned by them.
 */
import { countWhole } from '../changes/files/whole-table.ts';
import { sourceFilesOfHours } from '../changes/keys/files-of-hours.ts';
import { openSource } from '../changes/open-source.ts';
import { plannedHours } from '../model/grain.ts';
import { type Hour, type HourRange, hourIntervals, hourText } from '../model/hour.ts';
import type { Plan, PlanLookback, PlanReads, PlanSource } from '../model/plan.ts';
import type { Session, SourcePosition, SourceState } from '../model/session.ts';
import type { OpenSessionInput } from './session-input.ts';
import { tableAtHead } from './tables-of-hours.ts';

/** The lookbacks to compare with, in hours before the newest hour that all sources have. */
const LOOKBACKS = [1, 3, 6, 12] as const;

export interface ReadCostsInput {
  readonly input: OpenSessionInput;
  readonly session: Session;
  readonly plan: Plan;
  /** The hours of a source that the session reads; undefined: the files that it lists, or all. */
  readonly hoursOf: (source: PlanSource) => readonly HourRange[] | undefined;
}

/** Throws what reading manifests throws. */
export async function readCosts(asked: ReadCostsInput): Promise<PlanReads> {
  const { session, plan } = asked;
  const last = isFirst(session) || readsFolder(session) ? undefined : newestOfAll(session);
  const ranges =
    last === undefined ? [] : LOOKBACKS.map((hours) => ({ firstHour: last - hours, lastHour: last }));
  const sums = [NOTHING, ...ranges.map(() => NOTHING)];
  for (const [index, source] of plan.sources.entries()) {
    const state = session.sources[index] as SourceState;
    const counted = await countSource(asked, { source, state, ranges });
    for (const [place, each] of counted.entries()) sums[place] = sumOf(sums[place] as Counted, each);
  }
  const [own, ...others] = sums.map(countsJson) as [Counts, ...Counts[]];
  return {
    ...own,
    lookbacks: ranges.map(({ firstHour, lastHour }, index) => ({
      lookback_hours: LOOKBACKS[index] as number,
      first_hour: hourText(firstHour),
      last_hour: hourText(lastHour),
      ...(others[index] as Counts),
      ...missedBefore(firstHour, asked),
    })),
  };
}

/** Before a first load no lookback could have missed anything. */
const isFirst = ({ sources }: Session): boolean =>
  sources.every(({ watermark, start }) => watermark === undefined && start === undefined);

/** Which files of a folder hold the hours of a lookback is not known without reading all of them. */
const readsFolder = ({ sources }: Session): boolean => sources.some(({ spec }) => spec.files !== undefined);

interface Counted {
  readonly rows: bigint;
  readonly files: number;
  readonly bytes: bigint;
}
type Counts = Pick<PlanReads, 'rows' | 'files' | 'bytes'>;

const NOTHING: Counted = { rows: 0n, files: 0, bytes: 0n };

const sumOf = (left: Counted, right: Counted): Counted => ({
  rows: left.rows + right.rows,
  files: left.files + right.files,
  bytes: left.bytes + right.bytes,
});

const countsJson = ({ rows, files, bytes }: Counted): Counts => ({
  rows: String(rows),
  files,
  bytes: String(bytes),
});

/** The newest hour in which every source with an event time has rows. */
function newestOfAll({ sources }: Session): Hour | undefined {
  const hours = sources.flatMap(({ newestHour }) => (newestHour === undefined ? [] : [newestHour]));
  return hours.length === 0 ? undefined : Math.min(...hours);
}

interface SourceToCount {
  readonly source: PlanSource;
  readonly state: SourceState;
  readonly ranges: readonly HourRange[];
}

/** What the session reads of a source, then what each range of hours holds. */
async function countSource(
  { input, hoursOf }: ReadCostsInput,
  { source, state, ranges }: SourceToCount,
): Promise<Counted[]> {
  const listed: Counted = { rows: BigInt(source.rows), files: source.files, bytes: BigInt(source.bytes) };
  const own = source.read.kind === 'changes' ? undefined : hoursOf(source);
  const nothing = ranges.map(() => NOTHING);
  if (source.read.kind === 'files') return [listed, ...nothing];
  if (source.head === null || source.read.kind === 'nothing') return [NOTHING, ...nothing];
  const files = await filesAt(input, state, [...(own ?? []), ...ranges]);
  const isListed = source.read.kind === 'changes' || source.detected_by === 'first-load';
  if (files === undefined) {
    if (isListed && source.lookup !== true) return [listed, ...nothing];
    const whole = await wholeAt(input, state);
    // Whatever hours a session loads, it reads a lookup whole.
    return [whole, ...(source.lookup === true ? ranges.map(() => whole) : nothing)];
  }
  const unbounded = isListed || own !== undefined ? listed : await wholeAt(input, state);
  return [
    own === undefined ? unbounded : countIn(files, own),
    ...ranges.map((range) => countIn(files, [range])),
  ];
}

async function wholeAt(input: OpenSessionInput, state: SourceState): Promise<Counted> {
  const table = await tableAtHead(input, state);
  return table === undefined ? NOTHING : countWhole(input.engine, table.source.metadata, table.snapshot);
}

export interface FileOfHours {
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly first_hour: bigint | null;
  readonly last_hour: bigint | null;
}

/** The files at the head that may hold rows of the hours; undefined where rows have no hour. */
export async function filesAt(
  input: Pick<OpenSessionInput, 'catalog' | 'engine' | 'views' | 'endpoint' | 'nowMs'>,
  state: Pick<SourceState, 'spec'> & { readonly head?: Pick<SourcePosition, 'snapshotId'> },
  ranges: readonly HourRange[],
): Promise<readonly FileOfHours[] | undefined> {
  const table = ranges.length === 0 ? undefined : await tableAtHead(input, state);
  if (table?.source.eventTime === undefined) return undefined;
  const { snapshot } = table;
  const source = openSource(await input.engine(), table.source);
  const manifests = await source.manifestsOf(snapshot);
  return sourceFilesOfHours(source, { snapshot, manifests, hours: hourIntervals(merged(ranges)) });
}

/** Ranges that neither overlap nor touch. */
function merged(ranges: readonly HourRange[]): HourRange[] {
  const result: { firstHour: Hour; lastHour: Hour }[] = [];
  for (const { firstHour, lastHour } of ranges.toSorted((left, right) => left.firstHour - right.firstHour)) {
    const open = result.at(-1);
    if (open !== undefined && firstHour <= open.lastHour + 1)
      open.lastHour = Math.max(open.lastHour, lastHour);
    else result.push({ firstHour, lastHour });
  }
  return result;
}

/** A file without bounds is read for any hour. */
function countIn(files: readonly FileOfHours[], ranges: readonly HourRange[]): Counted {
  const wanted = merged(ranges);
  return files
    .filter(
      ({ first_hour: first, last_hour: last }) =>
        first === null ||
        last === null ||
        wanted.some(({ firstHour, lastHour }) => Number(first) <= lastHour && Number(last) >= firstHour),
    )
    .reduce((sum, { rows, bytes }) => sumOf(sum, { rows, bytes, files: 1 }), NOTHING);
}

/** What arrived for hours before those that a lookback reads. */
function missedBefore(
  first: Hour,
  { session, plan }: ReadCostsInput,
): Pick<PlanLookback, 'missed_hours' | 'missed_rows'> {
  const needed = plan.hours.filter(({ reason }) => reason !== 'contiguous');
  const hours = plannedHours({ ...plan, hours: needed }).filter((hour) => hour < first).length;
  const rows = session.sources
    .flatMap(({ files }) => files)
    .filter(({ status, lastHour }) => status === 'added' && lastHour !== undefined && lastHour < first)
    .reduce((sum, file) => sum + file.rows, 0n);
  return { missed_hours: hours, missed_rows: String(rows) };
}
