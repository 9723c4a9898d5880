// Goal: what rows of some keys a file has does not depend on which file was read before it. Method: random
// histories of files, of one block and of several, packed or not, some damaged; each held against a reader
// that remembers nothing.
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeAvroHeader } from '../../src/iceberg/avro-header.ts';
import { readAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { LastRead } from '../../src/iceberg/rows-read-before.ts';
import type { AvroRecord } from '../../src/model/avro-schema.ts';
import { propertySeed } from '../support/property-seed.ts';

const ROW: AvroRecord = {
  type: 'record',
  name: 'row',
  fields: [
    { name: 'path', type: 'string', 'field-id': 1 },
    { name: 'key', type: 'long', 'field-id': 2 },
    { name: 'count', type: 'bytes', 'field-id': 3 },
  ],
};
/** The same bytes mean something else under it. */
const OTHER = { ...ROW, fields: [ROW.fields[0], { ...ROW.fields[2] }, { ...ROW.fields[1] }] } as AvroRecord;

interface Row {
  readonly path: string;
  readonly key: bigint;
}
interface FileOf {
  readonly rows: readonly Row[];
  readonly schema: AvroRecord;
  readonly perBlock: number;
  readonly codec: 'null' | 'deflate';
  readonly damage: 'none' | 'cut' | 'more' | 'count';
}

/** Keys that differ in the last of their 63 bits look alike once they are rounded. */
const KEYS = [1n, 2n, 300n, 2n ** 62n, 2n ** 62n + 1n, 2n ** 62n + 2n, -5n];

const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
};
const bytesOf = ({ path, key }: Row): Buffer =>
  Buffer.concat([varint(BigInt(path.length)), Buffer.from(path), varint(key), varint(1n), Buffer.from('b')]);

function render({ rows, schema, perBlock, codec, damage }: FileOf): Buffer {
  const marker = Buffer.alloc(16, 7);
  const parts = [
    writeAvroHeader([
      ['avro.schema', Buffer.from(JSON.stringify(schema))],
      ['avro.codec', Buffer.from(codec)],
    ]),
    marker,
  ];
  for (let begin = 0; begin < rows.length; begin += perBlock) {
    const some = rows.slice(begin, begin + perBlock);
    const content = Buffer.concat([...some.map(bytesOf), Buffer.alloc(damage === 'more' ? 2 : 0)]);
    const block = codec === 'null' ? content : deflateRawSync(content);
    const count = BigInt(some.length + (damage === 'count' ? 1 : 0));
    parts.push(varint(count), varint(BigInt(block.length)), block, marker);
  }
  const file = Buffer.concat(parts);
  return damage === 'cut' ? file.subarray(0, -3) : file;
}

const row = fc.record({ path: fc.constantFrom('a', 'bc', ''), key: fc.constantFrom(...KEYS) });
const step = fc.record({
  more: fc.array(row, { maxLength: 3 }),
  times: fc.constantFrom(1, 1, 35),
  where: fc.constantFrom('behind', 'behind', 'behind', 'in front', 'in front', 'instead', 'within'),
  schema: fc.constantFrom(ROW, ROW, ROW, ROW, ROW, ROW, ROW, OTHER),
  perBlock: fc.constantFrom(100, 100, 2),
  codec: fc.constantFrom('null', 'deflate'),
  damage: fc.constantFrom('none', ...Array(9).fill('none'), 'cut', 'more', 'count'),
  asked: fc.uniqueArray(fc.constantFrom(...KEYS), { minLength: 1, maxLength: 2 }),
});
const history = fc.array(step, { minLength: 2, maxLength: 8 }).map((steps) => {
  let rows: readonly Row[] = [];
  return steps.map(({ more: few, times, where, asked, ...how }) => {
    const more = few.flatMap((each) => Array.from({ length: times }, () => each));
    const [head, tail] = [rows.slice(0, 1), rows.slice(1)];
    if (where === 'behind') rows = [...rows, ...more];
    else if (where === 'in front') rows = [...more, ...rows];
    else rows = where === 'within' ? [...head, ...more, ...tail] : more;
    return { file: { ...how, rows } as FileOf, asked };
  });
});

const outcome = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return `${(error as Error).name}`;
  }
};

/** Comparing texts is quicker than comparing rows one by one. */
const textOf = (found: unknown): string =>
  JSON.stringify(found, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));

it('is what a reader without a memory finds', () => {
  let [spared, folded] = [0, 0];
  fc.assert(
    fc.property(history, (steps) => {
      const last: LastRead = { rows: undefined };
      for (const { file, asked } of steps) {
        const content = render(file);
        const among = { field: 'key', values: new Set(asked) };
        const only = ['path', 'key', 'count'];
        const plain = outcome(() => readAvroRows(content, ROW, { only, among }));
        const text = textOf(plain);
        // The second time it is the very same file.
        for (let time = 0; time < 2; time += 1) {
          const buffer = Buffer.from(content);
          const found = outcome(() => readAvroRows(buffer, ROW, { only, among: { ...among, last } }));
          // It is used for the next file.
          buffer.fill(7);
          expect(textOf(found)).toBe(text);
        }
        if (!Array.isArray(plain) || plain.length === 0) continue;
        if ((last.rows?.olderKeys.length ?? 0) > 0) folded += 1;
        if ((last.rows?.recent.length ?? 0) > 1) spared += 1;
      }
    }),
    { numRuns: 400, ...propertySeed() },
  );
  expect(folded).toBeGreaterThan(25);
  expect(spared).toBeGreaterThan(100);
});
