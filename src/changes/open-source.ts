/**
 * Opens a source for reading. A manifest list never changes, so each is read once, however many rules ask for
 * it.
 */
import type { Engine } from '../engine/index.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { byManifestPath, liveManifestsOf, type ManifestRow } from '../tables/read/manifest-list.ts';
import { reading } from '../tables/read/reading.ts';
import type { Source, SourceTable } from './source.ts';

/** Opens a source. */
export function openSource(engine: Engine, table: SourceTable): Source {
  const lists = new Map<string, Promise<readonly ManifestRow[]>>();
  const source: Source = {
    ...table,
    engine,
    manifestsOf(snapshot) {
      const list = snapshot['manifest-list'];
      const known = lists.get(list) ?? readManifestList(source, snapshot);
      lists.set(list, known);
      return known;
    },
  };
  return source;
}

const readManifestList = (source: Source, snapshot: Snapshot): Promise<ManifestRow[]> =>
  reading(
    source,
    snapshot,
    async () => (await liveManifestsOf(source.engine, snapshot)).toSorted(byManifestPath),
    [snapshot['manifest-list']],
  );
