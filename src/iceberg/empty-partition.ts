/**
 * An empty partition tuple in a manifest. Bytes of an Avro file -> bytes. Pure.
 *
 * The specification wants `partition` to be a record, and of an unpartitioned table that record has no
 * fields. SQL cannot write an empty struct, so DuckDB writes an optional integer there: one zero byte a row.
 * Here the file's schema is told that the empty record (no bytes at all) comes first and an optional field
 * that nobody knows (that one byte) follows. The rows stay as they are. Without this DuckDB itself aborts on
 * a table that mixes such a manifest with its own.
 */
import { PsybergError } from '../model/errors.ts';

const WRITTEN = '{"name":"partition","type":["null",{"type":"int"}],"field-id":102}';
/** No field id of the specification is near 9000. */
const DECLARED =
  '{"name":"partition","type":{"type":"record","name":"partition","fields":[]},"field-id":102},{"name":"unpartitioned","type":["null",{"type":"int"}],"field-id":9000}';

/** Declares the empty partition tuple in a manifest that DuckDB wrote with `partition := null::integer`. */
export function declareEmptyPartition(file: Buffer): Buffer {
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
      const written = key.toString() === 'avro.schema' ? Buffer.from(replaced(value.toString())) : value;
      parts.push(long(written.length), written);
    }
  }
  parts.push(long(0), file.subarray(header.offset));
  return Buffer.concat(parts);
}

function replaced(schema: string): string {
  if (!schema.includes(WRITTEN))
    throw new PsybergError(
      'internal-bug',
      'a manifest of an unpartitioned table was written in an unknown shape',
      { hint: 'report this with the version of DuckDB' },
    );
  return schema.replace(WRITTEN, DECLARED);
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
