/**
 * Opens the session of a restate: hours that were loaded are computed again, from the sources as of the
 * watermarks. ProcessSpec + hours asked for -> Session whose heads are those watermarks. Reads only.
 */

import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot, snapshotById } from '../iceberg/history.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { given } from '../model/given.ts';
import { lastOfWholeUnits, wholeUnits } from '../model/grain.ts';
import { type Hour, hourOfMs } from '../model/hour.ts';
import { intervalsOf } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { Pattern, SourceSpec } from '../model/process-spec.ts';
import type { HoursToRestate } from '../model/restate.ts';
import type { ChangedFile, Session, SourceState } from '../model/session.ts';
import { type ProcessProgress, watermarkFor, watermarksOn } from '../state/process-progress.ts';
import { isRestated } from '../state/restated.ts';
import { liveRows } from '../state/target-publishers.ts';
import { duckdbColumns } from '../statements/index.ts';
import { eventTimeOf, refuseOtherEventTime } from './event-time.ts';
import { withBegin } from './find-begin.ts';
import { hoursAsked } from './hours-asked.ts';
import { recordedFolder } from './recorded-folder.ts';
import { refuseForeignRows, refuseSharedTarget } from './refuse-foreign.ts';
import { refuseHoursGone } from './refuse-hours-gone.ts';
import { refuseOtherFormat } from './refuse-other-format.ts';
import { refuseOtherGrain } from './refuse-other-grain.ts';
import { isOtherPattern, patternToKeep, refuseOtherPattern } from './refuse-other-pattern.ts';
import { sourceReplaced } from './refuse-source.ts';
import type { RestateSources } from './restate-sources.ts';
import type { OpenSessionInput } from './session-input.ts';
import { type OpenedParts, sessionOf } from './session-of.ts';
import { eventTimeFacts, headCounts, NOTHING_NEW, positionOf, protectionFacts } from './source-facts.ts';
import { targetProgress } from './target-progress.ts';
import { asOfWatermark } from './watermark-facts.ts';

/**
 * Throws `restate-hours-beyond`, `restate-source-gone`, `restate-source-unread`, `restate-hours-gone`,
 * `restate-shared-target`, `restate-target-changed`, `restate-without-hours`, `grain-changed`,
 * `pattern-changed` and the errors of reading.
 */
export async function openRestate(input: OpenSessionInput, asked: HoursToRestate): Promise<Session> {
  const { spec, catalog } = input;
  const target = (await catalog.loadTable(spec.target.table))?.metadata;
  const progress = target === undefined ? undefined : await targetProgress(input, target, spec.processName);
  if (target === undefined || progress === undefined) return nothingLoaded(input, asked, target);
  refuseOtherFormat(spec, target);
  refuseOtherGrain(spec, progress);
  if (asked.kind !== 'all') refuseOtherPattern(spec, { progress, target });
  refuseSharedTarget(input, target);
  const opened = await openSources(input, target, progress);
  const wanted = orAnHour(
    input,
    { ...opened, target, progress, asked },
    await hoursAsked(input, opened, asked),
  );
  const hours = input.restate?.goesOn === true && isRestated(target, spec, wanted) ? [] : wanted;
  const former = isOtherPattern(spec, { progress, target }) ? patternToKeep(progress) : undefined;
  await refuseHoursGone(input, opened, { hours, former });
  const ranges = intervalsOf(
    patternOf(spec).readsPrevious ? [...hours, ...laterHours(opened.session, hours)] : hours,
  );
  const isWhole = asked.kind === 'all' && !patternOf(spec).loadsHours;
  await refuseForeignRows(input, opened.session, isWhole ? 'all' : ranges);
  return withBegin(
    input,
    Object.freeze({ ...opened.session, restate: restateOf(input, hours, asked.kind === 'all') }),
  );
}

const restateOf = ({ restate }: OpenSessionInput, hours: readonly Hour[], isAll: boolean) => ({
  hours,
  ...(isAll ? { isAll } : {}),
  reason: restate?.reason,
});

