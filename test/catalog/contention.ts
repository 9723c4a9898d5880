/**
 * `npm run contention [-- WRITERS COMMITS]`: so many processes, each with its own server, commit so often to
 * one table, on both stores; by default 8 and 100. Exits with 1 unless every commit landed once, in one line
 * of parents.
 */
import { STORES } from '../suites/catalog-stores.ts';
import {
  brokenHistory,
  createShared,
  loadShared,
  metadataFilesOf,
  runWriter,
  writtenIds,
} from '../suites/contention.ts';
import { openCatalog } from './fixture.ts';

const [writers = 8, commits = 100] = process.argv.slice(2).map(Number);

for (const { title, missing, prepare } of STORES) {
  if (missing !== undefined) {
    console.log(`${title}: skipped`);
    continue;
  }
  const prepared = await prepare();
  const database = (await prepared.create()).url;
  const fixture = await openCatalog(database === undefined ? {} : { database });
  try {
    await createShared(fixture);
    const startedMs = performance.now();
    await Promise.all(
      Array.from({ length: writers }, (_, n) =>
        runWriter({ warehouse: fixture.warehouse, database, writer: n + 1, count: commits }),
      ),
    );
    const seconds = (performance.now() - startedMs) / 1000;
    const metadata = await loadShared(fixture);
    const found = new Set(metadata.snapshots?.map((snapshot) => snapshot['snapshot-id']));
    const lost = writtenIds(writers, commits).filter((id) => !found.has(id));
    const broken = brokenHistory(metadata);
    const files = metadataFilesOf(fixture).length;
    console.log(
      `${title}: ${found.size} of ${writers * commits} commits of ${writers} processes landed in ${seconds.toFixed(1)} s, ${files} metadata files; ${broken ?? 'one line of parents'}`,
    );
    if (
      lost.length > 0 ||
      broken !== undefined ||
      metadata.snapshots?.length !== writers * commits ||
      files !== writers * commits + 1
    )
      process.exitCode = 1;
  } finally {
    await fixture.close();
    await prepared.close();
  }
}
