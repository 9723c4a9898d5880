/** A table whose metadata files are read, a source of a process or another. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { ManifestRow } from './manifest-list.ts';

export interface TableWithManifests {
  readonly engine: Engine;
  readonly metadata: TableMetadata;
  readonly spec: { readonly table: TableIdentifier };
  /** As DuckDB is told of the table, where it is not told of some partition fields. */
  readonly asRead?: TableMetadata;
  /** All manifests with live files of one snapshot. Throws `source-unreadable`. */
  manifestsOf(snapshot: Snapshot): Promise<readonly ManifestRow[]>;
}

/** What is known of it without a look at its files. */
export type TableByMetadata = Pick<TableWithManifests, 'metadata' | 'spec'>;
