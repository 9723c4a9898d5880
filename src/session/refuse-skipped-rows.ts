/**
 * Refuses an adoption by which rows of a source would count as loaded that nobody has loaded. Target metadata
 * + sources -> nothing, or a refusal. Pure.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { isLookup } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { SourceState } from '../model/session.ts';
import { type ProcessProgress, progressOfAll, watermarkFor } from '../state/process-progress.ts';
import { type LeftBehind, leftBehind, watermarkOn } from './left-behind.ts';

/** A process that published to the target of an adoption. */
interface Other extends LeftBehind {
  /** False for a process of the project. */
  readonly isGone: boolean;
}

/** What a process has not loaded of a source: two snapshots, and how many hours. */
interface Skipped {
  readonly watermark: bigint;
  readonly head: bigint;
  readonly owed: number;
}

/**
 * An adoption at `now` skips what came to a source since another process last read it for this target, also
 * one that was retired since. Throws `adoption-skips-rows` when there is any, or that process owes hours.
 * `sources`: those whose place nobody named.
 */
export function refuseSkippedRows(
  { spec, project }: { readonly spec: ProcessSpec; readonly project: ProjectSpec },
  target: TableMetadata,
  sources: readonly SourceState[],
): void {
  const known = new Set(project.processes.map((each) => each.processName));
  const others: Other[] = [
    ...progressOfAll(target)
      .filter(({ processName }) => known.has(processName))
      .map((each) => ({ ...each, isRetired: false, isGone: false })),
    ...leftBehind(target, project).map((each) => ({ ...each, isGone: true })),
  ];
  for (const other of others)
    for (const source of sources) {
      const skipped = skippedOf(source, other.progress);
      if (skipped === undefined) continue;
      const owes = others.filter((each) => each.isGone && owesOf(source, each) > 0);
      const isLost = !patternOf(spec).loadsHours && owes.length > 0;
      const further = others.find(({ progress }) => {
        const watermark = watermarkOn(progress, source);
        return watermark !== undefined && watermark.snapshotId !== skipped.watermark;
      });
      throw skips(
        spec,
        { other, source, skipped },
        isLost
          ? loadFirst(spec, owes[0] as Other)
          : other.isRetired
            ? afterRetired(spec, { sources, source, other, further })
            : `run "psyberg adopt ${spec.processName} --from ${other.processName}" to go on where ${other.processName} stopped; or ${whole(spec)}`,
      );
    }
}

/**
 * A process without hours never loads what another one owes, whatever its place is. Throws
 * `adoption-skips-rows` as long as one that is gone owes hours. `sources`: those of which nobody said that
 * all is there.
 */
export function refuseOwedHours(
  spec: ProcessSpec,
  left: readonly LeftBehind[],
  sources: readonly SourceState[],
): void {
  for (const other of left)
    for (const source of sources) {
      const skipped = owesOf(source, other) === 0 ? undefined : skippedOf(source, other.progress);
      if (skipped !== undefined) throw skips(spec, { other, source, skipped }, loadFirst(spec, other));
    }
}

const owesOf = (source: SourceState, { progress }: LeftBehind): number =>
  skippedOf(source, progress)?.owed ?? 0;

/** What a process has not loaded of a source; undefined where it has all of it, or never read it. */
function skippedOf(source: SourceState, progress: ProcessProgress): Skipped | undefined {
  const { spec, head } = source;
  if (spec.lookup?.onChange === 'ignore') return undefined;
  const watermark = watermarkOn(progress, source);
  if (watermark === undefined || head === undefined) return undefined;
  const owed = watermark.owedHours.length;
  if (watermark.snapshotId === head.snapshotId && owed === 0) return undefined;
  return { watermark: watermark.snapshotId, head: head.snapshotId, owed };
}

