/**
 * Expires snapshots and deletes what only they reached. Table -> fewer snapshots, fewer files. Finds the
 * files before the commit and deletes them after it: a crash before it leaves the table as it was, a crash
 * after it leaves orphan files.
 */
import { basename } from 'node:path';
import type { LoadedTable } from '../catalog/client/catalog-client.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import { type Expiry, expiredBy } from '../iceberg/retention.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableRequirement, TableUpdate } from '../iceberg/table-update.ts';
import { isInUse, oldestSessionMs } from '../markers/sessions-at-work.ts';
import { type FreedFiles, type MaintainRecord, NOTHING_FREED } from '../model/maintain-record.ts';
import { plainPath } from '../model/plain-path.ts';
import { sessionOfName } from '../model/session-branch.ts';
import { globLiteral, statement } from '../statements/index.ts';
import { loadTable, type MaintainContext, untilItWins } from './context.ts';
import { type Deletion, deleteFiles, sumFreed } from './delete-files.ts';
import { graceMs } from './limits.ts';
import { listedAgain } from './listed-again.ts';
import { type NeededSnapshots, neededSnapshots } from './needed-snapshots.ts';
import { reachFiles, reachManifests, type TableFile, unreachedFiles, withReach } from './reach.ts';

export interface ExpireOutcome {
  readonly expired: NonNullable<MaintainRecord['expired']>;
  readonly freed: FreedFiles;
}

/** Expires what the limits and the table's own properties allow. */
export async function expireSnapshots(context: MaintainContext): Promise<ExpireOutcome> {
  return untilItWins(context.ports, async () => {
    const loaded = await loadTable(context);
    return expireOnce(context, { loaded, ...whatExpires(context, loaded.metadata) });
  });
}

interface WhatExpires {
  readonly expiry: Expiry;
  readonly needed: NeededSnapshots;
  /** What would expire if nobody needed anything. */
  readonly wanted: Expiry;
}

/** Finds what the limits let expire, both with and without regard to those who need it. */
function whatExpires(
  { ports, options, watermarks }: Pick<MaintainContext, 'ports' | 'options' | 'watermarks'>,
  metadata: TableMetadata,
): WhatExpires {
  const needed = neededSnapshots({
    metadata,
    watermarks,
    sessionsSinceMs: oldestSessionMs(ports.sessionsDirectory),
  });
  const isNobodys = (branch: string): boolean =>
    isOfNoProcess(ports, branch) && !isInUse(ports.sessionsDirectory, branch, metadata);
  const limits = {
    nowMs: ports.nowMs(),
    olderThanMs: options.olderThanMs,
    retainLast: options.retainLast,
    // The next session of a process drops its branches, since it knows whether anybody still works on them.
    keepsRef: (name: string) => sessionOfName(name) !== undefined && !isNobodys(name),
    dropsRef: isNobodys,
  };
  return { expiry: expiredBy(metadata, limits, needed.ids), needed, wanted: expiredBy(metadata, limits) };
}

/** A branch whose process was removed from the project: no session will come to drop it. */
function isOfNoProcess({ project }: Pick<MaintainContext['ports'], 'project'>, branch: string): boolean {
  const processName = sessionOfName(branch)?.processName;
  return processName !== undefined && !project.processes.some((spec) => spec.processName === processName);
}

async function expireOnce(
  context: MaintainContext,
  plan: WhatExpires & { readonly loaded: LoadedTable },
): Promise<ExpireOutcome> {
  const { ports, options, table } = context;
  const { expiry, wanted, needed } = plan;
  let { loaded } = plan;
  const gone = expiry.snapshots;
  const files = gone.length === 0 ? [] : await filesOfExpired(context, loaded.metadata, gone);
  if (!options.dryRun && (gone.length > 0 || expiry.refs.length > 0)) {
    ports.onStep(`${[...table.namespace, table.name].join('.')}: expire ${gone.length} snapshots`);
    loaded = await ports.catalog.commitTable(table, {
      requirements: unmoved(loaded.metadata),
      updates: updatesOf(expiry),
    });
  }
  // From here on nothing reaches the files. No more statements run that an interruption could stop.
  const deletion = await deleteFiles(files, { warehouse: ports.warehouse, dryRun: options.dryRun ?? false });
  noteWhatStayed(context, deletion);
  const old = await deleteOldMetadata(context, loaded);
  const wantedIds = new Set(wanted.snapshots.map((snapshot) => snapshot['snapshot-id']));
  return {
    expired: {
      snapshots: gone.length,
      refs: expiry.refs,
      kept: (loaded.metadata.snapshots?.length ?? 0) - (options.dryRun ? gone.length : 0),
      kept_for: [...needed.holders].flatMap(([who, ids]) => {
        const snapshots = [...ids].filter((id) => wantedIds.has(id)).length;
        return snapshots === 0 ? [] : [{ who, snapshots }];
      }),
    },
    freed: sumFreed(deletion.freed, old),
  };
}

