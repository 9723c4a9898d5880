/**
 * Makes what every new snapshot needs: an id, a sequence number, and a place for its files. Metadata ->
 * names.
 */
import { randomBytes } from 'node:crypto';
import { withoutSlash } from '../model/without-slash.ts';
import type { SnapshotId, TableMetadata } from './table-metadata.ts';

/** A random positive 63-bit id, made as in the specification's reference implementations. */
export const newSnapshotId = (): SnapshotId => randomBytes(8).readBigInt64BE() & 0x7fff_ffff_ffff_ffffn;

/** The sequence number of the table's next snapshot (Iceberg specification, "Sequence Numbers"). */
export const nextSequenceNumber = (metadata: TableMetadata): bigint => metadata['last-sequence-number'] + 1n;

/** The table's location without a slash at its end. */
export const tableRoot = (metadata: Pick<TableMetadata, 'location'>): string =>
  withoutSlash(metadata.location);
