/**
 * The first stage: sources and target are pinned, the query is checked against both, and the session's tables
 * can be read. Begun -> Opened.
 */
import { mainSnapshot } from '../../iceberg/history.ts';
import { assertNever, conflict, usageError } from '../../model/errors.ts';
import type { StepOf } from '../../model/step.ts';
import { checkQuery } from '../columns/check-query.ts';
import { type Begun, type Opened, unopened } from '../session.ts';
import { beginMain } from '../staging/begin-main.ts';
import { createTarget } from '../staging/create-target.ts';
import { isPlannedBase, loadTarget, targetLayout, targetMoved, targetView } from '../target.ts';
import { readFolder } from '../views/read-folder.ts';
import { attachSession, openChangeView } from '../views/show-sources.ts';
import { duringStage, foldSteps } from './fold-steps.ts';

/** The newest Iceberg format version whose snapshots the engine composes. */
const FORMAT_VERSION_MAX = 3;

/**
 * Opens the session. Throws `target-moved`, `session-running`, errors of the query and its columns, and the
 * error of a source that changed meanwhile.
 */
export const openStage = (session: Begun | Opened): Promise<Opened> =>
  duringStage(session, 'open', () =>
    'ahead' in session ? openedAhead(session) : foldSteps(unopened(session), 'branch', openStep),
  );

/** For a session whose rows were written ahead: its sources are already shown, its target is not yet. */
async function openedAhead(opened: Opened): Promise<Opened> {
  const pinned = await pinBase(opened);
  const { metadata } = await loadTarget(pinned);
  if (metadata['current-schema-id'] !== opened.ahead?.schemaId)
    throw targetMoved(opened.plan, pinned.base?.['snapshot-id']);
  pinned.view.show([targetView(pinned)]);
  return checkQuery(pinned);
}

async function openStep(opened: Opened, step: StepOf<'branch'>): Promise<Opened> {
  switch (step.kind) {
    case 'change-view':
      return openChangeView(opened, step);
    case 'read-files':
      return readFolder(opened, step.alias);
    case 'open-session':
      return checkQuery(await attachSession(await pinBase(opened)));
    case 'create-target':
      return createTarget(opened, step);
    case 'begin-main':
      return beginMain(opened, step);
    default:
      return assertNever(step);
  }
}

/**
 * Pins the planned base. The branch is created only with the first staged snapshot: a commit that does
 * nothing else would make every session wait for two more durable files (8 ms at 1,000 snapshots,
 * 2026-11-22).
 */
async function pinBase(opened: Opened): Promise<Opened> {
  const { spec, plan, ports, branch, leftovers } = opened;
  if (!plan.target.exists) return opened;
  const { metadata } = await loadTarget(opened);
  const version = metadata['format-version'];
  if (version > FORMAT_VERSION_MAX)
    throw usageError(
      'format-version-unsupported',
      `the target ${plan.target.table} is of Iceberg format version ${version}, expected 1 to ${FORMAT_VERSION_MAX}`,
      { hint: 'write to a table of an older format version' },
    );
  const base = mainSnapshot(metadata);
  if (metadata['table-uuid'] !== plan.target.table_uuid || !isPlannedBase(plan, base))
    throw targetMoved(plan, base?.['snapshot-id']);
  leftovers.branchOfAnother = metadata.refs?.[branch] !== undefined;
  if (leftovers.branchOfAnother)
    throw conflict(
      'session-running',
      `the branch ${branch} of ${plan.target.table} exists: a session of this id is at work, or was left behind`,
      { hint: 'run again' },
    );
  await targetLayout(opened);
  // Version 1 has neither sequence numbers nor branches that others could read. The upgrade leaves its rows
  // and files as they are.
  if (version < 2)
    await ports.catalog.commitTable(spec.target.table, {
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
        { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base?.['snapshot-id'] ?? null },
      ],
      updates: [{ action: 'upgrade-format-version', 'format-version': 2 }],
    });
  return { ...opened, base };
}
