/** What a catalog does to the snapshots that DuckDB writes. Engine -> a function for `startCatalog`. */
import type { Engine } from '../engine/index.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';

/** On a connection of its own: DuckDB waits for the commit on the one that wrote. */
export function mendingIn(
  engine: () => Promise<Engine>,
): (written: { readonly metadata: TableMetadata; readonly snapshot: Snapshot }) => Promise<Snapshot> {
  return async (written) => {
    const [{ mendWritten }, running] = await Promise.all([import('./mend-written.ts'), engine()]);
    const connection = await running.fork();
    try {
      return await mendWritten(connection, written);
    } finally {
      connection.release();
    }
  };
}
