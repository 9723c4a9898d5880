/** Makes the names and numbers that a new snapshot's files take from the table. Metadata -> values. Pure. */
import { randomUUID } from 'node:crypto';
import { tableRoot } from '../../iceberg/new-snapshot.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { RowLineage } from '../../statements/index.ts';

/**
 * A path for a new metadata file of the table. `owner`: the branch of the session that writes it, by which
 * the files of a killed session are found.
 */
export const metadataPath = (metadata: TableMetadata, name: string, owner?: string): string =>
  `${tableRoot(metadata)}/metadata/${owner === undefined ? '' : `${owner}-`}${name}-${randomUUID()}.avro`;

/**
 * Whether a new snapshot of the table numbers its rows: from format version 3 on (Iceberg specification, "Row
 * Lineage").
 */
export const rowLineageOf = (metadata: Pick<TableMetadata, 'format-version'>): RowLineage =>
  metadata['format-version'] >= 3 ? 'assigned' : 'none';

/**
 * The parameter `first_row_id` of a statement that writes a snapshot's manifest list; none below version 3.
 */
export const firstRowIdParameter = (metadata: TableMetadata): { readonly first_row_id?: bigint } =>
  rowLineageOf(metadata) === 'none' ? {} : { first_row_id: metadata['next-row-id'] ?? 0n };
