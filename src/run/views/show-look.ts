/**
 * Shows the tables of a look, read-only: the sources as a session reads them, the target, and `previous`.
 * Opened -> tables of the look's view. If other programs read them (`whole`), they show all hours, not only
 * those of the look.
 */
import type { ViewShow, ViewTable } from '../../catalog/index.ts';
import { emptyTable } from '../../catalog/views/session-views.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { Opened } from '../session.ts';
import { loadTarget, targetMoved } from '../target.ts';
import { shownSources, sourceViews } from './show-sources.ts';
import { previousView, readableTarget } from './show-target.ts';

/** Shows them. Throws `source-moved` and `target-moved` where a snapshot of the plan is gone. */
export async function showLook(opened: Opened, { whole }: { readonly whole: boolean }): Promise<Opened> {
  const { plan, spec, view, branch } = opened;
  const shown = await shownSources(opened, { narrowed: !whole });
  const target = plan.target.exists ? await targetOfLook(opened) : undefined;
  const { table } = spec.target;
  const pinned = { ...opened, shown, base: target?.base };
  const named = (namespace: string, show: ViewShow): ViewTable => ({
    identifier: { namespace: [namespace], name: table.name },
    table,
    show,
  });
  const show =
    target?.base === undefined ? emptyTable(branch) : await readable(pinned, target.metadata, target.base);
  view.show([
    ...sourceViews(pinned, shown),
    ...(target === undefined ? [] : [named('target', show)]),
    ...(target === undefined || !patternOf(spec).readsPrevious
      ? []
      : [whole ? named('previous', show) : (await previousView(pinned)).table]),
  ]);
  return pinned;
}

const readable = async (opened: Opened, metadata: TableMetadata, base: Snapshot): Promise<ViewShow> => ({
  kind: 'files',
  ...(await readableTarget(opened, metadata, base)),
});

/** The target as the plan found it. */
async function targetOfLook(
  opened: Opened,
): Promise<{ readonly metadata: TableMetadata; readonly base: Snapshot | undefined }> {
  const { metadata } = await loadTarget(opened);
  const id = opened.plan.target.base_snapshot_id;
  if (id === null) return { metadata, base: undefined };
  const base = snapshotById(metadata, BigInt(id));
  if (base === undefined) throw targetMoved(opened.plan, metadata['current-snapshot-id'] ?? undefined);
  return { metadata, base };
}
