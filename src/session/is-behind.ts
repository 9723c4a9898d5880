/**
 * Tells whether a chain of processes has read everything that its own members published. Target metadata ->
 * yes or no.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import { tableKey, tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { progressInSummary, watermarkFor } from '../state/process-progress.ts';

/** True if one of the processes has not yet read what another one of them published. */
export async function isBehind(
  client: Pick<CatalogClient, 'loadTable'>,
  chain: readonly ProcessSpec[],
): Promise<boolean> {
  const targets = await Promise.all(
    chain.map(async (spec) => ({ spec, metadata: (await client.loadTable(spec.target.table))?.metadata })),
  );
  const heads = new Map(
    targets.map(({ spec, metadata }) => [
      tableKey(spec.target.table),
      metadata === undefined ? undefined : mainSnapshot(metadata)?.['snapshot-id'],
    ]),
  );
  return targets.some(({ spec, metadata }) => {
    const progress = metadata === undefined ? undefined : progressInSummary(metadata, spec.processName);
    return spec.sources.some(({ table }) => {
      const head = heads.get(tableKey(table));
      const watermark = watermarkFor(progress, { name: tableName(table), tableUuid: undefined });
      return head !== undefined && watermark?.snapshotId !== head;
    });
  });
}
