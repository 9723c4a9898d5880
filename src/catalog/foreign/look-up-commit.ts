/** Whether a commit without an answer was made. Changes + metadata as they are now -> yes or no. Pure. */
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableUpdate } from '../../iceberg/table-update.ts';
import { withoutSlash } from '../../model/without-slash.ts';

/**
 * True when the updates can be seen in the table. Ids of snapshots are random and a commit is made as a
 * whole: one that adds snapshots was made when they are there, whatever others have put on top. Of other
 * commits every update must be seen. False also for one that was made and overtaken by another one that hides
 * it: its caller then repeats it, and its requirements stop it.
 */
export function showsUpdates(metadata: TableMetadata | undefined, updates: readonly TableUpdate[]): boolean {
  if (metadata === undefined || updates.length === 0) return false;
  const added = updates.filter((update) => update.action === 'add-snapshot');
  return (added.length > 0 ? added : updates).every((update) => shows(metadata, update));
}

function shows(metadata: TableMetadata, update: TableUpdate): boolean {
  const hasSnapshot = (id: bigint): boolean =>
    metadata.snapshots?.some((snapshot) => snapshot['snapshot-id'] === id) === true;
  switch (update.action) {
    case 'assign-uuid':
      return metadata['table-uuid'] === update.uuid;
    case 'add-snapshot':
      return hasSnapshot(update.snapshot['snapshot-id']);
    case 'set-snapshot-ref':
      return metadata.refs?.[update['ref-name']]?.['snapshot-id'] === update['snapshot-id'];
    case 'remove-snapshot-ref':
      return metadata.refs?.[update['ref-name']] === undefined;
    case 'remove-snapshots':
      return !update['snapshot-ids'].some(hasSnapshot);
    case 'set-location':
      return withoutSlash(metadata.location) === withoutSlash(update.location);
    case 'set-properties':
      return Object.entries(update.updates).every(([key, value]) => metadata.properties?.[key] === value);
    case 'remove-properties':
      return update.removals.every((key) => metadata.properties?.[key] === undefined);
    default:
      // Schemas, specs and the like get their ids from the catalog: they look like those of another client's
      // commit.
      return (
        update.action === 'upgrade-format-version' && metadata['format-version'] >= update['format-version']
      );
  }
}
