/**
 * Refuses a target into which somebody has cherry-picked a snapshot of the process again, after a rollback.
 * Target metadata -> nothing, or a refusal. Pure. Iceberg's cherry-pick commits the files of the picked
 * snapshot without its summary: its rows are there, and no watermark counts them.
 */
import { ancestors, mainSnapshot, pickedFrom, snapshotById } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { SUMMARY } from '../state/summary-keys.ts';
import { namesEver } from '../state/target-publishers.ts';

/**
 * Throws `target-picked` for a process that appends: its next session would load the picked rows once more.
 * One that replaces hours computes them anew.
 */
export function refusePickedRows(spec: ProcessSpec, target: TableMetadata): void {
  if (patternOf(spec).operation !== 'append') return;
  // Mostly nothing came after its last session, and then no other snapshot has to be looked at.
  if (mainSnapshot(target)?.summary?.[SUMMARY.processName] === spec.processName) return;
  const names = new Set(namesEver(target, spec.processName));
  const isOwn = (snapshot: Snapshot | undefined): boolean =>
    names.has(snapshot?.summary?.[SUMMARY.processName] ?? '');
  let picked: { readonly by: Snapshot; readonly from: Snapshot } | undefined;
  for (const snapshot of ancestors(target, mainSnapshot(target))) {
    // What it published since stands on what was there then.
    if (isOwn(snapshot)) {
      if (picked === undefined) return;
      throw rowsPicked(spec, { ...picked, own: snapshot });
    }
    const from = snapshotById(target, pickedFrom(snapshot) ?? -1n);
    if (from !== undefined && isOwn(from)) picked = { by: snapshot, from };
  }
}

function rowsPicked(
  { processName, target: { table } }: ProcessSpec,
  { by, from, own }: Readonly<Record<'by' | 'from' | 'own', Snapshot>>,
): Error {
  const name = tableName(table);
  return refusal(
    'target-picked',
    `${name} was rolled back behind snapshot ${from['snapshot-id']} of ${processName}, whose rows snapshot ${by['snapshot-id']} has brought back (cherry-picked, without its watermark): the next session would load them once more`,
    {
      hint: `roll ${name} back to snapshot ${own['snapshot-id']} (set main to it) and run again, which loads all that it lacks; or drop ${name} and run again`,
      context: {
        process_name: processName,
        target: name,
        snapshot_id: String(by['snapshot-id']),
        picked_snapshot_id: String(from['snapshot-id']),
        own_snapshot_id: String(own['snapshot-id']),
      },
    },
  );
}
