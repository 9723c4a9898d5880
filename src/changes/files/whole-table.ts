/** Counts what a snapshot holds, from its summary, or from its manifests if the summary does not say. */
import type { Engine } from '../../engine/index.ts';
import { countInSummary } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { bytesListed } from '../../tables/read/bytes-listed.ts';
import { manifestsOf } from '../../tables/read/manifest-list.ts';

/** Bytes are those of all files, deletes among them. Throws what reading manifests throws. */
export async function countWhole(
  engine: () => Promise<Engine>,
  metadata: TableMetadata,
  snapshot: Snapshot,
): Promise<{ readonly rows: bigint; readonly files: number; readonly bytes: bigint }> {
  const total = (key: string): bigint | undefined => countInSummary(snapshot, key);
  const listed = async (): Promise<bigint> => {
    const opened = await engine();
    return bytesListed(opened, metadata, await manifestsOf(opened, snapshot));
  };
  return {
    rows: total('total-records') ?? 0n,
    files: Number(total('total-data-files') ?? 0n),
    // DuckDB's own commits do not count them.
    bytes: total('total-files-size') ?? (await listed()),
  };
}