/**
 * The hours, or a single one if all are asked for and no table has a row in any. For a process that appends
 * it stands for rows without an hour. It is also computed if the pattern, or columns of a source, are others
 * than before: the session then records the current ones, which settles `pattern-changed` and
 * `columns-replaced`.
 */
function orAnHour(
  { nowMs }: OpenSessionInput,
  {
    session: { spec, sources, target },
    recorded,
    target: metadata,
    progress,
    asked,
  }: RestateSources & {
    readonly target: TableMetadata;
    readonly progress: ProcessProgress;
    readonly asked: HoursToRestate;
  },
  hours: readonly Hour[],
): readonly Hour[] {
  if (asked.kind !== 'all' || hours.length > 0) return hours;
  const isOfOthers =
    isOtherPattern(spec, { progress, target: metadata }) ||
    sources.some(
      ({ schemaId, watermark }) => watermark?.schemaId !== undefined && watermark.schemaId !== schemaId,
    );
  if (patternOf(spec).loadsHours) {
    const { completeToHour: last } = target;
    return isOfOthers && last !== undefined ? wholeUnits(spec, [lastOfWholeUnits(spec, last)]) : hours;
  }
  const hasRows = withoutLookups(sources).some(
    (source) =>
      (recorded.get(source)?.length ?? 0) > 0 || (source.head !== undefined && source.totalRecords !== 0n),
  );
  const main = mainSnapshot(metadata);
  const isEmpty = main === undefined || liveRows(main) === 0n;
  return hasRows || (isOfOthers && isEmpty) ? wholeUnits(spec, [hourOfMs(nowMs)]) : hours;
}

/** The loaded hours after these: in a dimension they are computed from them. */
function laterHours({ target: { completeToHour } }: Session, hours: readonly Hour[]): Hour[] {
  const last = hours.at(-1);
  if (last === undefined || completeToHour === undefined) return [];
  return Array.from({ length: Math.max(0, completeToHour - last) }, (_none, index) => last + 1 + index);
}

/** Before its first session a process has no hours to compute again. */
async function nothingLoaded(
  input: OpenSessionInput,
  asked: HoursToRestate,
  target: TableMetadata | undefined,
): Promise<Session> {
  const { spec } = input;
  if (asked.kind === 'hours')
    throw refusal(
      'restate-hours-beyond',
      `${spec.processName} has loaded no hour so far: there is nothing to restate`,
      {
        hint: `load it: psyberg run ${spec.processName}`,
        context: { process_name: spec.processName, complete_to_hour: null },
      },
    );
  const sources = spec.sources.map((source) => ({ ...NOTHING_NEW, spec: source }));
  return withoutHours(input, { sources, target, progress: undefined });
}

/** The session before it is known which hours it computes. */
const withoutHours = (input: OpenSessionInput, opened: OpenedParts): Session =>
  Object.freeze({ ...sessionOf(input, opened), restate: restateOf(input, [], false) });

async function openSources(
  input: OpenSessionInput,
  target: TableMetadata,
  progress: ProcessProgress,
): Promise<RestateSources> {
  const sources: SourceState[] = [];
  const recorded = new Map<SourceState, readonly ChangedFile[]>();
  // While the pattern is another one than that of the target, a run is refused, so hints lead round it.
  const former = isOtherPattern(input.spec, { progress, target }) ? patternToKeep(progress) : undefined;
  for (const spec of input.spec.sources) {
    if (spec.files === undefined) {
      sources.push(await sourceAsOf(input, spec, { progress, former }));
      continue;
    }
    const folder = await recordedFolder(input, { ...spec, files: spec.files }, progress);
    if (folder === undefined) throw sourceUnread(input, spec, former);
    sources.push(folder.state);
    recorded.set(folder.state, folder.files);
  }
  return { session: withoutHours(input, { sources, target, progress }), recorded };
}

