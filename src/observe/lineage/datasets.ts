/**
 * Describes tables as OpenLineage's datasets. Iceberg metadata -> dataset. Pure. A table is named by the
 * location of its files, like other integrations name Iceberg tables, so that their reports and these are
 * about the same dataset; its name in the catalog is a symlink.
 */
import { currentSchema } from '../../iceberg/event-time.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { IcebergType, NestedField, Schema, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ProjectSpec } from '../../model/process-spec.ts';
import { type Dataset, type Facets, facet } from './facets.ts';

/** `snapshotId`: the version that is read or was written, as text. */
export interface TableAsDataset {
  /** `schema.table`. */
  readonly table: string;
  readonly metadata: TableMetadata;
  readonly snapshotId: string | undefined;
}

export function tableDataset(
  project: ProjectSpec,
  { table, metadata, snapshotId }: TableAsDataset,
  more: Facets = {},
): Dataset {
  const { namespace, uri } = catalogOf(project);
  return {
    ...datasetName(metadata.location),
    facets: {
      schema: facet('SchemaDatasetFacet', { fields: schemaAt(metadata, snapshotId).fields.map(fieldOf) }),
      storage: facet('StorageDatasetFacet', { storageLayer: 'iceberg', fileFormat: 'parquet' }),
      symlinks: facet('SymlinksDatasetFacet', { identifiers: [{ namespace, name: table, type: 'TABLE' }] }),
      catalog: facet('CatalogDatasetFacet', {
        framework: 'iceberg',
        type: 'rest',
        name: project.name,
        warehouseUri: namespace,
        source: 'psyberg',
        ...(uri === undefined ? {} : { metadataUri: uri }),
      }),
      ...(snapshotId === undefined
        ? {}
        : { version: facet('DatasetVersionDatasetFacet', { datasetVersion: snapshotId }) }),
      ...more,
    },
  };
}

/** A folder of files, named by its glob. */
export const folderDataset = (glob: string): Dataset => ({
  ...datasetName(glob),
  facets: { storage: facet('StorageDatasetFacet', { storageLayer: 'files' }) },
});

/** `s3://bucket/a/b` lies in the namespace `s3://bucket`, a path in `file`. */
function datasetName(location: string): { readonly namespace: string; readonly name: string } {
  const [, scheme = 'file', authority = '', path = ''] =
    /^([a-z][a-z0-9+.-]*):\/\/([^/]*)(.*)$/i.exec(location) ?? [];
  if (path === '' && authority === '') return { namespace: 'file', name: location };
  if (scheme === 'file') return { namespace: 'file', name: path };
  return { namespace: `${scheme}://${authority}`, name: path.replace(/^\//, '') || '/' };
}

function catalogOf({ catalog }: ProjectSpec): {
  readonly namespace: string;
  readonly uri: string | undefined;
} {
  if (catalog.kind !== 'rest') {
    const { warehouse } = catalog;
    return { namespace: warehouse.startsWith('/') ? `file://${warehouse}` : warehouse, uri: undefined };
  }
  return { namespace: catalog.warehouse ?? withoutUser(catalog.uri), uri: withoutUser(catalog.uri) };
}

/** Removes everything that might be a secret. */
export function withoutUser(address: string): string {
  try {
    const url = new URL(address);
    return `${url.protocol}//${url.host}${url.pathname}`;
  } catch {
    return address;
  }
}

/** The schema with which the snapshot was written, if it tells. */
function schemaAt(metadata: TableMetadata, snapshotId: string | undefined): Schema {
  const snapshot = snapshotId === undefined ? undefined : snapshotById(metadata, BigInt(snapshotId));
  const id = snapshot?.['schema-id'];
  return metadata.schemas.find((schema) => schema['schema-id'] === id) ?? currentSchema(metadata);
}

const fieldOf = ({ name, type, doc }: Pick<NestedField, 'name' | 'type' | 'doc'>): object => ({
  name,
  ...typeOf(type),
  ...(doc === undefined ? {} : { description: doc }),
});

function typeOf(type: IcebergType): { readonly type: string; readonly fields?: readonly object[] } {
  if (typeof type === 'string') return { type };
  switch (type.type) {
    case 'struct':
      return { type: 'struct', fields: type.fields.map(fieldOf) };
    case 'list':
      return { type: 'list', fields: [fieldOf({ name: 'element', type: type.element })] };
    case 'map':
      return {
        type: 'map',
        fields: [fieldOf({ name: 'key', type: type.key }), fieldOf({ name: 'value', type: type.value })],
      };
  }
}
