/**
 * Applies a commit to a table. Metadata + updates + time -> metadata. Pure. The rules are those of Apache
 * Iceberg's `TableMetadata.Builder`; where it is more lenient than its specification, the comment says so.
 */
import { usageError } from '../model/errors.ts';
import { closeDraft, invalid, type MetadataDraft, openDraft } from './metadata-draft.ts';
import { FORMAT_VERSION_MAX } from './read-metadata.ts';
import type { Snapshot, SnapshotId, SnapshotReference, TableMetadata } from './table-metadata.ts';
import type { StatisticsFile, TableUpdate } from './table-update.ts';
import { withoutSlash } from './without-slash.ts';
import * as schemas from './update-schemas.ts';
import * as snapshots from './update-snapshots.ts';

/**
 * Applies all updates in order.
 * @param base the table as it is, or `undefined` to create one from the updates alone.
 * @returns the same object when nothing changed: then there is nothing to write.
 * @throws PsybergError `invalid-table-update` or `unknown-update` (a bad request), `commit-conflict`
 * (overtaken by another commit).
 */
export function applyUpdates(
  base: TableMetadata | undefined,
  updates: readonly TableUpdate[],
  nowMs: number,
): TableMetadata {
  const draft = openDraft(base, nowMs);
  if (base === undefined) draft.formatVersion = initialFormatVersion(updates);
  for (const update of updates) applyUpdate(draft, update, base === undefined);
  if (base !== undefined && !draft.changed) return base;
  schemas.checkDefaults(draft);
  snapshots.correctSnapshotLog(draft);
  return closeDraft(base, draft);
}

/** A created table has its final format version from the start: there is nothing to upgrade from. */
function initialFormatVersion(updates: readonly TableUpdate[]): number {
  const upgrade = updates.find((update) => update.action === 'upgrade-format-version');
  if (upgrade === undefined) return 2;
  checkFormatVersion(upgrade['format-version']);
  return upgrade['format-version'];
}

function applyUpdate(draft: MetadataDraft, update: TableUpdate, creating: boolean): void {
  switch (update.action) {
    case 'assign-uuid':
      if (draft.uuid === update.uuid) return;
      // A table keeps its identity: watermarks of other programs are bound to it.
      if (!creating && draft.uuid !== undefined)
        throw invalid(`Cannot reassign uuid: expected ${draft.uuid}, found ${update.uuid}`);
      draft.uuid = update.uuid;
      draft.changed = true;
      return;
    case 'upgrade-format-version':
      upgradeFormatVersion(draft, update['format-version']);
      return;
    case 'add-schema':
      schemas.addSchema(draft, update.schema);
      return;
    case 'set-current-schema':
      schemas.setCurrentSchema(draft, update['schema-id']);
      return;
    case 'remove-schemas':
      schemas.removeSchemas(draft, update['schema-ids']);
      return;
    case 'add-spec':
      schemas.addSpec(draft, update.spec);
      return;
    case 'set-default-spec':
      schemas.setDefaultSpec(draft, update['spec-id']);
      return;
    case 'remove-partition-specs':
      schemas.removeSpecs(draft, update['spec-ids']);
      return;
    case 'add-sort-order':
      schemas.addSortOrder(draft, update['sort-order']);
      return;
    case 'set-default-sort-order':
      schemas.setDefaultSortOrder(draft, update['sort-order-id']);
      return;
    case 'add-snapshot':
      snapshots.addSnapshot(draft, update.snapshot);
      return;
    case 'set-snapshot-ref': {
      const { action: _action, 'ref-name': name, ...ref } = update;
      snapshots.setRef(draft, name, withoutUndefined(ref));
      return;
    }
    case 'remove-snapshot-ref':
      snapshots.removeRef(draft, update['ref-name']);
      return;
    case 'remove-snapshots':
      snapshots.removeSnapshots(draft, update['snapshot-ids']);
      return;
    case 'set-location': {
      const location = withoutSlash(update.location);
      draft.changed ||= draft.location !== location;
      draft.location = location;
      return;
    }
    case 'set-properties':
      for (const [name, value] of Object.entries(update.updates)) draft.properties.set(name, value);
      draft.changed ||= Object.keys(update.updates).length > 0;
      return;
    case 'remove-properties':
      for (const name of update.removals) draft.properties.delete(name);
      draft.changed ||= update.removals.length > 0;
      return;
    case 'set-statistics':
      draft.statistics = replaceStatistics(draft.statistics, update.statistics);
      draft.changed = true;
      return;
    case 'remove-statistics':
      removeStatistics(draft, 'statistics', update['snapshot-id']);
      return;
    case 'set-partition-statistics':
      draft.partitionStatistics = replaceStatistics(
        draft.partitionStatistics,
        update['partition-statistics'],
      );
      draft.changed = true;
      return;
    case 'remove-partition-statistics':
      removeStatistics(draft, 'partitionStatistics', update['snapshot-id']);
      return;
    case 'add-encryption-key':
      if (draft.encryptionKeys.some((key) => key['key-id'] === update['encryption-key']['key-id'])) return;
      draft.encryptionKeys = [...draft.encryptionKeys, update['encryption-key']];
      draft.changed = true;
      return;
    case 'remove-encryption-key': {
      const kept = draft.encryptionKeys.filter((key) => key['key-id'] !== update['key-id']);
      draft.changed ||= kept.length < draft.encryptionKeys.length;
      draft.encryptionKeys = kept;
      return;
    }
    default:
      // Reachable from the outside: to skip an unknown update would be to lose it silently.
      throw usageError(
        'unknown-update',
        `Unknown table update: ${String((update as { action: unknown }).action)}`,
      );
  }
}

