// Goal: a commit writes the items that it leaves alone as their file has them. Method: files of several
// writers' spellings, a commit's worth of changes on top, and the text that is written.
import { expect, it } from 'vitest';
import { rememberLists } from '../../src/iceberg/list-texts.ts';
import { parseTableMetadata, renderTableMetadata } from '../../src/iceberg/read-metadata.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';

const snapshotText = (id: number): string =>
  `{ "snapshot-id" : ${id},  "timestamp-ms": 1.0e3, "manifest-list": "/${id}], \\"x", "other": [{"a": []}] }`;

const fileText = (order: 'last' | 'first', ...ids: number[]): string => {
  const list = `"snapshots": [\n  ${ids.map(snapshotText).join(' ,\n  ')}\n]`;
  const rest =
    '"format-version": 2, "table-uuid": "u", "location": "/t", "last-column-id": 1, "schemas": [{"type": "struct", "schema-id": 0, "fields": []}], "sort-orders": []';
  return order === 'last' ? `{${rest}, ${list}}` : `{${list}, ${rest}}\n`;
};

const read = (text: string): TableMetadata => {
  const table = parseTableMetadata(text);
  rememberLists(Buffer.from(text), table);
  return table;
};
const withSnapshots = (table: TableMetadata, snapshots: readonly Snapshot[]): TableMetadata => ({
  ...table,
  snapshots,
});
const added = {
  'snapshot-id': 9n,
  'timestamp-ms': 5,
  'manifest-list': '/9',
  summary: {},
} as unknown as Snapshot;

it.each(['last', 'first'] as const)('writes a list that is the %s field as it was read', (order) => {
  const table = read(fileText(order, 1, 2, 3));
  const { snapshots = [] } = table;
  const next = withSnapshots(table, [...snapshots, added]);
  for (const each of [table, next, next]) {
    const text = renderTableMetadata(each);
    for (const id of [1, 2, 3]) expect(text).toContain(snapshotText(id));
    expect(parseTableMetadata(text)).toEqual(each);
  }
});

it('renders a list anew that has lost items, or of which one is another', () => {
  const table = read(fileText('last', 1, 2, 3));
  const [one, two, three] = table.snapshots as [Snapshot, Snapshot, Snapshot];
  for (const snapshots of [[two, three], [one, two], [one, three, two], [one, { ...two }, three], []]) {
    const text = renderTableMetadata(withSnapshots(table, snapshots));
    expect(text).not.toContain(snapshotText(2));
    expect(parseTableMetadata(text).snapshots).toEqual(snapshots);
  }
});

it('renders a list anew that its file names twice', () => {
  const text = fileText('last', 1, 2).replace(/\}$/, ', "snapshots": [{"snapshot-id": 7}]}');
  const table = read(text);
  expect(table.snapshots).toEqual([{ 'snapshot-id': 7n }]);
  expect(parseTableMetadata(renderTableMetadata(table))).toEqual(table);
});
