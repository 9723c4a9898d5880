/** The target of a session as it is now: its metadata, its branch, its layout. */
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
 * The target's metadata now, under the session's schema. Throws `target-missing` when somebody dropped it
 * meanwhile, `target-moved` when somebody gave it another schema than that to which this session adds.
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
 * Where an engine that commits puts its rows: the target without any, in no snapshot of it. `plan`: of a
 * load.
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
 * True when `main` is what the plan found. One that was empty then may have begun since: with a try of the
 * same session that was killed, or with another first session.
 */
export const isPlannedBase = ({ target }: Plan, main: Snapshot | undefined): boolean =>
  target.base_snapshot_id === null
    ? main === undefined || isEmptyRoot(main)
    : String(main?.['snapshot-id']) === target.base_snapshot_id;

/** `target-moved`; `found`: the snapshot of `main` now. */
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
