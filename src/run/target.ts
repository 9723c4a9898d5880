/** The target of a running session: its metadata now, its layout, and the views of it. Session -> target. */
import type { LoadedTable } from '../catalog/client/catalog-client.ts';
import type { ViewTable } from '../catalog/index.ts';
import { isEmptyRoot } from '../iceberg/empty-table.ts';
import { fileLayoutOf, isLayout } from '../iceberg/file-layout.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { conflict, type PsybergError, usageError } from '../model/errors.ts';
import type { FileLayout } from '../model/file-layout.ts';
import { tableName } from '../model/names.ts';
import type { Plan } from '../model/plan.ts';
import type { Opened } from './session.ts';
import { hasFewPartitions } from './views/few-partitions.ts';

/**
 * Loads the target's metadata, under the session's schema. Throws `target-missing` if somebody dropped the
 * table meanwhile, and `target-moved` if somebody changed the schema that this session adds columns to.
 */
export async function loadTarget({
  ports,
  spec,
  schema,
}: Pick<Opened, 'ports' | 'spec' | 'schema'>): Promise<LoadedTable> {
  const loaded = await ports.catalog.loadTable(spec.target.table);
  if (loaded === undefined)
    throw conflict(
      'target-missing',
      `the target ${tableName(spec.target.table)} was dropped while the session ran`,
      { hint: 'run again: the next session creates it anew' },
    );
  if (schema === undefined) return loaded;
  const current = loaded.metadata['current-schema-id'];
  if (current !== schema.from && current !== schema.id)
    throw conflict(
      'target-moved',
      `the columns of ${tableName(spec.target.table)} were changed while the session ran`,
      { hint: 'plan again' },
    );
  return { ...loaded, metadata: { ...loaded.metadata, 'current-schema-id': schema.id } };
}

/**
 * The layout that the plan was made with, or that of a target which this session has created.
 * @throws PsybergError `target-not-writable` with what is in the way.
 */
export async function targetLayout(
  session: Pick<Opened, 'ports' | 'spec' | 'plan' | 'schema'>,
): Promise<FileLayout> {
  const { target } = session.plan;
  if (target.exists && target.layout !== null) return target.layout;
  const layout = fileLayoutOf((await loadTarget(session)).metadata);
  if (isLayout(layout)) return layout;
  throw usageError(
    'target-not-writable',
    `the target ${target.table} cannot be written: ${layout.obstacle}`,
    { hint: layout.hint, context: { target: target.table } },
  );
}

/** The target as the session works on it: its branch, or its base while nothing is staged. */
export const targetView = ({ spec, branch, base }: Pick<Opened, 'spec' | 'branch' | 'base'>): ViewTable => ({
  identifier: { namespace: ['target'], name: spec.target.table.name },
  table: spec.target.table,
  show: { kind: 'branch', branch, base: base?.['snapshot-id'], folder: branch },
});

/**
 * A view for an engine that commits its rows itself (Spark): an empty copy of the target that collects its
 * commits without a snapshot in the target. `plan`: only for a load.
 */
export function collectedView({
  ports,
  spec,
  branch,
  plan,
}: Pick<Opened, 'ports' | 'spec' | 'branch'> & Partial<Pick<Opened, 'plan'>>): ViewTable[] {
  const { collected } = ports.workload;
  if (collected === undefined) return [];
  return [
    {
      identifier: { namespace: ['collected'], name: spec.target.table.name },
      table: spec.target.table,
      show: {
        kind: 'collected',
        folder: branch,
        into: collected,
        fewPartitions: plan !== undefined && hasFewPartitions(plan, spec),
      },
    },
  ];
}

/**
 * True if `main` is what the plan found. If there was none, an empty first snapshot is fine too: a killed
 * try of this session, or another first session, may have committed it since.
 */
export const isPlannedBase = ({ target }: Plan, main: Snapshot | undefined): boolean =>
  target.base_snapshot_id === null
    ? main === undefined || isEmptyRoot(main)
    : String(main?.['snapshot-id']) === target.base_snapshot_id;

/** The error `target-moved`. `found`: the snapshot of `main` now. */
export const targetMoved = (plan: Plan, found: bigint | undefined): PsybergError =>
  conflict(
    'target-moved',
    `the target ${plan.target.table} moved since the plan was made: expected snapshot ${plan.target.base_snapshot_id ?? 'none'}, found ${found ?? 'none'}`,
    {
      hint: 'plan again',
      context: {
        target: plan.target.table,
        expected: plan.target.base_snapshot_id,
        found: found === undefined ? null : String(found),
      },
    },
  );
