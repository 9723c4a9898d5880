/**
 * Maintains tables: compaction, manifests, expiry, orphans, in this order. Options -> report. A table that
 * fails or is left alone does not stop the others.
 */
import { mayDeleteFiles } from '../iceberg/retention.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { type PsybergError, usageError } from '../model/errors.ts';
import {
  type DroppedTableRecord,
  MAINTAIN_TASKS,
  type MaintainOptions,
  type MaintainRecord,
  type MaintainReport,
  type MaintainStatus,
  type MaintainTask,
  NOTHING_FREED,
} from '../model/maintain-record.ts';
import { parseTableName, sameTable, type TableIdentifier, tableName } from '../model/names.ts';
import { shownError } from '../model/storage-faults.ts';
import { compactTable } from './compact.ts';
import { loadTable, type MaintainContext, type MaintainPorts, stopIfInterrupted } from './context.ts';
import { dropDeadMaintenance } from './drop-dead.ts';
import { expireSnapshots } from './expire-snapshots.ts';
import { heldWatermarks } from './held-watermarks.ts';
import { checkLimits } from './limits.ts';
import { type HeldWatermark, neededSnapshots } from './needed-snapshots.ts';
import { type OrphanOutcome, removeOrphans } from './remove-orphans.ts';
import { rewriteTableManifests } from './rewrite-manifests.ts';
import { strangersOf, strangerText } from './strangers.ts';

export interface MaintainRequest extends MaintainOptions {
  /** Called with each table as soon as its own tasks are done; orphans come last, for all tables together. */
  readonly onRecord?: (record: MaintainRecord) => void;
}

/**
 * Maintains the named tables, by default all of the catalog. Throws `table-missing` and errors of the
 * options before anything is done. `portsNow` is called for each table, since the one before may have ended
 * the engine.
 */
export async function maintainTables(
  portsNow: () => Promise<MaintainPorts>,
  names: readonly string[] | undefined,
  request: MaintainRequest = {},
): Promise<MaintainReport> {
  checkLimits(request);
  const ports = await portsNow();
  const tasks = new Set<MaintainTask>(request.only ?? MAINTAIN_TASKS);
  const catalogTables = await allTables(ports);
  const wanted =
    names === undefined || names.length === 0
      ? undefined
      : names.map((name) => namedTable(name, catalogTables));
  if (request.dryRun !== true) await dropDeadMaintenance(ports);
  const metadata: TableMetadata[] = [];
  for (const id of catalogTables) {
    const loaded = await ports.catalog.loadTable(id);
    if (loaded !== undefined) metadata.push(loaded.metadata);
  }
  const watermarks = await heldWatermarks(ports, metadata);
  const records: MaintainRecord[] = [];
  for (const table of wanted ?? catalogTables)
    records.push(await maintainTable(await portsNow(), { table, tasks, watermarks, options: request }));
  let dropped: readonly DroppedTableRecord[] = [];
  const stopped = records.some((record) => record.status === 'interrupted');
  if (tasks.has('orphans') && !stopped) {
    const outcome = await attempt(async () =>
      removeOrphans({ ports: await portsNow(), options: request, tables: wanted, catalogTables }),
    );
    for (const [index, record] of records.entries())
      records[index] =
        'error' in outcome
          ? failedRecord(record, outcome.error)
          : withOrphans(record, outcome.value.tables.get(record.table));
    if ('value' in outcome) dropped = outcome.value.dropped;
  }
  for (const record of records) request.onRecord?.(record);
  return { tables: records, dropped_tables: dropped };
}

/** Lists every table of the catalog, in the order of their names. */
export async function allTables(ports: Pick<MaintainPorts, 'catalog'>): Promise<TableIdentifier[]> {
  const tables: TableIdentifier[] = [];
  const below = async (parent: readonly string[]): Promise<void> => {
    for (const namespace of await ports.catalog.listNamespaces(parent)) {
      const path = namespace.length > parent.length ? namespace : [...parent, ...namespace];
      tables.push(...(await ports.catalog.listTables(path)));
      await below(path);
    }
  };
  await below([]);
  return tables.sort((left, right) => (tableName(left) < tableName(right) ? -1 : 1));
}

function namedTable(name: string, tables: readonly TableIdentifier[]): TableIdentifier {
  const wanted = parseTableName(name);
  const found = tables.find((table) => sameTable(table, wanted));
  if (found === undefined)
    throw usageError('table-missing', `the catalog has no table ${name}`, {
      hint:
        tables.length === 0
          ? 'the warehouse is empty'
          : `there are ${tables.slice(0, 8).map(tableName).join(', ')}${tables.length > 8 ? ' and more' : ''}`,
      context: { table: name },
    });
  return found;
}

