/** Defines what a warehouse consists of: folders, pointers in a database, and metadata files. */
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ViewMetadata } from '../../iceberg/view-metadata.ts';
import type { Disk } from '../files/disk.ts';
import type { Roots } from '../files/locations.ts';
import type { MetadataFiles } from '../files/metadata-files.ts';
import type { CatalogStore } from '../store/store.ts';

export interface Warehouse {
  readonly roots: Roots;
  readonly disk: Disk;
  readonly store: CatalogStore;
  readonly files: MetadataFiles<TableMetadata>;
  readonly viewFiles: MetadataFiles<ViewMetadata>;
}
