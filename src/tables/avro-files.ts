/**
 * Reads and writes small Avro files of tables as rows; on this machine without a statement over them: DuckDB
 * takes 2 to 12 ms to plan one, reading or writing such a file here takes less than one (2026-11-29). For
 * files elsewhere DuckDB transfers the bytes.
 */
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../engine/index.ts';
import { readLocalFile, useLocalFile, writeLocalFile } from '../files/local.ts';
import { removeFile } from '../files/remove.ts';
import { avroSchemaIn } from '../iceberg/avro-header.ts';
import { readAvroRows } from '../iceberg/avro-rows.ts';
import type { AvroObject, AvroRowsAsked } from '../iceberg/avro-values.ts';
import type { AvroRecord } from '../model/avro-schema.ts';
import { globLiteral, sameAvroFragment, statement } from '../statements/index.ts';

/**
 * The rows of a file, whose fields get the names of `expected`; `Row` must describe the same. If a file
 * cannot be read here, DuckDB reads it, or reports what is wrong with it.
 */
export async function readAvroFile<Row extends AvroObject>(
  engine: Engine,
  location: string,
  expected: AvroRecord,
  asked?: AvroRowsAsked,
): Promise<Row[]> {
  // Then the rows are read from copies, so the bytes of the file itself need not be kept.
  const isCopied = asked?.among?.last !== undefined;
  const copied = isCopied ? useLocalFile(location, (file) => rowsIn(file, expected, asked)) : undefined;
  if (copied !== undefined) return copied as Row[];
  const file = await bytesOf(engine, location);
  const rows =
    rowsIn(file, expected, asked) ?? readAvroRows(await repacked(engine, location, file), expected, asked);
  if (rows === undefined) throw new RangeError(`${location} has a codec that is not read here`);
  return rows as Row[];
}

/** The same for a file of this machine; undefined if it cannot be read without DuckDB. */
export function localAvroRows<Row extends AvroObject>(
  location: string,
  expected: AvroRecord,
  asked?: AvroRowsAsked,
): Row[] | undefined {
  const file = readLocalFile(location);
  return file === undefined ? undefined : (rowsIn(file, expected, asked) as Row[] | undefined);
}

/** Writes a small file that no other file names yet. */
export async function writeFile(engine: Engine, location: string, content: Buffer): Promise<void> {
  if (writeLocalFile(location, content)) return;
  await engine.execute(statement('tables/write_bytes'), {
    content: content.toString('hex'),
    destination: location,
  });
}

/** All bytes of a small file. */
export async function bytesOf(engine: Engine, location: string): Promise<Buffer> {
  const local = readLocalFile(location);
  if (local !== undefined) return local;
  const [row] = await engine.query(statement('tables/read_bytes'), { path: globLiteral(location) });
  return Buffer.from(row?.content ?? '', 'hex');
}

function rowsIn(
  file: Buffer,
  expected: AvroRecord,
  asked: AvroRowsAsked | undefined,
): AvroObject[] | undefined {
  try {
    return readAvroRows(file, expected, asked);
  } catch {
    return undefined;
  }
}

/** The same rows with the same schema, in a codec that can be read here: DuckDB reads Snappy too. */
async function repacked(engine: Engine, location: string, file: Buffer): Promise<Buffer> {
  await engine.query(statement('tables/open_avro'), { file: location });
  const destination = join(tmpdir(), `psyberg-${randomUUID()}.avro`);
  try {
    await engine.execute(
      statement('tables/repack_avro', {
        avro_format: sameAvroFragment(JSON.parse(avroSchemaIn(file) ?? '{}') as AvroRecord, []),
      }),
      { path: location, destination },
    );
    return await bytesOf(engine, destination);
  } finally {
    removeFile(destination);
  }
}
