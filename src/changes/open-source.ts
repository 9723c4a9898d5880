/** Opens a source for reading. A manifest list never changes, so each is read once, however many rules ask for it. */
import type { Engine } from '../engine/index.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { renderStatement } from '../statements/index.ts';
import { reading } from './files/reading.ts';
import type { Manifest, Source, SourceTable } from './source.ts';

/** A source with its manifests at hand. */
export function openSource(engine: Engine, table: SourceTable): Source {
  const lists = new Map<string, Promise<readonly Manifest[]>>();
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

const readManifestList = (source: Source, snapshot: Snapshot): Promise<Manifest[]> =>
  reading(
    source,
    snapshot,
    () =>
      source.engine.query<Manifest & Record<string, unknown>>({
        sql: renderStatement('changes/all_manifests'),
        parameters: { manifest_list: snapshot['manifest-list'] },
      }),
    [snapshot['manifest-list']],
  );
