/**
 * Refuses an adoption by which rows of a source would count as loaded that nobody has loaded. Target metadata
 * + sources -> nothing, or a refusal. Pure.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { SourceState } from '../model/session.ts';
import { progressOfAll } from '../state/process-progress.ts';
import { type LeftBehind, type LeftOnTarget, readUpTo } from './left-behind.ts';
import {
  anew,
  loadFirst,
  owesOf,
  type Skipped,
  type Stopped,
  skippedOf,
  wayOn,
  whole,
} from './way-on-after.ts';

/**
 * An adoption at `now` skips what came to a source since another process last read it for this target, also
 * one that was retired since. Throws `adoption-skips-rows` when there is any, or that process owes hours, or
 * went on without the source; when it never read the source; and where nothing tells how far a process came.
 * `sources`: those whose place nobody named.
 */
export function refuseSkippedRows(
  { spec, project }: { readonly spec: ProcessSpec; readonly project: ProjectSpec },
  { target, left }: { readonly target: TableMetadata; readonly left: LeftOnTarget },
  sources: readonly SourceState[],
): void {
  if (sources.length === 0) return;
  const known = new Set(project.processes.map((each) => each.processName));
  const others: Stopped[] = [
    ...progressOfAll(target)
      .filter(({ processName }) => known.has(processName))
      .map((each) => ({ ...each, isRetired: false, isGone: false })),
    ...left.others.map((each) => ({ ...each, isGone: false })),
    ...left.gone.map((each) => ({ ...each, isGone: true })),
  ];
  for (const other of others)
    for (const source of sources) {
      const skipped = skippedOf(source, other.progress);
      if (skipped === undefined) continue;
      throw skips(spec, { other, source, skipped }, wayOn(spec, { others, other, sources, source, skipped }));
    }
  const [unknown] = left.unknown;
  if (unknown !== undefined) throw nothingTells(spec, unknown, sources);
  refuseUnread(spec, others, sources);
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
      if (skipped !== undefined)
        throw skips(spec, { other, source, skipped }, loadFirst(spec, source, other));
    }
}

function skips(
  spec: ProcessSpec,
  {
    other: { processName, isRetired },
    source,
    skipped: { watermark, head, owed, isFormer },
  }: { readonly other: LeftBehind; readonly source: SourceState; readonly skipped: Skipped },
  hint: string,
): Error {
  const table = tableName(source.spec.table);
  const target = tableName(spec.target.table);
  const who = isRetired ? `${processName}, which was retired,` : processName;
  const owes = owed === 0 ? '' : ` and owes ${owed} of its hours`;
  const since = isFormer ? ', and has gone on without it since' : '';
  const where = watermark === head ? '' : `, and its head is ${head}`;
  return refusal(
    'adoption-skips-rows',
    `${who} has loaded ${table} into ${target} up to snapshot ${watermark}${owes}${since}${where}: what it has not loaded would count as loaded`,
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

/** A process that is gone may have left rows unread, and neither its snapshots nor its rows say which. */
function nothingTells(spec: ProcessSpec, published: string, sources: readonly SourceState[]): Error {
  const target = tableName(spec.target.table);
  const tables = sources.map((source) => tableName(source.spec.table));
  return refusal(
    'adoption-skips-rows',
    `${published} has published to ${target}, and nothing tells any more how far it has loaded ${tables.join(', ')}: what it has not loaded would count as loaded`,
    {
      hint: `${whole(spec)}; name the place of each source with --at TABLE=SNAPSHOT if you know it; or ${anew(spec)}`,
      context: { process_name: spec.processName, table: tables[0] ?? null, published_by: published },
    },
  );
}

/**
 * Refuses a source that nobody has read for a target whose processes are gone: it is new to the process that
 * stands in their place. Of a target that somebody else filled nothing is known.
 */
function refuseUnread(spec: ProcessSpec, others: readonly Stopped[], sources: readonly SourceState[]): void {
  const before = others.find((each) => each.isGone);
  if (before === undefined) return;
  const unread = sources.find(
    (source) =>
      source.spec.lookup === undefined &&
      source.head !== undefined &&
      others.every(({ progress }) => readUpTo(progress, source) === undefined),
  );
  if (unread === undefined) return;
  const table = tableName(unread.spec.table);
  const target = tableName(spec.target.table);
  throw refusal(
    'adoption-skips-rows',
    `nobody who has published to ${target} has read ${table}: its rows would count as loaded`,
    {
      hint: `${toLoad(spec, table)}; or ${whole(spec)}`,
      context: { process_name: spec.processName, table, published_by: before.processName },
    },
  );
}

/** How a source that is new to the target is loaded. */
const toLoad = (spec: ProcessSpec, table: string): string =>
  patternOf(spec).loadsHours
    ? `run "psyberg adopt ${spec.processName} --at ${table}=beginning" to have the next session load them`
    : `write existing_rows: keep under target: in ${spec.file} and run "psyberg run ${spec.processName}", which loads them beside what is there`;
