/**
 * Many processes, each with its own server, commit to one table of one warehouse. Used by the tests, and in
 * full by `npm run contention`.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { WriterOrder } from '../catalog/committing-writer.ts';
import { type CatalogFixture, SCHEMA } from '../catalog/fixture.ts';

const SHARED = { namespace: ['facts'], name: 'shared' };

/** Runs a writer to its end; `killed` when it sent itself SIGKILL. Rejects when it ends in any other way. */
export const runWriter = (order: WriterOrder): Promise<'done' | 'killed'> =>
  new Promise((done, failed) => {
    const script = join(import.meta.dirname, '../catalog/committing-writer.ts');
    const child = spawn(process.execPath, [script, JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += String(chunk)));
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') done('killed');
      else if (code === 0) done('done');
      else failed(new Error(`writer ${order.writer} ended with ${signal ?? code}: ${errors}`));
    });
  });

/** Creates the shared table. */
export async function createShared({ client }: CatalogFixture): Promise<void> {
  await client.createNamespace(SHARED.namespace);
  await client.createTable(SHARED, { schema: SCHEMA });
}

export const loadShared = async ({ client }: CatalogFixture): Promise<TableMetadata> => {
  const loaded = await client.loadTable(SHARED);
  if (loaded === undefined) throw new Error('the shared table is gone');
  return loaded.metadata;
};

export const metadataFilesOf = ({ warehouse }: CatalogFixture): string[] =>
  readdirSync(join(warehouse, ...SHARED.namespace, SHARED.name, 'metadata')).sort();

/** The ids that `writers` writers of `commits` commits each must have left. */
export const writtenIds = (writers: number, commits: number): bigint[] =>
  Array.from({ length: writers }, (_, writer) =>
    Array.from({ length: commits }, (_, n) => BigInt(writer + 1) * 1_000_000n + BigInt(n + 1)),
  ).flat();

/**
 * What is wrong with a table to which only appends were made: nothing, when each has the one before as its
 * parent.
 */
export function brokenHistory(metadata: TableMetadata): string | undefined {
  const snapshots = metadata.snapshots ?? [];
  for (const [position, snapshot] of snapshots.entries()) {
    const expected = snapshots[position - 1]?.['snapshot-id'];
    if (snapshot['parent-snapshot-id'] !== expected)
      return `snapshot ${snapshot['snapshot-id']} has the parent ${snapshot['parent-snapshot-id']}, not ${expected}`;
    if (snapshot['sequence-number'] !== BigInt(position + 1))
      return `snapshot ${snapshot['snapshot-id']} has the sequence number ${snapshot['sequence-number']}`;
  }
  const head = snapshots.at(-1)?.['snapshot-id'];
  return metadata['current-snapshot-id'] === head
    ? undefined
    : `current is ${metadata['current-snapshot-id']}, not ${head}`;
}
