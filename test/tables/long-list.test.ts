// Goal: what snapshots added to a long list is read once, and never of a file that is gone or another one.
// Method: a list of 9,000 rows that is replaced under its name, with and without its time.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/index.ts';
import { writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import { MANIFEST_FILE } from '../../src/model/manifest-schema.ts';
import { readManifests } from '../../src/tables/read/manifest-list.ts';

const folder = mkdtempSync(join(tmpdir(), 'psyberg-long-list-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const list = join(folder, 'snap-long.avro');
const NEW = 4_000_000_000_000_000_000n;
const ROWS = 9000;

const digest = (number: number): string => createHash('sha512').update(String(number)).digest('hex');

/** As long when it is packed; the last two rows are of `NEW`. */
const listOf = (word: string): Buffer =>
  writeAvroRows(
    MANIFEST_FILE,
    {},
    Array.from({ length: ROWS }, (_, number) => ({
      manifest_path: `${word}-${digest(number)}-${digest(-number)}.avro`,
      manifest_length: BigInt(number) * 7_919n,
      partition_spec_id: 0,
      content: 0,
      sequence_number: BigInt(number),
      min_sequence_number: BigInt(number),
      added_snapshot_id: number < ROWS - 2 ? BigInt(number) * 184_467_440_737n : NEW,
      added_files_count: 1,
      existing_files_count: 0,
      deleted_files_count: 0,
      added_rows_count: 1n,
      existing_rows_count: 0n,
      deleted_rows_count: 0n,
      partitions: null,
      key_metadata: null,
      first_row_id: null,
    })),
  );
const firstWords = async (engine: Engine): Promise<string[]> =>
  (await readManifests(engine, [list], [NEW])).map((row) => row.manifest_path.split('-')[0] as string);

it('walks a long list once, as long as it is the same file', async () => {
  const [engine, other] = [{}, {}] as [Engine, Engine];
  writeFileSync(list, listOf('former'));
  const { size } = statSync(list);
  // To the second: a time is set less exactly than it is told.
  const mtime = new Date('2026-11-30T06:00:00Z');
  utimesSync(list, mtime, mtime);
  expect(size).toBeGreaterThan(2 ** 20);
  expect(await firstWords(engine)).toEqual(['former', 'former']);
  const present = listOf('latter');
  writeFileSync(
    list,
    Buffer.concat([present, Buffer.alloc(Math.max(0, size - present.length))]).subarray(0, size),
  );
  utimesSync(list, mtime, mtime);
  expect(await firstWords(engine)).toEqual(['former', 'former']);
  writeFileSync(list, present);
  utimesSync(list, mtime, new Date(mtime.getTime() + 5000));
  expect(await firstWords(engine)).toEqual(['latter', 'latter']);
  expect(await firstWords(other)).toEqual(['latter', 'latter']);
  expect(await readManifests(engine, [list], [184_467_440_737n])).toHaveLength(1);
});

it('asks for a list that is gone', async () => {
  const engine = { query: () => Promise.reject(new Error('no such file')) } as unknown as Engine;
  writeFileSync(list, listOf('former'));
  expect(await firstWords(engine)).toEqual(['former', 'former']);
  rmSync(list);
  await expect(firstWords(engine)).rejects.toThrow('no such file');
});
