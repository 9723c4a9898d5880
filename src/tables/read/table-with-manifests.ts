/** Defines a table whose metadata files are read: a source of a process, or another table. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { ManifestRow } from './manifest-list.ts';

export interface TableWithManifests {
  readonly engine: Engine;
  readonly metadata: TableMetadata;
  readonly spec: { readonly table: TableIdentifier };
  /** The table as DuckDB is told of it, if some partition fields are hidden from it. */
  readonly asRead?: TableMetadata;
  /** All manifests of one snapshot that have live files. Throws `source-unreadable`. */
  manifestsOf(snapshot: Snapshot): Promise<readonly ManifestRow[]>;
}

/** What is known of a table without reading its files. */
export type TableByMetadata = Pick<TableWithManifests, 'metadata' | 'spec'>;
