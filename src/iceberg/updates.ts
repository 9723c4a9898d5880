/**
 * Applies a commit to a table. Metadata + updates + time -> metadata. Pure. The rules are those of Apache
 * Iceberg's `TableMetadata.Builder`; comments say where it is more lenient than its specification.
 */
import { usageError } from '../model/errors.ts';
import { withoutSlash } from '../model/without-slash.ts';
import { closeDraft, invalid, type MetadataDraft, openDraft, snapshotsOf } from './metadata-draft.ts';
import { FORMAT_VERSION_MAX } from './read-metadata.ts';
import type { Snapshot, SnapshotId, SnapshotReference, TableMetadata } from './table-metadata.ts';
import type { EncryptionKey, StatisticsFile, TableUpdate } from './table-update.ts';
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

/** A created table has its final format version from the start, since there is nothing to upgrade from. */
function initialFormatVersion(updates: readonly TableUpdate[]): number {
  const upgrade = updates.find((update) => update.action === 'upgrade-format-version');
  if (upgrade === undefined) return 2;
  checkFormatVersion(upgrade['format-version']);
  return upgrade['format-version'];
}

type UpdateOf<Action extends TableUpdate['action']> = Extract<TableUpdate, { readonly action: Action }>;

/** Changes the draft as one update says. `creating`: this commit makes the table. */
type Applier<Action extends TableUpdate['action']> = (
  draft: MetadataDraft,
  update: UpdateOf<Action>,
  creating: boolean,
) => void;

/** What each update of the specification does. */
const APPLIERS = {
  'assign-uuid': assignUuid,
  'upgrade-format-version': (draft, update) => upgradeFormatVersion(draft, update['format-version']),
  'add-schema': (draft, { schema }) => schemas.addSchema(draft, schema),
  'set-current-schema': (draft, update) => schemas.setCurrentSchema(draft, update['schema-id']),
  'remove-schemas': (draft, update) => schemas.removeSchemas(draft, update['schema-ids']),
  'add-spec': (draft, { spec }) => schemas.addSpec(draft, spec),
  'set-default-spec': (draft, update) => schemas.setDefaultSpec(draft, update['spec-id']),
  'remove-partition-specs': (draft, update) => schemas.removeSpecs(draft, update['spec-ids']),
  'add-sort-order': (draft, update) => schemas.addSortOrder(draft, update['sort-order']),
  'set-default-sort-order': (draft, update) => schemas.setDefaultSortOrder(draft, update['sort-order-id']),
  'add-snapshot': (draft, { snapshot }) => snapshots.addSnapshot(draft, snapshot),
  'set-snapshot-ref'(draft, { action: _action, 'ref-name': name, ...ref }) {
    snapshots.setRef(draft, name, withoutUndefined(ref));
  },
  'remove-snapshot-ref': (draft, update) => snapshots.removeRef(draft, update['ref-name']),
  'remove-snapshots': (draft, update) => snapshots.removeSnapshots(draft, update['snapshot-ids']),
  'set-location': setLocation,
  'set-properties'(draft, { updates }) {
    for (const [name, value] of Object.entries(updates)) draft.properties.set(name, value);
    draft.changed ||= Object.keys(updates).length > 0;
  },
  'remove-properties'(draft, { removals }) {
    for (const name of removals) draft.properties.delete(name);
    draft.changed ||= removals.length > 0;
  },
  'set-statistics': (draft, { statistics }) => setStatistics(draft, 'statistics', statistics),
  'remove-statistics': (draft, update) => removeStatistics(draft, 'statistics', update['snapshot-id']),
  'set-partition-statistics': (draft, update) =>
    setStatistics(draft, 'partitionStatistics', update['partition-statistics']),
  'remove-partition-statistics': (draft, update) =>
    removeStatistics(draft, 'partitionStatistics', update['snapshot-id']),
  'add-encryption-key': (draft, update) => addEncryptionKey(draft, update['encryption-key']),
  'remove-encryption-key': (draft, update) => removeEncryptionKey(draft, update['key-id']),
} satisfies { readonly [Action in TableUpdate['action']]: Applier<Action> };

function applyUpdate(draft: MetadataDraft, update: TableUpdate, creating: boolean): void {
  // Anybody can send this: an unknown update that is skipped would be lost silently.
  if (!Object.hasOwn(APPLIERS, update.action))
    throw usageError('unknown-update', `Unknown table update: ${String(update.action)}`);
  // The compiler does not see that this applier belongs to this very action.
  (APPLIERS[update.action] as Applier<TableUpdate['action']>)(draft, update, creating);
}

function assignUuid(draft: MetadataDraft, { uuid }: UpdateOf<'assign-uuid'>, creating: boolean): void {
  if (draft.uuid === uuid) return;
  // A table keeps its uuid: watermarks of other programs are bound to it.
  if (!creating && draft.uuid !== undefined)
    throw invalid(`Cannot reassign uuid: expected ${draft.uuid}, found ${uuid}`);
  draft.uuid = uuid;
  draft.changed = true;
}

function setLocation(draft: MetadataDraft, update: UpdateOf<'set-location'>): void {
  const location = withoutSlash(update.location);
  draft.changed ||= draft.location !== location;
  draft.location = location;
}

function addEncryptionKey(draft: MetadataDraft, added: EncryptionKey): void {
  if (draft.encryptionKeys.some((key) => key['key-id'] === added['key-id'])) return;
  draft.encryptionKeys = [...draft.encryptionKeys, added];
  draft.changed = true;
}

function removeEncryptionKey(draft: MetadataDraft, id: string): void {
  const kept = draft.encryptionKeys.filter((key) => key['key-id'] !== id);
  draft.changed ||= kept.length < draft.encryptionKeys.length;
  draft.encryptionKeys = kept;
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
  // snapshot. What comes next must be above them, or an equality delete would not reach those files (Iceberg
  // specification, "Scan Planning").
  if (draft.formatVersion === 1) {
    const snapshots = snapshotsOf(draft);
    draft.lastSequenceNumber = snapshots.reduce(greaterNumber, BigInt(snapshots.length));
  }
  draft.formatVersion = version;
  draft.changed = true;
}

/** The two lists of statistics that a table keeps. */
type Statistics = 'statistics' | 'partitionStatistics';

function setStatistics(draft: MetadataDraft, list: Statistics, file: StatisticsFile): void {
  draft[list] = [...draft[list].filter((known) => known['snapshot-id'] !== file['snapshot-id']), file];
  draft.changed = true;
}

function removeStatistics(draft: MetadataDraft, list: Statistics, snapshotId: SnapshotId): void {
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
