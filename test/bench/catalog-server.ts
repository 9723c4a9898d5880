/**
 * A catalog in a process of its own, for benchmarks: prints its address and how long it took to listen;
 * answers each line on stdin with its memory. Arguments: warehouse, and the URL of a database if the pointers
 * are to live there.
 */
import { createInterface } from 'node:readline';

const [warehouse, database] = process.argv.slice(2) as [string, string | undefined];
const importingMs = performance.now();
const { startCatalog } = await import('../../src/catalog/index.ts');
const startingMs = performance.now();
const catalog = await startCatalog({ warehouse, ...(database === undefined ? {} : { database }) });
const listeningMs = performance.now();
console.log(
  JSON.stringify({
    uri: catalog.uri,
    token: catalog.token,
    importMs: startingMs - importingMs,
    startMs: listeningMs - startingMs,
  }),
);
for await (const _line of createInterface({ input: process.stdin })) {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  console.log(
    JSON.stringify({ residentMb: rss / 2 ** 20, heapMb: heapUsed / 2 ** 20, externalMb: external / 2 ** 20 }),
  );
}
await catalog.close();