/** A table as the last session of the process read it. */
async function sourceAsOf(
  input: OpenSessionInput,
  spec: SourceSpec,
  { progress, former }: { readonly progress: ProcessProgress; readonly former: Pattern | undefined },
): Promise<SourceState> {
  const name = tableName(spec.table);
  const metadata = (await input.catalog.loadTableToRead(spec.table))?.metadata;
  if (metadata === undefined) throw sourceGone(input, name);
  const found = watermarkFor(progress, { name, tableUuid: metadata['table-uuid'] });
  const eventTime = spec.lookup === undefined ? eventTimeOf(spec, metadata) : undefined;
  const idle = {
    ...NOTHING_NEW,
    spec,
    ...given({ columns: duckdbColumns(currentSchema(metadata).fields) }),
    ...protectionFacts(metadata, input.spec),
    ...eventTimeFacts(eventTime),
  };
  // If it was a lookup before and is an event source now, or the reverse, none of its rows was loaded in that
  // way.
  const isRead = found !== undefined && (found.onChange === undefined) === (spec.lookup === undefined);
  if (!isRead) {
    const head = mainSnapshot(metadata);
    // Its changes leave loaded hours as they are, so no ordinary session would ever come to read it.
    if (spec.lookup?.onChange === 'ignore' && head !== undefined)
      return Object.freeze({
        ...{ ...idle, head: positionOf(metadata, head), ...headCounts(head) },
        schemaId: metadata['current-schema-id'],
      });
    throw sourceUnread(input, spec, former);
  }
  if (found.tableUuid !== metadata['table-uuid'])
    throw sourceReplaced(input, name, { watermark: found, found: metadata['table-uuid'] });
  if (spec.lookup?.onChange === 'restate' && found.onChange !== 'restate')
    throw sourceUnread(input, spec, former);
  if (patternOf(input.spec).loadsHours)
    refuseOtherEventTime(
      input.spec,
      { source: spec, metadata, eventTime },
      watermarksOn(progress, metadata['table-uuid']),
    );
  if (snapshotById(metadata, found.snapshotId) === undefined)
    throw sourceExpired(input, name, { snapshotId: found.snapshotId, former });
  // If only some hours are computed, the others still depend on the columns as they were.
  const isAll = input.restate?.hours?.kind === 'all';
  const schema = isAll ? { schemaId: metadata['current-schema-id'] } : {};
  return Object.freeze({ ...idle, ...asOfWatermark(found), ...schema });
}

/** Commands that have a run read a source. `former`: the pattern of the target, if it is another one now. */
function byRun({ spec }: OpenSessionInput, former: Pattern | undefined, what: string): string {
  const { processName, pattern, file } = spec;
  if (former === undefined) return `run "psyberg run ${processName}" ${what}, and restate then`;
  const target = tableName(spec.target.table);
  return `write pattern: ${former} in ${file} again and run "psyberg run ${processName}" ${what}; then pattern: ${pattern}, and "psyberg restate ${processName} --all"; or drop ${target} and run "psyberg run ${processName}" with pattern: ${pattern}`;
}

function sourceUnread(input: OpenSessionInput, { table }: SourceSpec, former: Pattern | undefined): Error {
  const { processName } = input.spec;
  return refusal(
    'restate-source-unread',
    `no session of ${processName} has read ${tableName(table)} so far: there is no watermark as of which hours could be computed again`,
    {
      hint: byRun(input, former, 'first, which loads the hours of a source that is new to it'),
      context: { process_name: processName, table: tableName(table) },
    },
  );
}

function sourceGone({ spec: { processName } }: OpenSessionInput, table: string): Error {
  return refusal(
    'restate-source-gone',
    `the source ${table} of ${processName} is gone: nothing can be computed from it again`,
    {
      hint: `bring ${table} back, or take it out of the process`,
      context: { process_name: processName, table, snapshot_id: null },
    },
  );
}

function sourceExpired(
  input: OpenSessionInput,
  table: string,
  { snapshotId, former }: { readonly snapshotId: bigint; readonly former: Pattern | undefined },
): Error {
  const { processName } = input.spec;
  const moved = `when ${table} has news, which moves the watermark to a snapshot that is there`;
  return refusal(
    'restate-source-gone',
    `the source ${table} has snapshot ${snapshotId} no more, up to which ${processName} has loaded it: it was expired, and what it held cannot be read`,
    {
      hint: `${byRun(input, former, moved)}; psyberg maintain expires no snapshot of a watermark`,
      context: { process_name: processName, table, snapshot_id: String(snapshotId) },
    },
  );
}
