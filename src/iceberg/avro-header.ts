/** The schema in the head of an Avro file. Bytes of a file -> bytes. Pure. The rows stay as they are. */
import { avroName } from '../model/avro-name.ts';

/** The file with another schema, which has to fit its rows. */
export function changeAvroSchema(file: Buffer, change: (schema: string) => string): Buffer {
  // Avro specification, "Object Container Files": magic, then a map of metadata, then a 16-byte marker and
  // the blocks.
  const header = new AvroReader(file, 4);
  const parts: Buffer[] = [file.subarray(0, 4)];
  for (let count = header.long(); count !== 0; count = header.long()) {
    if (count < 0) {
      header.long();
      count = -count;
    }
    parts.push(long(count));
    for (let index = 0; index < count; index += 1) {
      const key = header.bytes();
      const value = header.bytes();
      parts.push(long(key.length), key);
      const written = key.toString() === 'avro.schema' ? Buffer.from(change(value.toString())) : value;
      parts.push(long(written.length), written);
    }
  }
  parts.push(long(0), file.subarray(header.offset));
  return Buffer.concat(parts);
}

/** The file with names that Avro takes; undefined where it has no others. */
export function encodeAvroNames(file: Buffer): Buffer | undefined {
  let isChanged = false;
  const encoded = changeAvroSchema(file, (schema) =>
    JSON.stringify(
      JSON.parse(schema, (key, value: unknown) => {
        if (key !== 'name' || typeof value !== 'string' || !/[^\p{ASCII}]/u.test(value)) return value;
        isChanged = true;
        return avroName(value);
      }),
    ),
  );
  return isChanged ? encoded : undefined;
}

class AvroReader {
  readonly #file: Buffer;
  offset: number;
  constructor(file: Buffer, offset: number) {
    this.#file = file;
    this.offset = offset;
  }
  /** A zig-zag variable-length integer; header lengths fit a number. */
  long(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#file[this.offset] as number;
      this.offset += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
  bytes(): Buffer {
    const length = this.long();
    this.offset += length;
    return this.#file.subarray(this.offset - length, this.offset);
  }
}

function long(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value * 2; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      bytes.push(rest);
      return Buffer.from(bytes);
    }
    bytes.push((rest % 128) + 128);
  }
}
