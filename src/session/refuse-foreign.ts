/**
 * Refuses a restate that would silently remove rows which others put into its target. Target metadata ->
 * nothing, or a refusal.
 */
import { sourceFilesOfHours } from '../changes/keys/files-of-hours.ts';
import { openSource } from '../changes/open-source.ts';
import { ancestors, mainSnapshot, operationOf } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { type HourRange, hourIntervals } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import type { Session } from '../model/session.ts';
import { SUMMARY } from '../state/summary-keys.ts';
import { namesEver, publishersOf } from '../state/target-publishers.ts';
import type { OpenSessionInput } from './session-input.ts';
import { filesOfSnapshot, targetOfHours } from './tables-of-hours.ts';

/**
 * Throws `restate-shared-target` for a process that appends to a table with rows of others: an hour of it
 * cannot be replaced without them.
 */
export function refuseSharedTarget({ spec }: OpenSessionInput, target: TableMetadata): void {
  if (patternOf(spec).loadsHours) return;
  const own = new Set(namesEver(target, spec.processName));
  const others = publishersOf(target).filter((name) => !own.has(name));
  if (others.length === 0 && spec.target.existingRows !== 'keep') return;
  const table = tableName(spec.target.table);
  const whose =
    others.length === 0 ? 'were there before it (existing_rows: keep)' : `are of ${others.join(', ')}`;
  throw refusal(
    'restate-shared-target',
    `${spec.processName} appends to ${table}, some of whose rows ${whose}: replacing an hour would take them away`,
    {
      hint: `give ${spec.processName} a target of its own, which its next run loads from the beginning`,
      context: { process_name: spec.processName, target: table, published_by: others },
    },
  );
}

/**
 * Throws `restate-target-changed` if another program changed rows of the hours (`all`: any rows) since the
 * process last published: those changes would be lost, whatever they were for.
 */
export async function refuseForeignRows(
  input: OpenSessionInput,
  session: Session,
  ranges: readonly HourRange[] | 'all',
): Promise<void> {
  const table = await targetOfHours(input, session);
  if (table === undefined || ranges.length === 0) return;
  const { metadata } = table.source;
  const { foreign, own } = foreignSince(metadata, new Set(namesEver(metadata, input.spec.processName)));
  if (foreign === undefined || own === undefined) return;
  const source = openSource(await input.engine(), table.source);
  const [before, now] = await Promise.all(
    [own, table.snapshot].map(async (snapshot) => {
      const manifests = await source.manifestsOf(snapshot);
      const files =
        ranges === 'all'
          ? await filesOfSnapshot(input, { ...table, snapshot })
          : await sourceFilesOfHours(source, { snapshot, manifests, hours: hourIntervals(ranges) });
      const deletes = manifests.flatMap((each) => (each.content === 1 ? [each.manifest_path] : []));
      return [...files.map((file) => file.path), ...deletes].sort().join('\n');
    }),
  );
  if (before === now) return;
  const name = tableName(input.spec.target.table);
  throw refusal(
    'restate-target-changed',
    `snapshot ${foreign['snapshot-id']} of ${name} (${operationOf(foreign)}), which psyberg did not write, changed rows of ${ranges === 'all' ? 'it' : 'these hours'} since ${input.spec.processName} published snapshot ${own['snapshot-id']}: a restate would take that back`,
    {
      hint: `if the change is meant to stay bring it into a source of ${input.spec.processName}; to give it up roll ${name} back to snapshot ${own['snapshot-id']} (set main to it), and restate again`,
      context: {
        process_name: input.spec.processName,
        target: name,
        snapshot_id: String(foreign['snapshot-id']),
        own_snapshot_id: String(own['snapshot-id']),
      },
    },
  );
}

/** The oldest snapshot of somebody else after the newest one of the process's own. */
function foreignSince(
  metadata: TableMetadata,
  names: ReadonlySet<string>,
): { readonly foreign?: Snapshot; readonly own?: Snapshot } {
  let foreign: Snapshot | undefined;
  for (const snapshot of ancestors(metadata, mainSnapshot(metadata))) {
    const summary = snapshot.summary ?? {};
    const name = summary[SUMMARY.processName];
    if (name !== undefined && names.has(name))
      return foreign === undefined ? { own: snapshot } : { foreign, own: snapshot };
    const isKnown =
      name !== undefined ||
      summary[SUMMARY.maintenance] !== undefined ||
      summary[SUMMARY.initialBranch] !== undefined;
    if (!isKnown && operationOf(snapshot) !== 'replace') foreign = snapshot;
  }
  return {};
}
