// Goal: a file whose rows cannot be read is no file without rows. Method: a DuckDB that packs a file as it was, in a codec
// that is not known here.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Engine } from '../../src/engine/index.ts';
import { writeAvroHeader } from '../../src/iceberg/avro-header.ts';
import { MANIFEST_FILE } from '../../src/model/manifest-schema.ts';
import { readAvroFile } from '../../src/tables/avro-files.ts';

it('a file in a codec that nobody reads is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-codec-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const list = join(folder, 'list.avro');
  const words = { 'avro.schema': JSON.stringify(MANIFEST_FILE), 'avro.codec': 'unheard-of' };
  const header = writeAvroHeader(Object.entries(words).map(([key, word]) => [key, Buffer.from(word)]));
  writeFileSync(list, Buffer.concat([header, Buffer.alloc(16)]));
  const engine = {
    query: async () => [],
    execute: async (_statement: unknown, { destination }: { readonly destination: string }) =>
      copyFileSync(list, destination),
  } as unknown as Engine;
  await expect(readAvroFile(engine, list, MANIFEST_FILE)).rejects.toThrow(/list\.avro has a codec/);
});
