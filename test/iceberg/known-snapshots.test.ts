// Goal: a metadata file means the same whether an earlier one of its table was parsed or not. Method: random
// histories of files, as several writers spell them, and damaged ones, alone and in a catalog's answers; each
// held against a parser that knows nothing.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseLoadTableResult } from '../../src/catalog/foreign/load-table.ts';
import { rememberingParser, tableMetadataParser } from '../../src/iceberg/known-snapshots.ts';
import { parseTableMetadata, renderTableMetadata } from '../../src/iceberg/read-metadata.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { propertySeed } from '../support/property-seed.ts';

interface FileOf {
  readonly ids: readonly number[];
  readonly word: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly indent: number;
  readonly end: string;
  /** The lists in this order, before everything else or after it. */
  readonly order: readonly ('snapshots' | 'snapshot-log')[];
  readonly first: boolean;
  /** Ids that the log has lost, as after an expiry. */
  readonly unlogged: number;
}

const WORDS = ['', ']', '}]', '"', '\\', '"snapshots":[', '"table-uuid":"x"', ',', '\u0001long 7', 'ü\n'];

const snapshot = (id: number, word: string): unknown => ({
  'snapshot-id': 9_007_199_254_740_993n + BigInt(id),
  'sequence-number': BigInt(id),
  'timestamp-ms': 1_700_000_000_000 + id,
  'manifest-list': `/t/${id}${word}.avro`,
  summary: { operation: 'append', text: word, list: '[[1]]' },
});

const raw = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint'
    ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(`${value}`)
    : value;

const logEntry = (id: number): unknown => ({
  'snapshot-id': 9_007_199_254_740_993n + BigInt(id),
  'timestamp-ms': 1_700_000_000_000 + id,
  ...(id === 13 ? { snapshots: [] } : {}),
});

function render({ ids, word, properties, indent, end, order, first, unlogged }: FileOf): string {
  const all = {
    snapshots: ids.map((id) => snapshot(id, WORDS[id % WORDS.length] as string)),
    'snapshot-log': ids.slice(unlogged).map(logEntry),
  };
  const lists = Object.fromEntries(order.map((name) => [name, all[name]]));
  const table = {
    'format-version': 2,
    'table-uuid': 'u1',
    location: `/t${word}`,
    'last-column-id': 1,
    'last-sequence-number': BigInt(Math.max(0, ...ids)),
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [] }],
    properties,
  };
  const text = JSON.stringify(first ? { ...lists, ...table } : { ...table, ...lists }, raw, indent);
  return end === '' ? text : damaged(text, end);
}

const damaged = (text: string, how: string): string =>
  ({
    comma: text.replace(/\}(\s*)\](?=[^\]]*$)/, '},$1]'),
    cut: text.slice(0, -2),
    twice: text.replace(/\}$/, ', "snapshots": []}'),
    word: text.replace(/\](?=[^\]]*$)/, ', 7]'),
    open: text.replace(/\](?=[^\]]*$)/, ''),
  })[how] as string;

const ids = fc.uniqueArray(fc.nat(30), { maxLength: 12 });
const file: fc.Arbitrary<FileOf> = fc.record({
  ids,
  word: fc.constantFrom(...WORDS),
  properties: fc.constantFrom({}, { a: '"snapshots":[{}]' }, { snapshots: '[' }, { 'table-uuid': 'u2' }),
  indent: fc.constantFrom(0, 0, 0, 2),
  end: fc.constantFrom('', '', '', '', 'comma', 'cut', 'twice', 'word', 'open'),
  order: fc.constantFrom(
    ['snapshot-log', 'snapshots'],
    ['snapshots', 'snapshot-log'],
    ['snapshots'],
    ['snapshot-log'],
  ),
  first: fc.boolean(),
  unlogged: fc.constantFrom(0, 0, 0, 1),
});
/** Files of one table: of each the snapshots that it has more than the one before, or others. */
const history = fc
  .array(fc.record({ file, goesOn: fc.nat(7) }), { minLength: 2, maxLength: 6 })
  .map((steps) => {
    const files: FileOf[] = [];
    for (const { file: next, goesOn } of steps) {
      const before = files.at(-1);
      if (before === undefined || goesOn === 0) {
        files.push(next);
        continue;
      }
      const { indent, first, order, ids: known } = before;
      const more = next.ids.filter((id) => !known.includes(id)).slice(0, 2);
      files.push({ ...next, indent, first, order, ids: [...known, ...more] });
    }
    return files;
  });

const outcome = (parse: () => unknown): unknown => {
  try {
    return parse();
  } catch (error) {
    return `${error}`;
  }
};

it('is what a parser without a memory makes of it', () => {
  let shared = 0;
  fc.assert(
    fc.property(history, (files) => {
      const parse = tableMetadataParser(0);
      const parseAnswer = rememberingParser(parseLoadTableResult, 0);
      const seen = new Set<Snapshot>();
      for (const each of files) {
        const text = render(each);
        const found = outcome(() => {
          const file = Buffer.from(text);
          const { metadata, text: pieces } = parse(file);
          // Its buffer is used for the next file.
          file.fill('x');
          expect(String(Buffer.concat(pieces))).toBe(text);
          return metadata;
        });
        expect(found).toEqual(outcome(() => parseTableMetadata(text)));
        if (typeof found !== 'string')
          expect(parseTableMetadata(renderTableMetadata(found as TableMetadata))).toEqual(found);
        const answer = `{"metadata-location": "/a", "metadata": ${text}, "config": {"a": "]"}}`;
        const body = Buffer.from(answer);
        const answered = outcome(() => parseAnswer(body));
        body.fill('x');
        expect(answered).toEqual(outcome(() => parseLoadTableResult(answer)));
        const { snapshots = [] } = typeof found === 'string' ? {} : (found as { snapshots?: Snapshot[] });
        if (snapshots.some((known) => seen.has(known))) shared += 1;
        for (const known of snapshots) seen.add(known);
      }
    }),
    { numRuns: 1000, ...propertySeed() },
  );
  expect(shared).toBeGreaterThan(200);
});

it('takes over the snapshots and log entries that a file of the same table has as well, and reads small files whole', () => {
  const plain = { word: '', properties: {}, indent: 2, end: '', first: false, unlogged: 0 };
  const of = (...numbers: number[]): Buffer =>
    Buffer.from(render({ ...plain, ids: numbers, order: ['snapshot-log', 'snapshots'] }));
  const parser = tableMetadataParser(0);
  const parse = (file: Buffer) => parser(file).metadata;
  const [one, other] = [parse(of(1, 2)), parse(of(1, 2, 3))];
  for (const list of ['snapshots', 'snapshot-log'] as const)
    expect(other[list]?.map((known, at) => known === one[list]?.[at])).toEqual([true, true, false]);
  expect(parse(of(2, 3)).snapshots?.[0]).not.toBe(other.snapshots?.[1]);
  const small = tableMetadataParser();
  const first = () => small(of(1)).metadata.snapshots?.[0];
  expect(first()).not.toBe(first());
});
