/** Run as a process of its own: opens the warehouse, appends `count` snapshots to one table, retrying lost races as any writer does. */
import { catalogClient } from '../../src/catalog/client/catalog-client.ts';
import { startCatalog } from '../../src/catalog/index.ts';
import { PsybergError } from '../../src/model/errors.ts';
import { append } from './fixture.ts';

const [warehouse, writer, count] = process.argv.slice(2) as [string, string, string];
const catalog = await startCatalog({ warehouse });
const client = catalogClient({ uri: catalog.uri, token: catalog.token });
const table = { namespace: ['facts'], name: 'shared' };

for (let n = 1n; n <= BigInt(count); n++) {
  for (;;) {
    const metadata = (await client.loadTable(table))?.metadata;
    const id = BigInt(writer) * 1_000_000n + n;
    const commit = append(id, metadata?.['current-snapshot-id'] ?? null, { 'sequence-number': (metadata?.['last-sequence-number'] ?? 0n) + 1n });
    try {
      await client.commitTable(table, commit);
      break;
    } catch (error) {
      if (!(error instanceof PsybergError && error.retryable)) throw error;
    }
  }
}
await catalog.close();
