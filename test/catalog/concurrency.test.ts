// Goal: many processes share one warehouse and lose nothing. Method: real processes, each with its own server, on one database.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, openCatalog, SCHEMA } from './fixture.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  fixture = await openCatalog();
});
afterAll(() => fixture.close());

/** Runs a writer to its end. */
const runWriter = (writer: number, count: number): Promise<void> =>
  new Promise((done, failed) => {
    const script = join(import.meta.dirname, 'committing-writer.ts');
    const child = spawn(process.execPath, [script, fixture.warehouse, String(writer), String(count)], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('exit', (code) => (code === 0 ? done() : failed(new Error(`writer ${writer} ended with ${code}: ${errors}`))));
  });

describe('processes on one warehouse', () => {
  it('land every commit on one table, in one unbroken line of parents', { timeout: 120_000 }, async () => {
    const [writers, commits] = [6, 20];
    const table = { namespace: ['facts'], name: 'shared' };
    await fixture.client.createNamespace(table.namespace);
    await fixture.client.createTable(table, { schema: SCHEMA });
    await Promise.all(Array.from({ length: writers }, (_, writer) => runWriter(writer + 1, commits)));
    const metadata = (await fixture.client.loadTable(table))?.metadata;
    const ids = metadata?.snapshots?.map((snapshot) => snapshot['snapshot-id']) ?? [];
    const written = Array.from({ length: writers }, (_, writer) => Array.from({ length: commits }, (_, n) => BigInt(writer + 1) * 1_000_000n + BigInt(n + 1))).flat();
    expect(new Set(ids)).toEqual(new Set(written));
    expect(metadata?.['last-sequence-number']).toBe(BigInt(writers * commits));
    expect(metadata?.snapshots?.map((snapshot) => snapshot['parent-snapshot-id'])).toEqual([undefined, ...ids.slice(0, -1)]);
    // A lost race leaves no metadata file: one per commit, and the first.
    const files = readdirSync(join(fixture.warehouse, 'facts', 'shared', 'metadata'));
    expect(files).toHaveLength(writers * commits + 1);
  });
  it('repeat commits that nothing contradicts: property changes of many clients all arrive', async () => {
    const table = { namespace: ['facts'], name: 'properties' };
    await fixture.client.createNamespace(table.namespace);
    await fixture.client.createTable(table, { schema: SCHEMA });
    const names = Array.from({ length: 16 }, (_, n) => `key_${n}`);
    await Promise.all(names.map((name) => fixture.client.commitTable(table, { requirements: [], updates: [{ action: 'set-properties', updates: { [name]: 'set' } }] })));
    expect(Object.keys((await fixture.client.loadTable(table))?.metadata.properties ?? {})).toEqual(expect.arrayContaining(names));
  });
  it('create a table of one name once', async () => {
    await fixture.client.createNamespace(['facts']);
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => fixture.client.createTable({ namespace: ['facts'], name: 'once' }, { schema: SCHEMA })));
    expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
  });
});