/** Requires that nobody has moved a reference, since references determined which snapshots stay. */
const unmoved = (metadata: TableMetadata): TableRequirement[] => [
  { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
  ...(metadata.refs?.['main'] === undefined
    ? [{ type: 'assert-ref-snapshot-id' as const, ref: 'main', 'snapshot-id': null }]
    : []),
  ...Object.entries(metadata.refs ?? {}).map(([ref, { 'snapshot-id': id }]) => ({
    type: 'assert-ref-snapshot-id' as const,
    ref,
    'snapshot-id': id,
  })),
];

const updatesOf = ({ snapshots, refs }: Expiry): TableUpdate[] => [
  ...refs.map((name) => ({ action: 'remove-snapshot-ref' as const, 'ref-name': name })),
  ...(snapshots.length === 0
    ? []
    : [
        {
          action: 'remove-snapshots' as const,
          'snapshot-ids': snapshots.map((snapshot) => snapshot['snapshot-id']),
        },
      ]),
];

/** Lists data files first: as long as a manifest exists, it tells what else was to be deleted. */
async function filesOfExpired(
  { ports }: MaintainContext,
  metadata: TableMetadata,
  gone: readonly Snapshot[],
): Promise<TableFile[]> {
  const goneIds = new Set(gone.map((snapshot) => snapshot['snapshot-id']));
  const kept = (metadata.snapshots ?? []).filter((snapshot) => !goneIds.has(snapshot['snapshot-id']));
  const inManifests = await withReach(ports.engine, async () => {
    await reachManifests(ports.engine, kept);
    return unreachedFiles(ports.engine, gone, () => reachFiles(ports.engine, kept));
  });
  const keptLists = new Set(kept.map((snapshot) => snapshot['manifest-list']));
  const statistics = [...(metadata.statistics ?? []), ...(metadata['partition-statistics'] ?? [])] as {
    'snapshot-id': bigint;
    'statistics-path'?: string;
  }[];
  const keptStatistics = new Set(
    statistics.filter((file) => !goneIds.has(file['snapshot-id'])).map((file) => file['statistics-path']),
  );
  return [
    ...inManifests,
    ...statistics.flatMap((file): TableFile[] => {
      const path = file['statistics-path'];
      return path === undefined || !goneIds.has(file['snapshot-id']) || keptStatistics.has(path)
        ? []
        : [{ path, kind: 'other_files' }];
    }),
    ...gone
      .filter((snapshot) => !keptLists.has(snapshot['manifest-list']))
      .map((snapshot): TableFile => ({ path: snapshot['manifest-list'], kind: 'manifest_lists' })),
  ];
}

/**
 * Deletes metadata files that the table's log has dropped: with 744 hourly sessions they were 1 GB, and the
 * table 20 MB (2026-11-22).
 */
async function deleteOldMetadata(
  context: MaintainContext,
  { metadata, metadataLocation }: LoadedTable,
): Promise<FreedFiles> {
  const { ports, options } = context;
  if (metadataLocation === '') return NOTHING_FREED;
  const known = [
    metadataLocation,
    ...(metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file']),
  ];
  const own = await listedAgain(async () => {
    const rows = await ports.engine.query(statement('maintain/old_metadata_files'), {
      pattern: `${globLiteral(plainPath(tableRoot(metadata)))}/metadata/*.metadata.json`,
      known_files: known.map((location) => basename(location)),
      before_ms: ports.nowMs() - graceMs(options),
    });
    const paths = rows.map((row) => row.path).filter((path) => !/\.gz(\.metadata\.json)?$/.test(path));
    if (paths.length === 0) return [];
    return ports.engine.query(statement('maintain/metadata_files_of_table'), {
      paths,
      table_uuid: metadata['table-uuid'],
    });
  });
  const files = own.map(({ path }): TableFile => ({ path, kind: 'metadata_files' }));
  const deletion = await deleteFiles(files, { warehouse: ports.warehouse, dryRun: options.dryRun ?? false });
  noteWhatStayed(context, deletion);
  return deletion.freed;
}

/** Notes what could not be deleted. */
export function noteWhatStayed(
  { notes }: Pick<MaintainContext, 'notes'>,
  { outside, failed, failure }: Deletion,
): void {
  if (outside > 0) notes.push(`${outside} files lie outside the warehouse and were left alone`);
  if (failed > 0)
    notes.push(`${failed} files could not be deleted: ${failure}; the next run finds them as orphans`);
}
