/**
 * Removes the tag that keeps the snapshot of a process's watermark, when the process is gone. Name + table ->
 * whether there was one. One metadata commit.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import { PsybergError } from '../model/errors.ts';
import { protectionTag, type TableIdentifier, tableName } from '../model/names.ts';

/** Tries on a source that others commit to at the same time. */
const ATTEMPTS = 3;

/**
 * Never throws: what could not be dropped is said through `onStep`. True when the tag was there and is gone.
 */
export async function removeTag(
  { catalog, onStep }: { readonly catalog: CatalogClient; readonly onStep: (message: string) => void },
  table: TableIdentifier,
  processName: string,
): Promise<boolean> {
  const tag = protectionTag(processName);
  for (let attempt = 1; ; attempt += 1) {
    try {
      const metadata = (await catalog.loadTable(table))?.metadata;
      const ref = metadata?.refs?.[tag];
      if (metadata === undefined || ref?.type !== 'tag') return false;
      await catalog.commitTable(table, {
        requirements: [
          { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
          { type: 'assert-ref-snapshot-id', ref: tag, 'snapshot-id': ref['snapshot-id'] },
        ],
        updates: [{ action: 'remove-snapshot-ref', 'ref-name': tag }],
      });
      return true;
    } catch (error) {
      if (error instanceof PsybergError && error.retryable && attempt < ATTEMPTS) continue;
      onStep(
        `${processName}: the tag ${tag} stays on ${tableName(table)}: ${error instanceof Error ? error.message : String(error)}`,
      );
      return false;
    }
  }
}