function checkFormatVersion(version: number): void {
  if (!Number.isInteger(version) || version < 1 || version > FORMAT_VERSION_MAX) {
    throw invalid(
      `Cannot upgrade table to unsupported format version: v${version} (supported: v${FORMAT_VERSION_MAX})`,
    );
  }
}

function upgradeFormatVersion(draft: MetadataDraft, version: number): void {
  checkFormatVersion(version);
  if (version < draft.formatVersion)
    throw invalid(`Cannot downgrade v${draft.formatVersion} table to v${version}`);
  if (version === draft.formatVersion) return;
  // Version 1 has no sequence numbers, but DuckDB writes some into its manifest lists, at most one for each
  // snapshot: what comes next is above them, or an equality delete would not reach those files (Iceberg
  // specification, "Scan Planning").
  if (draft.formatVersion === 1)
    draft.lastSequenceNumber = [...draft.snapshots].reduce(greaterNumber, BigInt(draft.snapshots.length));
  draft.formatVersion = version;
  draft.changed = true;
}

const replaceStatistics = (files: readonly StatisticsFile[], file: StatisticsFile): StatisticsFile[] => [
  ...files.filter((known) => known['snapshot-id'] !== file['snapshot-id']),
  file,
];

function removeStatistics(
  draft: MetadataDraft,
  list: 'statistics' | 'partitionStatistics',
  snapshotId: SnapshotId,
): void {
  const kept = draft[list].filter((file) => file['snapshot-id'] !== snapshotId);
  draft.changed ||= kept.length < draft[list].length;
  draft[list] = kept;
}

const withoutUndefined = (ref: SnapshotReference): SnapshotReference =>
  Object.fromEntries(
    Object.entries(ref).filter(([, value]) => value !== undefined && value !== null),
  ) as unknown as SnapshotReference;

/**
 * How many earlier metadata files a table remembers unless `write.metadata.previous-versions-max` says
 * otherwise.
 */
const PREVIOUS_VERSIONS_DEFAULT = 100;

/**
 * Notes in the metadata log which file held the table before this commit.
 * @returns the metadata, and the earlier files that fell off the log's end.
 */
export function rememberPreviousFile(
  metadata: TableMetadata,
  previous: { readonly 'metadata-file': string; readonly 'timestamp-ms': number },
): { metadata: TableMetadata; forgotten: readonly string[] } {
  const configured = Number.parseInt(metadata.properties?.['write.metadata.previous-versions-max'] ?? '', 10);
  const max = Math.max(1, Number.isNaN(configured) ? PREVIOUS_VERSIONS_DEFAULT : configured);
  const log = [...(metadata['metadata-log'] ?? []), previous];
  const dropped = Math.max(0, log.length - max);
  return {
    metadata: { ...metadata, 'metadata-log': log.slice(dropped) },
    forgotten: log.slice(0, dropped).map((entry) => entry['metadata-file']),
  };
}

const greaterNumber = (number: bigint, { 'sequence-number': own = 0n }: Snapshot): bigint =>
  own > number ? own : number;
