/**
 * Putting what a session staged on a `main` that moved meanwhile. Audited + the new main -> Audited, or
 * `target-moved`: plan again. An append fits on any base. An overwrite fits when nobody touched its hours:
 * then the files that it takes off are still the same ones.
 */

import { ancestors } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { auditKind } from '../../kinds/audits/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { unitHours, type WithGrain } from '../../model/grain.ts';
import { type AuditStep, type ClearHoursStep, clearStepOf } from '../../model/step.ts';
import { type ManifestRow, manifestsOf } from '../../tables/read/manifest-list.ts';
import type { Audited, FileInHours, FilesOfHours, Staged } from '../session.ts';
import { isBlocked, runAudit } from '../stages/audit.ts';
import { composeSnapshot } from '../stages/compose.ts';
import { targetMoved } from '../target.ts';
import { filesInHours } from './take-off.ts';

/**
 * Composes the session's snapshot on `main` under the id that it has. Throws `target-moved` where that would
 * lose or keep rows that it must not.
 */
export async function rebase(
  audited: Audited,
  to: { readonly metadata: TableMetadata; readonly main: Snapshot | undefined },
): Promise<Audited> {
  const { plan } = audited;
  const { main } = to;
  const { snapshot, baseSnapshotId } = audited.composed;
  const stays = main?.['snapshot-id'] === audited.base?.['snapshot-id'];
  const takeOff = plan.target.operation === 'append' || stays ? undefined : await filesOfHoursIn(audited, to);
  const composed = await composeSnapshot(audited, {
    base: main,
    snapshotId: snapshot['snapshot-id'],
    ...(takeOff === undefined ? {} : { takeOff }),
  });
  const rebased = { ...audited, composed };
  return main?.['snapshot-id'] === baseSnapshotId ? rebased : auditAgain(rebased, main);
}

/**
 * The files of the session's hours in `main`, when they are those of the session's own base. Only manifests
 * that one of the two has and the other has not are read: what others did costs, not the size of the table.
 */
async function filesOfHoursIn(
  staged: Staged,
  { metadata, main }: { readonly metadata: TableMetadata; readonly main: Snapshot | undefined },
): Promise<FilesOfHours> {
  const { plan, base, ports, spec, cleared } = staged;
  const moved = targetMoved(plan, main?.['snapshot-id']);
  const clear = clearStepOf(plan);
  // Planned on an empty table: two that both find nothing to replace would both add their rows.
  if (base === undefined || clear === undefined || main === undefined) throw moved;
  // Rolled back, or the history between was expired: what happened is not known.
  if (![...ancestors(metadata, main)].some((snapshot) => snapshot['snapshot-id'] === base['snapshot-id']))
    throw moved;
  const [before, now] = await Promise.all([manifestsOf(ports.engine, base), manifestsOf(ports.engine, main)]);
  const [gone, come] = [without(before, now), without(now, before)];
  if ([...gone, ...come].some((manifest) => manifest.content === 1)) throw moved;
  const watched = patternOf(spec).readsPrevious ? withUnitBefore(clear, plan) : clear;
  const lost = await filesInHours(staged, watched, metadata, gone.filter(isLive));
  const found = await filesInHours(staged, watched, metadata, come.filter(isLive));
  if (!samePaths(lost, found)) throw moved;
  const known = cleared?.files ?? (await filesInHours(staged, clear, metadata, before.filter(isLive)));
  const mine = new Set(known.map((file) => file.path));
  const still = new Set(now.map((manifest) => manifest.manifest_path));
  const files = [
    ...known.filter((file) => still.has(file.manifest_path)),
    ...found.filter((file) => mine.has(file.path)),
  ];
  // The manifests that were written without these files say the same of the new base, unless somebody wrote
  // those that they stand for anew.
  return {
    files,
    takenOff:
      cleared?.affected.every((manifest) => still.has(manifest.manifest_path)) === true ? cleared : undefined,
  };
}

const isLive = (manifest: ManifestRow): boolean => manifest.live_files > 0n;

function without(manifests: readonly ManifestRow[], others: readonly ManifestRow[]): ManifestRow[] {
  const paths = new Set(others.map((manifest) => manifest.manifest_path));
  return manifests.filter((manifest) => !paths.has(manifest.manifest_path));
}

function samePaths(left: readonly FileInHours[], right: readonly FileInHours[]): boolean {
  const paths = new Set(left.map((file) => file.path));
  return paths.size === right.length && right.every((file) => paths.has(file.path));
}

/** A dimension has read the hour before its first one as `previous`, or the day. */
function withUnitBefore(clear: ClearHoursStep, plan: WithGrain): ClearHoursStep {
  const hours = clear.parameters.first_hours.map((hour) => String(Number(hour) - unitHours(plan)));
  return { ...clear, parameters: { ...clear.parameters, first_hours: hours } };
}

/**
 * Audits that look at the whole target looked at another one. What fails now fails for good: the session is
 * planned again, and audited as a whole.
 */
async function auditAgain(audited: Audited, main: Snapshot | undefined): Promise<Audited> {
  const { spec, plan, stepwise } = audited;
  const audits = spec.audits.filter((audit) => auditKind(audit.kind).readsTarget(audit));
  if (audits.length === 0) return audited;
  const moved = targetMoved(plan, main?.['snapshot-id']);
  // Step by step, the audits had a process of their own.
  if (stepwise) throw moved;
  const names = new Set(audits.map((each) => each.name));
  let again: Audited = { ...audited, stagedIsShown: false };
  for (const step of plan.steps.filter((each): each is AuditStep => each.kind === 'audit'))
    if (names.has(step.audit)) again = await runAudit(again, step);
  if (isBlocked(again)) throw moved;
  return again;
}
