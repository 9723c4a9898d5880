/**
 * Shows snapshots of the target to a session's statements. Snapshots -> tables of the session's view. Like
 * sources they are shown without bounds and partitions by which DuckDB would wrongly skip rows.
 */
import type { ViewTable } from '../../catalog/index.ts';
import { emptyTable } from '../../catalog/views/session-views.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { unitOf } from '../../model/grain.ts';
import { type HourRange, hourIntervals, parseHour } from '../../model/hour.ts';
import type { CompiledPlan, Plan } from '../../model/plan.ts';
import { manifestsOf } from '../../tables/read/manifest-list.ts';
import { manifestsOutside } from '../../tables/read/prune-manifests.ts';
import { composeReadableView, type ReadableView } from '../../tables/views/readable-view.ts';
import type { Begun, Opened } from '../session.ts';
import { loadTarget } from '../target.ts';
import { asksForInfinity } from './asks-for-infinity.ts';
import { viewsFolder } from './views-folder.ts';

/** A readable view of a snapshot of the target. `leftOut`: manifests that are not needed. */
export async function readableTarget(
  session: Begun,
  metadata: TableMetadata,
  from: Snapshot,
  leftOut?: ReadonlySet<string>,
): Promise<ReadableView> {
  const { plan, spec, ports } = session;
  const column = plan.target.event_time;
  const view = await composeReadableView(ports.engine, {
    metadata,
    from,
    table: spec.target.table,
    eventTime:
      column === null ? undefined : { fieldId: column.field_id, type: column.type, unit: column.unit },
    directory: () => viewsFolder(session),
    asksForInfinity: asksForInfinity(session),
    ...(leftOut === undefined ? {} : { leftOut }),
  });
  return view ?? { snapshot: from };
}

/**
 * The view of what a dimension reads as `previous` and compares its hours with: the base, reduced to the
 * manifests that may hold those hours.
 */
export async function previousView(
  opened: Opened,
): Promise<{ readonly table: ViewTable; readonly snapshot: Snapshot | undefined }> {
  const { plan, spec, base, branch, ports } = opened;
  const { table } = spec.target;
  const identifier = { namespace: ['previous'], name: table.name };
  if (base === undefined)
    return { table: { identifier, table, show: emptyTable(branch) }, snapshot: undefined };
  const { metadata } = await loadTarget(opened);
  const manifests = await manifestsOf(ports.engine, base);
  const column = plan.target.event_time;
  const hours = hoursOfPrevious(plan);
  const leftOut =
    column === null
      ? undefined
      : await manifestsOutside(ports.engine, {
          metadata,
          snapshot: base,
          manifests,
          fieldId: column.field_id,
          hours: hourIntervals([hours]),
        });
  const shown = await readableTarget(opened, metadata, base, leftOut);
  return { table: { identifier, table, show: { kind: 'files', ...shown } }, snapshot: shown.snapshot };
}

/**
 * The hours of `previous`: the hour (or day) before the first one; also all planned hours, if computed hours
 * are compared with those of the target.
 */
function hoursOfPrevious(plan: CompiledPlan): HourRange {
  const before = hoursBefore(plan);
  const { last_hour: last } = plan.range as NonNullable<Plan['range']>;
  const isCompared = plan.steps.some((step) => step.kind === 'differing-hours');
  return isCompared ? { ...before, lastHour: parseHour(last) } : before;
}

/** The hour that a dimension reads as `previous` of its first one, or the day. */
export const hoursBefore = (plan: Plan): HourRange =>
  unitOf(plan, parseHour((plan.range as NonNullable<Plan['range']>).first_hour) - 1);
