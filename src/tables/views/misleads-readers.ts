/**
 * Decides whether DuckDB would skip files of a table whose rows a query asks for. Metadata + the columns that
 * the query may name -> yes or no; yes if in doubt. Needed for queries that read tables as they are because
 * they may write to them; queries that only read get a view without such fields (`readable-view.ts`).
 * Manifests are opened only for columns whose type or partitions may be wrong.
 */
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { liveManifestsOf, ofData } from '../read/manifest-list.ts';
import {
  hasDoubtfulBounds,
  hasDoubtfulPartitions,
  misleadingBounds,
  misleadingPartitions,
} from './misleading-fields.ts';

export interface ReadersQuestion {
  /** Whether the query may compare a column, by its name, with something. */
  readonly mayUse: (column: string) => boolean;
  /** Whether it may compare columns with `infinity`. */
  readonly asksForInfinity: boolean;
}

/** @param reader called when manifests have to be opened. */
export async function misleadsReaders(
  reader: () => Promise<Engine>,
  metadata: TableMetadata,
  { mayUse, asksForInfinity }: ReadersQuestion,
): Promise<boolean> {
  const snapshot = mainSnapshot(metadata);
  if (snapshot === undefined) return false;
  const used = currentSchema(metadata).fields.filter((field) => mayUse(field.name));
  const isParted = hasDoubtfulPartitions(metadata, used, asksForInfinity);
  if (!isParted && !used.some(({ type }) => hasDoubtfulBounds(type))) return false;
  const engine = await reader();
  const manifests = await liveManifestsOf(engine, snapshot);
  if (isParted) {
    const manifestList = snapshot['manifest-list'];
    const input = { metadata, manifestList, manifests, asksForInfinity, columns: used };
    if ((await misleadingPartitions(engine, input)).summaries.size > 0) return true;
  }
  const data = ofData(manifests);
  return (await misleadingBounds(engine, { metadata, manifests: data, columns: used })).length > 0;
}
