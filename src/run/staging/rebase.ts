/**
 * Puts what a session staged on a `main` that moved meanwhile. Audited + the new main -> Audited, or
 * `target-moved`: plan again. An append fits on any base. An overwrite fits if nobody touched its hours, so
 * that the files it replaces are still the same ones.
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
 * Composes the session's snapshot again on `main`, under the same id. Throws `target-moved` if that would
 * lose rows, or keep rows that must go.
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
 * The files of the session's hours in `main`, if they are the same as in the session's own base; throws
 * `target-moved` otherwise. Reads only manifests that are in one of the two snapshots, so the cost follows
 * what others did, not the size of the table.
 */
async function filesOfHoursIn(
  staged: Staged,
  { metadata, main }: { readonly metadata: TableMetadata; readonly main: Snapshot | undefined },
): Promise<FilesOfHours> {
  const { plan, base, ports, spec, cleared } = staged;
  const moved = targetMoved(plan, main?.['snapshot-id']);
  const clear = clearStepOf(plan);
  // Planned on an empty table: of two such sessions both would find nothing to replace, and both add their
  // rows.
  if (base === undefined || clear === undefined || main === undefined) throw moved;
  // `main` was rolled back, or the history in between was expired: nobody knows what happened.
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
  // The manifests written without these files also fit the new base, unless somebody has rewritten the
  // manifests that they replace.
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

/** Adds the hour (or day) before the first one, which a dimension has read as `previous`. */
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
