/** Makes the help that a catalog gives to clients that are DuckDB. Engine -> functions for `startCatalog`. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { refuseLostManifests, type ShownTable } from './lost-manifests.ts';
import type { ReadableNames } from './readable-names.ts';

interface Help {
  mendSnapshot(written: { readonly metadata: TableMetadata; readonly snapshot: Snapshot }): Promise<Snapshot>;
  readableTable(metadata: TableMetadata): Promise<TableMetadata>;
  refuseLost(shown: ShownTable): Promise<void>;
}

/** Uses connections of its own: on the one that asks, DuckDB is waiting for the answer. */
export function helpForDuckDb(engine: () => Promise<Engine>, readable: ReadableNames): Help {
  const aside = async <T>(work: (connection: Engine) => Promise<T>): Promise<T> => {
    const connection = await (await engine()).fork();
    try {
      return await work(connection);
    } finally {
      await connection.release();
    }
  };
  const refuseLost = refuseLostManifests();
  return {
    async mendSnapshot(written) {
      const { mendWritten } = await import('../write/mend-written.ts');
      return aside((connection) => mendWritten(connection, written));
    },
    readableTable: (metadata) => readable(metadata, aside),
    refuseLost: (shown) => refuseLost(shown, aside),
  };
}
