/**
 * Run as a process of its own: opens the warehouse, appends `count` snapshots to one table, retrying lost
 * races as any writer does. `killBefore`, `killAfter`: SIGKILL to itself before or after the pointers of that
 * commit are swapped, its metadata file being there.
 */

import { localClient } from '../../src/catalog/client/local-client.ts';
import { localDisk } from '../../src/catalog/files/disk.ts';
import { tableMetadataFiles, viewMetadataFiles } from '../../src/catalog/files/metadata-files.ts';
import { startCatalog } from '../../src/catalog/index.ts';
import { warehouseCatalog } from '../../src/catalog/service/warehouse-catalog.ts';
import { openPostgresDatabase } from '../../src/catalog/store/postgres-database.ts';
import { openSqliteDatabase } from '../../src/catalog/store/sqlite-database.ts';
import type { CatalogStore } from '../../src/catalog/store/store.ts';
import { PsybergError } from '../../src/model/errors.ts';
import { catalogClient } from '../support/catalog-client.ts';
import { append } from './fixture.ts';

export interface WriterOrder {
  readonly warehouse: string;
  readonly database?: string | undefined;
  readonly writer: number;
  readonly count: number;
  readonly killBefore?: number;
  readonly killAfter?: number;
}

const order = JSON.parse(process.argv[2] as string) as WriterOrder;
const { warehouse, database } = order;
const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
};
let commits = 0;

/**
 * Over HTTP, as other programs do it; a writer that is to die in the middle of a commit needs the catalog's
 * inside.
 */
async function openClient() {
  if (order.killBefore === undefined && order.killAfter === undefined) {
    const catalog = await startCatalog({ warehouse, ...(database === undefined ? {} : { database }) });
    return {
      client: catalogClient({ uri: catalog.uri, token: catalog.token }),
      close: () => catalog.close(),
    };
  }
  const opened =
    database === undefined
      ? openSqliteDatabase(`${warehouse}/catalog.db`)
      : await openPostgresDatabase(database);
  const store = await opened.openStore('psyberg');
  const dying: CatalogStore = {
    ...store,
    async swapPointers(swaps) {
      commits += 1;
      if (commits === order.killBefore) await die();
      const lost = await store.swapPointers(swaps);
      if (commits === order.killAfter) await die();
      return lost;
    },
  };
  const roots = { warehouse, allowed: [] };
  const catalog = warehouseCatalog({
    roots,
    store: dying,
    disk: localDisk,
    files: tableMetadataFiles({ roots, disk: localDisk }),
    viewFiles: viewMetadataFiles({ roots, disk: localDisk }),
  });
  return { client: localClient(async () => catalog), close: () => store.close() };
}

const { client, close } = await openClient();
const table = { namespace: ['facts'], name: 'shared' };
for (let n = 1n; n <= BigInt(order.count); n++) {
  for (;;) {
    const metadata = (await client.loadTable(table))?.metadata;
    const id = BigInt(order.writer) * 1_000_000n + n;
    const commit = append(id, metadata?.['current-snapshot-id'] ?? null, {
      'sequence-number': (metadata?.['last-sequence-number'] ?? 0n) + 1n,
    });
    try {
      await client.commitTable(table, commit);
      break;
    } catch (error) {
      if (!(error instanceof PsybergError && error.retryable)) throw error;
    }
  }
}
await close();
