/** Finds how far a source is complete, and its newest hour with rows. SourceTable + head -> hours. */
import { relative } from 'node:path';
import { newestHourOf } from '../changes/newest-hour.ts';
import type { Source, SourceTable } from '../changes/source.ts';
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { type AskedPlace, vttsKind } from '../kinds/vtts/index.ts';
import { given } from '../model/given.ts';
import { unitOf } from '../model/grain.ts';
import { type Hour, lastAllowedHour } from '../model/hour.ts';
import { sameTable, tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { SourceState, Watermark } from '../model/session.ts';
import { announcedFor } from '../state/announced-for.ts';
import { type ProcessProgress, watermarkFor } from '../state/process-progress.ts';
import { type StateRelation, stateRelation } from '../state/state-relation.ts';
import { SUMMARY } from '../state/summary-keys.ts';
import { SIGNAL } from '../state/tables/signal.ts';
import type { OpenSessionInput } from './session-input.ts';
import { eventTimeFacts } from './source-facts.ts';
import { askVtts } from './vtts.ts';

/** What is already known of the source. `from`: the position from which its changes were looked for. */
interface Found {
  readonly head: Snapshot;
  readonly from: Watermark | undefined;
  readonly changed: Pick<SourceState, 'files' | 'deleteFiles'>;
  readonly progress: ProcessProgress | undefined;
  /** Undefined where the provider is asked now, or not at all. */
  readonly promised: Promised | undefined;
  readonly open: () => Promise<Source>;
}

/** What a provider said before the source was pinned. */
export interface Promised {
  /** Undefined: the source is complete for no hour. */
  readonly hour: Hour | undefined;
}

/** `promised`: undefined where the provider need not be asked while the source's head is this one. */
interface AskedBefore {
  readonly promised: Promised | undefined;
  readonly head: SnapshotId | undefined;
}

/**
 * Asks a provider that moves on by itself, such as the signals of another process, before the source is
 * pinned. Undefined for one that has to be asked later.
 */
export async function askedBefore(
  input: OpenSessionInput,
  spec: SourceSpec,
  progress: ProcessProgress | undefined,
): Promise<AskedBefore | undefined> {
  if (vttsKind(spec.vtts.kind).isOfHead || input.isLoaded === true || isOlderPlace(input, spec))
    return undefined;
  const metadata = (await input.catalog.loadTable(spec.table))?.metadata;
  const main = metadata === undefined ? undefined : mainSnapshot(metadata);
  if (metadata === undefined || main === undefined) return { promised: undefined, head: undefined };
  const head = main['snapshot-id'];
  const watermark = watermarkFor(progress, {
    name: tableName(spec.table),
    tableUuid: metadata['table-uuid'],
  });
  const hasChanged = watermark?.snapshotId !== head;
  if (!asksProvider(input, spec, { hasChanged, progress })) return { promised: undefined, head };
  const hour = await askProvider(input, spec, { newestHour: undefined, snapshots: () => [] });
  return { promised: { hour }, head };
}

/**
 * What was promised of the source as it is pinned. A provider that need not be asked has to be asked once
 * rows came in between, and then it is too late: it promises nothing until the next session.
 */
export function promisedOf(
  { promised, head }: AskedBefore,
  pinned: TableMetadata | undefined,
): Promised | undefined {
  if (promised !== undefined) return promised;
  const main = pinned === undefined ? undefined : mainSnapshot(pinned);
  return main?.['snapshot-id'] === head ? undefined : { hour: undefined };
}

/** The newest hour with rows, and the hour up to which all rows are there. */
export async function completenessOf(
  input: OpenSessionInput,
  table: SourceTable,
  { head, from, changed, progress, promised, open }: Found,
): Promise<Pick<SourceState, 'newestHour' | 'laterHours' | 'vttsHour'>> {
  const { spec, metadata } = table;
  const { newestHour, laterHours } = await newestHourOf({
    open,
    source: table,
    head,
    watermark: from,
    changed,
    completeToHour: progress?.completeToHour,
  });
  const asks =
    promised === undefined && asksProvider(input, spec, { hasChanged: changed.files.length > 0, progress });
  const said = asks
    ? await askProvider(input, spec, {
        newestHour: newestHour === undefined ? undefined : lastOfNewest(input, table, newestHour),
        snapshots: () => ancestors(metadata, head),
        // What is complete now may not have been complete at an older place, and then nothing new of it would
        // come.
        ...(isOlderPlace(input, spec) ? { asOf: placeOf(head) } : {}),
      })
    : promised?.hour;
  const vttsHour = spec.vtts.kind === 'signal' ? announcedFor(metadata, head, said) : said;
  return given({ newestHour, vttsHour, laterHours });
}

/**
 * The hour up to which rows in the newest hour show the source to be complete: rows of a day show it for the
 * whole day. A target of days only has complete days. A date stands for its midnight until its day is over;
 * after that it stands for the day, or a process of days would have to wait for the next date.
 */
function lastOfNewest(input: OpenSessionInput, table: SourceTable, newestHour: Hour): Hour {
  const writer = input.project.processes.find((each) => sameTable(each.target.table, table.spec.table));
  const isOfDays = writer?.grain === 'day' && patternOf(writer).loadsHours;
  const { lastHour } = unitOf({ grain: 'day' }, newestHour);
  const isOver = lastHour <= table.lastAllowedHour;
  const isDate = input.spec.grain === 'day' && table.eventTime?.unit === 'day';
  return isOfDays || (isDate && isOver) ? lastHour : newestHour;
}

/**
 * The state of a source without a snapshot. It is complete if its VTTS does not depend on rows. Its event
 * time is known already, from the table's columns.
 */
export async function emptyState(
  input: OpenSessionInput,
  spec: SourceSpec,
  eventTime: SourceTable['eventTime'],
): Promise<Partial<SourceState>> {
  if (vttsKind(spec.vtts.kind).knowsWithoutRows !== true) return {};
  const vttsHour = await askProvider(input, spec, { newestHour: undefined, snapshots: () => [] });
  return { ...eventTimeFacts(eventTime), ...given({ vttsHour }) };
}

/**
 * Whether to ask the VTTS provider, which mostly costs a query. Without changes and owed hours completeness
 * only matters to a dimension and to a process of several sources. An adoption asks too: it owes the hours
 * that are not complete.
 */
function asksProvider(
  { spec, lookUpTo, adoptAt }: OpenSessionInput,
  source: SourceSpec,
  { hasChanged, progress }: { readonly hasChanged: boolean; readonly progress: ProcessProgress | undefined },
): boolean {
  if (lookUpTo !== undefined || adoptAt !== undefined) return true;
  if (
    vttsKind(source.vtts.kind).isFree ||
    spec.sources.filter(({ lookup }) => lookup === undefined).length > 1 ||
    patternOf(spec).readsPrevious
  )
    return true;
  // Rows that were loaded already may reach hours that become complete only now.
  if (source.window !== undefined) return true;
  return hasChanged || (progress?.watermarks ?? []).some((each) => each.owedHours.length > 0);
}

async function signalsOf({ catalog, project, engine }: OpenSessionInput): Promise<StateRelation | undefined> {
  const { signalTable: table } = project.tables;
  const found = await catalog.loadTable(table);
  return found === undefined ? undefined : stateRelation(await engine(), { table, ...found }, SIGNAL);
}

const isOlderPlace = ({ adoptAt }: OpenSessionInput, spec: SourceSpec): boolean =>
  adoptAt !== undefined && adoptAt(spec).kind !== 'now';

const placeOf = (head: Snapshot): AskedPlace => ({
  committedAtMs: head['timestamp-ms'],
  psybergSessionId: head.summary?.[SUMMARY.sessionId],
});

/** Asks the VTTS provider up to which hour the source is complete. */
const askProvider = (
  input: OpenSessionInput,
  spec: SourceSpec,
  known: Pick<Parameters<typeof askVtts>[0], 'newestHour' | 'snapshots' | 'asOf'>,
): Promise<Hour | undefined> =>
  askVtts({
    ...known,
    processName: input.spec.processName,
    file: relative(input.project.root, input.spec.file),
    spec,
    lastAllowedHour: lastAllowedHour(input.nowMs, spec),
    signals: () => signalsOf(input),
    engine: input.engine,
  });