interface TableJob {
  readonly table: TableIdentifier;
  readonly tasks: ReadonlySet<MaintainTask>;
  readonly watermarks: readonly HeldWatermark[];
  readonly options: MaintainOptions;
}

async function maintainTable(ports: MaintainPorts, job: TableJob): Promise<MaintainRecord> {
  const { table, tasks, options } = job;
  const startedMs = performance.now();
  const notes: string[] = [];
  const name = tableName(table);
  const context: MaintainContext = {
    ports,
    options,
    table,
    notes,
    watermarks: job.watermarks.filter((each) => each.table === name.toLowerCase()),
  };
  const draft: { -readonly [Key in keyof MaintainRecord]: MaintainRecord[Key] } = {
    table: name,
    status: 'nothing-to-do',
    dry_run: options.dryRun ?? false,
    compacted: null,
    manifests: null,
    expired: null,
    freed: NOTHING_FREED,
    reported: { metadata_files: 0, unknown_files: 0, bytes: '0' },
    orphans: null,
    notes,
    seconds: 0,
    error: null,
  };
  const outcome = await attempt(async () => {
    stopIfInterrupted(ports);
    const { metadata } = await loadTable(context);
    const isState = Object.values(ports.project.tables).some((each) => sameTable(each, table));
    if (tasks.has('compact') && !isState) draft.compacted = await compactUnlessWatched(context, metadata);
    if (tasks.has('manifests') && !isState) draft.manifests = await rewriteTableManifests(context);
    if (tasks.has('expire')) {
      if (!mayDeleteFiles(metadata))
        notes.push('the table property gc.enabled is false: nothing was expired and no file deleted');
      else {
        for (const stranger of strangersOf(ports.project, name, {
          metadata,
          watermarks: context.watermarks,
          limits: {
            nowMs: ports.nowMs(),
            olderThanMs: options.olderThanMs,
            retainLast: options.retainLast,
          },
        })) {
          const { what, hint } = strangerText(stranger);
          notes.push(`${what}; ${hint}`);
        }
        const { expired, freed } = await expireSnapshots(context);
        draft.expired = expired;
        draft.freed = freed;
      }
    }
  });
  draft.seconds = Math.round(performance.now() - startedMs) / 1000;
  if ('error' in outcome) return failedRecord(draft, outcome.error);
  draft.status = statusOf(draft);
  return draft;
}

/**
 * Compacts the table unless a process's watermark is no longer reached by its history: that process tells
 * new files by their numbers, and could not tell merged files apart.
 */
async function compactUnlessWatched(
  context: MaintainContext,
  metadata: TableMetadata,
): Promise<MaintainRecord['compacted']> {
  const { detached, readToSequenceNumber } = neededSnapshots({
    metadata,
    watermarks: context.watermarks,
    sessionsSinceMs: undefined,
  });
  if (detached.length === 0) return compactTable(context, readToSequenceNumber);
  context.notes.push(
    `not compacted: the snapshot of the watermark of ${[...new Set(detached)].join(', ')} was expired, so its next session compares live files; run it first`,
  );
  return null;
}

/** Whether something was done, nothing had to be done, or the table was left alone as a whole. */
function statusOf(record: MaintainRecord): MaintainStatus {
  const freed = BigInt(record.freed.bytes) + BigInt(record.orphans?.bytes ?? '0');
  const did =
    (record.expired?.snapshots ?? 0) +
      (record.expired?.refs.length ?? 0) +
      (record.compacted?.files_before ?? 0) >
    0;
  if (did || freed > 0n || (record.manifests !== null && record.manifests.before !== record.manifests.after))
    return 'done';
  return record.notes.length > 0 && record.expired === null && record.compacted === null
    ? 'skipped'
    : 'nothing-to-do';
}

function withOrphans(record: MaintainRecord, outcome: OrphanOutcome | undefined): MaintainRecord {
  if (outcome === undefined || record.error !== null) return record;
  const merged = {
    ...record,
    orphans: outcome.orphans,
    reported: outcome.reported,
    notes: [...record.notes, ...outcome.notes],
  };
  return { ...merged, status: statusOf(merged) };
}

async function attempt<T>(
  work: () => Promise<T>,
): Promise<{ readonly value: T } | { readonly error: PsybergError }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: shownError(error) };
  }
}

function failedRecord(record: MaintainRecord, error: PsybergError): MaintainRecord {
  const status: MaintainStatus =
    error.kind === 'interrupted' || error.kind === 'conflict' ? error.kind : 'failed';
  return { ...record, status, error: error.toJSON() };
}