function skips(
  spec: ProcessSpec,
  {
    other: { processName, isRetired },
    source,
    skipped: { watermark, head, owed },
  }: { readonly other: LeftBehind; readonly source: SourceState; readonly skipped: Skipped },
  hint: string,
): Error {
  const table = tableName(source.spec.table);
  const where = watermark === head ? '' : `, and its head is ${head}`;
  return refusal(
    'adoption-skips-rows',
    `${processName}${isRetired ? ', which was retired,' : ''} has loaded ${table} into ${tableName(spec.target.table)} up to snapshot ${watermark}${owed === 0 ? '' : ` and owes ${owed} of its hours`}${where}: what it has not loaded would count as loaded`,
    {
      hint,
      context: {
        process_name: spec.processName,
        table,
        published_by: processName,
        watermark: String(watermark),
        head: String(head),
        owed_hours: owed,
      },
    },
  );
}

const whole = ({ processName }: ProcessSpec): string =>
  `"psyberg adopt ${processName} --at now" if all of it is in the target`;

/**
 * The way on of a process without hours: somebody else loads what is owed before it. One table is written by
 * one process of a project, so that one stands in its place meanwhile.
 */
function loadFirst(spec: ProcessSpec, { processName, progress, isRetired }: LeftBehind): string {
  const runs = (name: string) =>
    `"psyberg run ${name} --until-complete" until it owes nothing, and "psyberg retire ${name}"`;
  const first = isRetired
    ? `in place of ${spec.file} write a ${progress.pattern ?? 'stateful'} process with the SQL of ${processName}, run "psyberg adopt PROCESS${placesOf(spec, progress)}", ${runs('PROCESS')}`
    : `put the file of ${processName} back in place of ${spec.file}, run ${runs(processName)}`;
  return `${spec.processName} is ${spec.pattern} and would never load them: ${first}; then adopt with ${spec.processName}; or run ${whole(spec)}; or drop ${tableName(spec.target.table)} and run ${spec.processName}`;
}

/** The way on where a retired process stopped. */
function afterRetired(
  spec: ProcessSpec,
  {
    sources,
    source,
    other: { processName, progress },
    further,
  }: {
    readonly sources: readonly SourceState[];
    readonly source: SourceState;
    readonly other: LeftBehind;
    readonly further: LeftBehind | undefined;
  },
): string {
  const goOn = `run ${goesOnFrom(spec, sources, progress)} to go on where ${processName} stopped, with the hours that it owed`;
  if (further === undefined) return `${goOn}; or ${whole(spec)}`;
  // Each of two that wrote side by side has its own place, and a third process that loads the rows of both
  // would double, or miss, those of the other.
  const { snapshotId } = watermarkOn(further.progress, source) as { readonly snapshotId: bigint };
  return `if ${spec.processName} loads rows of ${processName} alone, and none of ${further.processName}, which has loaded ${tableName(source.spec.table)} up to snapshot ${snapshotId}, ${goOn}; ${whole(spec)}; else drop ${tableName(spec.target.table)} and run ${spec.processName}`;
}

/**
 * The command that goes on where a retired process stopped. A lookup is read as it is, so the hours that were
 * made with its former rows are computed again.
 */
function goesOnFrom(spec: ProcessSpec, sources: readonly SourceState[], progress: ProcessProgress): string {
  const isOther = sources.some((source) => {
    const skipped = isLookup(source) ? skippedOf(source, progress) : undefined;
    return skipped !== undefined && skipped.watermark !== skipped.head;
  });
  const adopt = `"psyberg adopt ${spec.processName}${placesOf(spec, progress)}"`;
  return isOther ? `${adopt} and "psyberg restate ${spec.processName} --all"` : adopt;
}

/** The places where a process stopped, as options of `adopt`. */
const placesOf = (spec: ProcessSpec, progress: ProcessProgress): string =>
  spec.sources
    .flatMap(({ table, lookup }) => {
      const name = tableName(table);
      const watermark = watermarkFor(progress, { name, tableUuid: undefined });
      if (watermark === undefined) return [];
      return [` --at ${name}=${lookup === undefined ? watermark.snapshotId : 'now'}`];
    })
    .join('');
