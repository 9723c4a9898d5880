/**
 * The rows of an Avro file. Bytes -> values -> bytes, among which a marker that is another one each time.
 * Avro specification, "Binary Encoding" and "Object Container Files". For small files of Iceberg's metadata:
 * DuckDB takes 2 to 12 ms to plan a statement over one, whatever it holds, and reading it here takes a tenth
 * of a millisecond.
 */
import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AvroComplexType, AvroRecord, AvroType } from '../model/avro-schema.ts';
import { type AvroHeader, AvroReader, readAvroHeader, writeAvroHeader } from './avro-header.ts';
import { type AvroObject, type AvroRowsAsked, type AvroValue, rowReader } from './avro-values.ts';

/** How a file's blocks are packed; undefined: by a codec that is not known here. */
const CODECS: Readonly<Record<string, (block: Buffer) => Buffer>> = {
  null: (block) => block,
  deflate: (block) => inflateRawSync(block),
};

/**
 * The rows of a file, undefined where only another reader knows its codec. Fields have the names that
 * `expected` gives their ids: readers of Iceberg find fields by id, and writers name some otherwise.
 * Throws RangeError where the file ends too early, or a block does not end where it says.
 */
export function readAvroRows(
  file: Buffer,
  expected: AvroRecord,
  asked?: AvroRowsAsked,
): AvroObject[] | undefined {
  const header = readAvroHeader(file);
  const unpack = CODECS[wordOf(header, 'avro.codec') ?? 'null'];
  if (unpack === undefined) return undefined;
  const schema = JSON.parse(wordOf(header, 'avro.schema') ?? '{}') as AvroType;
  const read = rowReader(schema, expected, asked);
  const blocks = new AvroReader(file, header.end);
  const marker = blocks.take(MARKER_BYTES);
  const rows: AvroObject[] = [];
  while (blocks.offset < file.length) {
    const count = blocks.long();
    const unpacked = unpack(blocks.bytes());
    const block = new AvroReader(unpacked, 0);
    for (let index = 0; index < count; index += 1) {
      const row = read(block);
      if (row !== undefined) rows.push(row);
    }
    if (block.offset !== unpacked.length || !blocks.take(MARKER_BYTES).equals(marker))
      throw new RangeError('a block of the file does not end where it says');
  }
  return rows;
}

/** A file of one block. `words`: what its header says beside schema and codec. */
export function writeAvroRows(
  schema: AvroRecord,
  words: Readonly<Record<string, string>>,
  rows: readonly AvroObject[],
): Buffer {
  const header = {
    ...words,
    'avro.schema': JSON.stringify(schema),
    'avro.codec': 'deflate',
  };
  const marker = randomBytes(MARKER_BYTES);
  const writer = new AvroWriter();
  const write = writerOf(schema as AvroType);
  for (const row of rows) write(writer, row);
  const block = deflateRawSync(writer.content());
  const frame = new AvroWriter();
  frame.long(BigInt(rows.length));
  frame.long(BigInt(block.length));
  return Buffer.concat([
    writeAvroHeader(Object.entries(header).map(([key, word]) => [key, Buffer.from(word)])),
    marker,
    ...(rows.length === 0 ? [] : [frame.content(), block, marker]),
  ]);
}

const MARKER_BYTES = 16;

const wordOf = ({ entries }: AvroHeader, word: string): string | undefined =>
  entries.find(([key]) => key === word)?.[1].toString();

type Write = (to: AvroWriter, value: AvroValue) => void;

/** Of the types that Iceberg's own schemas consist of; optional ones are unions that begin with null. */
function writerOf(type: AvroType): Write {
  if (Array.isArray(type)) {
    const present = writerOf((type as readonly AvroType[])[1] as AvroType);
    return (to, value) => {
      to.long(value === null ? 0n : 1n);
      if (value !== null) present(to, value);
    };
  }
  if (typeof type === 'string') return PRIMITIVE_WRITES[type] as Write;
  const { fields, items } = type as AvroComplexType;
  if (fields !== undefined) {
    const writes = fields.map((field) => [field.name, writerOf(field.type)] as const);
    return (to, value) => {
      for (const [name, write] of writes) write(to, (value as AvroObject)[name] ?? null);
    };
  }
  const write = writerOf(items as AvroType);
  return (to, value) => {
    const list = value as readonly AvroValue[];
    if (list.length > 0) to.long(BigInt(list.length));
    for (const item of list) write(to, item);
    to.long(0n);
  };
}

const PRIMITIVE_WRITES: Readonly<Record<string, Write>> = {
  boolean: (to, value) => to.add(Buffer.from([value === true ? 1 : 0])),
  int: (to, value) => to.long(BigInt(value as number)),
  long: (to, value) => to.long(value as bigint),
  bytes: (to, value) => to.bytes(value as Buffer),
  string: (to, value) => to.bytes(Buffer.from(value as string)),
};

class AvroWriter {
  readonly #parts: Buffer[] = [];
  add(part: Buffer): void {
    this.#parts.push(part);
  }
  /** A zig-zag variable-length integer of 64 bits. */
  long(value: bigint): void {
    let rest = BigInt.asUintN(64, value >= 0n ? value << 1n : (-value << 1n) - 1n);
    const bytes: number[] = [];
    for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
    bytes.push(Number(rest));
    this.add(Buffer.from(bytes));
  }
  bytes(value: Buffer): void {
    this.long(BigInt(value.length));
    this.add(value);
  }
  content(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
