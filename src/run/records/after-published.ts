/**
 * Shows a target as if a running session had already published, so that the next session can be planned
 * ahead. Client + plan -> client. Only a forecast: the next session is planned again once that session has
 * published.
 */
import type { CatalogClient, LoadedTable } from '../../catalog/client/catalog-client.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { sameTable } from '../../model/names.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { formerSummary } from '../../state/former-sources.ts';
import { hoursSummary } from './hours-written.ts';
import { progressSummary } from './progress-summary.ts';

/** The id of a snapshot that is nowhere: ids of those that are, are positive. */
const FORECAST_ID = -2n;

/** `plan`: of the session that is at work. Every other table is as it is. */
export function afterPublished(
  client: CatalogClient,
  { target }: Pick<ProcessSpec, 'target'>,
  plan: CompiledPlan,
): CatalogClient {
  const asPublished =
    (load: CatalogClient['loadTable']): CatalogClient['loadTable'] =>
    async (id) => {
      const loaded = await load(id);
      if (loaded === undefined || !sameTable(id, target.table)) return loaded;
      return { ...loaded, metadata: withSnapshot(loaded.metadata, plan) } satisfies LoadedTable;
    };
  return {
    ...client,
    loadTable: asPublished(client.loadTable),
    loadTableToRead: asPublished(client.loadTableToRead),
  };
}

/** With a snapshot on `main` that has the files of the one below it, and says what the plan's will. */
function withSnapshot(metadata: TableMetadata, plan: CompiledPlan): TableMetadata {
  const main = mainSnapshot(metadata);
  if (main === undefined) return metadata;
  const made = hoursSummary({ plan, adoption: undefined }, { metadata, addedRecords: undefined });
  const snapshot = {
    ...main,
    'snapshot-id': FORECAST_ID,
    'parent-snapshot-id': main['snapshot-id'],
    summary: {
      operation: plan.target.operation,
      ...progressSummary(plan),
      ...formerSummary(plan, metadata, undefined),
      ...made,
    },
  };
  return {
    ...metadata,
    'current-snapshot-id': FORECAST_ID,
    snapshots: [...(metadata.snapshots ?? []), snapshot],
    refs: { ...metadata.refs, main: { type: 'branch', 'snapshot-id': FORECAST_ID } },
  };
}
