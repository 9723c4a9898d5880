// Goal: metadata follows Apache Iceberg's rules. Method: every update of the specification as data, allowed and refused.
import { describe, expect, it } from 'vitest';
import { parseTableMetadata, renderTableMetadata } from '../../src/iceberg/read-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { applyUpdates, rememberPreviousFile } from '../../src/iceberg/updates.ts';
import { NOW_MS, newTable, setMain, snapshot, withSnapshots } from './table.ts';

const refused = (code: string, message: RegExp) => expect.objectContaining({ code, message: expect.stringMatching(message) });
const apply = (updates: readonly TableUpdate[], table = withSnapshots([1n, 2n])) => applyUpdates(table, updates, NOW_MS + 10_000);

describe('a new table', () => {
  it('gets fresh column ids, outer fields before inner ones, and rebuilt spec, order and identifiers', () => {
    const table = newTable();
    expect(table.schemas[0]).toMatchObject({
      fields: [
        { id: 1, name: 'id' },
        { id: 2, name: 'ts' },
        { id: 3, type: { fields: [{ id: 4 }] } },
      ],
      'identifier-field-ids': [1],
    });
    expect(table['partition-specs']).toEqual([{ 'spec-id': 0, fields: [{ 'source-id': 2, 'field-id': 1000, name: 'ts_hour', transform: 'hour' }] }]);
    expect(table['sort-orders'][0]).toMatchObject({ 'order-id': 1, fields: [{ 'source-id': 1 }] });
    expect(table).toMatchObject({ 'last-column-id': 4, 'last-partition-id': 1000, 'format-version': 2, 'last-sequence-number': 0n, refs: {}, snapshots: [] });
    expect(table['current-snapshot-id']).toBeUndefined();
  });
  it('keeps steering words out of its properties', () => {
    expect(newTable({ 'format-version': '3', owner: 'me' })).toMatchObject({
      'format-version': 3,
      'next-row-id': 0n,
      properties: { owner: 'me', 'write.parquet.compression-codec': 'zstd' },
    });
    expect(newTable({ 'format-version': '3' }).properties).not.toHaveProperty('format-version');
  });
  it.each(['4', '0', 'x', '2.5'])('is refused with format version %s', (version) => {
    expect(() => newTable({ 'format-version': version })).toThrow(refused('invalid-table-update', /unsupported format version/));
  });
});

describe('schemas', () => {
  const fields = newTable().schemas[0]?.fields ?? [];
  const withNote = { type: 'struct' as const, fields: [...fields, { id: 5, name: 'note', required: false, type: 'string' }] };
  it('are numbered upwards, -1 is the last added, and an equal one is found again', () => {
    const table = apply([
      { action: 'add-schema', schema: withNote },
      { action: 'set-current-schema', 'schema-id': -1 },
    ]);
    expect(table).toMatchObject({ 'current-schema-id': 1, 'last-column-id': 5 });
    const again = apply(
      [
        { action: 'add-schema', schema: { ...withNote, 'schema-id': 40 } },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
      table,
    );
    expect(again).toBe(table);
  });
  it.each<[TableUpdate[], RegExp]>([
    [[{ action: 'set-current-schema', 'schema-id': -1 }], /no schema has been added/],
    [[{ action: 'set-current-schema', 'schema-id': 9 }], /unknown schema: 9/],
    [[{ action: 'remove-schemas', 'schema-ids': [0] }], /Cannot remove the current schema/],
    [[{ action: 'add-schema', schema: { type: 'struct', fields: [...fields, { id: 1, name: 'x', required: false, type: 'int' }] } }], /used more than once/],
    [[{ action: 'add-schema', schema: { type: 'struct', fields: [...fields, { id: 8, name: 'id', required: false, type: 'int' }] } }], /multiple fields for name id/],
    [[{ action: 'add-schema', schema: { type: 'struct', fields: [{ id: 8, name: 'v', required: false, type: 'variant' }] } }], /not supported until v3/],
    [[{ action: 'add-schema', schema: { type: 'struct', fields: [{ id: 8, name: 'v', required: false, type: 'int8' }] } }], /Cannot parse type/],
  ])('refuse %o', (updates, message) => expect(() => apply(updates)).toThrow(refused('invalid-table-update', message)));
});

describe('partition specs and sort orders', () => {
  const byDay = { fields: [{ 'source-id': 2, name: 'ts_day', transform: 'day' }] };
  it('give a new field the next id and an equal field its old one', () => {
    const table = apply([
      { action: 'add-spec', spec: byDay },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    expect(table['partition-specs'][1]).toMatchObject({ 'spec-id': 1, fields: [{ 'field-id': 1001 }] });
    expect(table).toMatchObject({ 'default-spec-id': 1, 'last-partition-id': 1001 });
    const third = apply([{ action: 'add-spec', spec: { fields: [...byDay.fields, { 'source-id': 2, name: 'ts_hour', transform: 'hour' }] } }], table);
    expect(third['partition-specs'][2]?.fields.map((field) => field['field-id'])).toEqual([1001, 1000]);
  });
  it('know the order without fields as order 0', () => {
    expect(
      apply([
        { action: 'add-sort-order', 'sort-order': { fields: [] } },
        { action: 'set-default-sort-order', 'sort-order-id': -1 },
      ]),
    ).toMatchObject({
      'default-sort-order-id': 0,
    });
  });
  it.each<[TableUpdate[], RegExp]>([
    [[{ action: 'add-spec', spec: { fields: [{ 'source-id': 77, name: 'x', transform: 'day' }] } }], /Cannot find source column/],
    [[{ action: 'add-spec', spec: { fields: [{ 'source-id': 3, name: 'x', transform: 'identity' }] } }], /non-primitive/],
    [[{ action: 'add-spec', spec: { fields: [{ 'source-id': 2, name: 'id', transform: 'day' }] } }], /exists in schema/],
    [[{ action: 'add-spec', spec: { fields: [{ 'source-id': 2, name: 'x', transform: 'moon' }] } }], /Unknown partition transform/],
    [[{ action: 'set-default-spec', 'spec-id': -1 }], /no spec has been added/],
    [[{ action: 'set-default-spec', 'spec-id': 5 }], /unknown spec/],
    [[{ action: 'remove-partition-specs', 'spec-ids': [0] }], /default partition spec/],
    [[{ action: 'set-default-sort-order', 'sort-order-id': 5 }], /unknown sort order/],
  ])('refuse %o', (updates, message) => expect(() => apply(updates)).toThrow(refused('invalid-table-update', message)));
});

describe('snapshots and references', () => {
  it('move main, the current snapshot, the sequence number and the log together', () => {
    const table = withSnapshots([1n, 2n]);
    expect(table).toMatchObject({ 'current-snapshot-id': 2n, 'last-sequence-number': 2n, refs: { main: { 'snapshot-id': 2n, type: 'branch' } } });
    expect(table['snapshot-log']?.map((entry) => entry['snapshot-id'])).toEqual([1n, 2n]);
  });
  it('leave main alone when a branch gets a snapshot', () => {
    const table = apply([
      { action: 'add-snapshot', snapshot: snapshot(3n) },
      { action: 'set-snapshot-ref', 'ref-name': 'staging', type: 'branch', 'snapshot-id': 3n },
    ]);
    expect(table).toMatchObject({ 'current-snapshot-id': 2n, refs: { main: { 'snapshot-id': 2n }, staging: { 'snapshot-id': 3n } } });
    expect(table['snapshot-log']).toHaveLength(2);
  });
  it('may come late without a parent, as a concurrent replacement of the table does, but never turn the sequence back', () => {
    expect(apply([{ action: 'add-snapshot', snapshot: snapshot(9n, { 'sequence-number': 1n }) }, setMain(9n)])).toMatchObject({
      'current-snapshot-id': 9n,
      'last-sequence-number': 2n,
    });
  });
  it('log a rollback at the time of the rollback', () => {
    expect(apply([setMain(1n)])['snapshot-log']?.at(-1)).toEqual({ 'snapshot-id': 1n, 'timestamp-ms': NOW_MS + 10_000 });
  });
  it("keep the log in order and out of the future when a writer's clock lies", () => {
    const ahead = apply([{ action: 'add-snapshot', snapshot: snapshot(3n, { 'timestamp-ms': NOW_MS + 9e9 }) }, setMain(3n)]);
    expect(ahead['snapshot-log']?.at(-1)?.['timestamp-ms']).toBe(NOW_MS + 10_000);
    const behind = apply([{ action: 'add-snapshot', snapshot: snapshot(4n, { 'timestamp-ms': 5 }) }, setMain(4n)], ahead);
    expect(behind['snapshot-log']?.at(-1)?.['timestamp-ms']).toBe(NOW_MS + 10_000);
  });
  it('leave snapshots that were current only inside the commit out of the log', () => {
    const table = apply([{ action: 'add-snapshot', snapshot: snapshot(3n) }, setMain(3n), { action: 'add-snapshot', snapshot: snapshot(4n) }, setMain(4n)]);
    expect(table['snapshot-log']?.map((entry) => entry['snapshot-id'])).toEqual([1n, 2n, 4n]);
  });
  it('remove what a removed snapshot leaves behind: refs, statistics, and the log before the gap', () => {
    const table = apply(
      [{ action: 'remove-snapshots', 'snapshot-ids': [2n] }],
      apply([
        { action: 'add-snapshot', snapshot: snapshot(3n) },
        setMain(3n),
        { action: 'set-snapshot-ref', 'ref-name': 'tag', type: 'tag', 'snapshot-id': 2n },
        { action: 'set-statistics', statistics: { 'snapshot-id': 2n } },
        { action: 'set-partition-statistics', 'partition-statistics': { 'snapshot-id': 2n } },
      ]),
    );
    expect(Object.keys(table.refs ?? {})).toEqual(['main']);
    expect(table['snapshot-log']?.map((entry) => entry['snapshot-id'])).toEqual([3n]);
    expect(table).toMatchObject({ statistics: [], 'partition-statistics': [] });
  });
  it('leave the table without a current snapshot when main goes', () => {
    const table = apply([{ action: 'remove-snapshot-ref', 'ref-name': 'main' }]);
    expect(table['current-snapshot-id']).toBeUndefined();
    expect(table.snapshots).toHaveLength(2);
  });
  it('count rows in version 3', () => {
    const table = apply([{ action: 'add-snapshot', snapshot: snapshot(3n, { 'first-row-id': 0n, 'added-rows': 25n }) }, setMain(3n)], newTable({ 'format-version': '3' }));
    expect(table['next-row-id']).toBe(25n);
    expect(() => apply([{ action: 'add-snapshot', snapshot: snapshot(4n, { 'first-row-id': 3n, 'added-rows': 1n }) }], table)).toThrow(
      refused('commit-conflict', /first-row-id is behind/),
    );
    expect(() => apply([{ action: 'add-snapshot', snapshot: snapshot(4n) }], table)).toThrow(refused('invalid-table-update', /first-row-id is null/));
  });
  it('start counting rows when version 2 becomes 3, and never go back', () => {
    const table = apply([{ action: 'upgrade-format-version', 'format-version': 3 }]);
    expect(table['next-row-id']).toBe(0n);
    expect(() => apply([{ action: 'upgrade-format-version', 'format-version': 2 }], table)).toThrow(refused('invalid-table-update', /Cannot downgrade v3 table to v2/));
  });
  it.each<[TableUpdate[], string, RegExp]>([
    [[{ action: 'add-snapshot', snapshot: snapshot(2n) }], 'invalid-table-update', /already exists/],
    [[{ action: 'add-snapshot', snapshot: snapshot(9n, { 'sequence-number': 2n, 'parent-snapshot-id': 1n }) }], 'commit-conflict', /older than last sequence number 2/],
    [[setMain(99n)], 'invalid-table-update', /unknown snapshot: 99/],
    [[{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'tag', 'snapshot-id': 2n }], 'invalid-table-update', /must be a branch/],
    [[{ action: 'set-snapshot-ref', 'ref-name': 'b', type: 'branch', 'snapshot-id': 2n, 'max-ref-age-ms': 0 }], 'invalid-table-update', /greater than 0/],
    [[{ action: 'assign-uuid', uuid: 'other' }], 'invalid-table-update', /Cannot reassign uuid/],
    [[{ action: 'paint-it-black' } as unknown as TableUpdate], 'unknown-update', /paint-it-black/],
  ])('refuse %o', (updates, code, message) => expect(() => apply(updates)).toThrow(refused(code, message)));
});

describe('the rest of the metadata', () => {
  it('sets and removes properties, location, statistics and keys', () => {
    const table = apply([
      { action: 'set-properties', updates: { a: '1', b: '2' } },
      { action: 'remove-properties', removals: ['a', 'absent'] },
      { action: 'set-location', location: '/elsewhere' },
      { action: 'set-statistics', statistics: { 'snapshot-id': 1n } },
      { action: 'set-statistics', statistics: { 'snapshot-id': 2n } },
      { action: 'remove-statistics', 'snapshot-id': 1n },
      { action: 'add-encryption-key', 'encryption-key': { 'key-id': 'k' } },
    ]);
    expect(table).toMatchObject({ properties: { b: '2' }, location: '/elsewhere', statistics: [{ 'snapshot-id': 2n }], 'encryption-keys': [{ 'key-id': 'k' }] });
    expect(table.properties).not.toHaveProperty('a');
    expect(apply([{ action: 'remove-encryption-key', 'key-id': 'k' }], table)).toMatchObject({ 'encryption-keys': [] });
  });
  it('stays the same object when nothing changes: then nothing is written', () => {
    const table = withSnapshots([1n]);
    expect(applyUpdates(table, [setMain(1n), { action: 'set-location', location: table.location }], NOW_MS)).toBe(table);
  });
  it('remembers as many earlier files as the table wants', () => {
    let table = newTable({ 'write.metadata.previous-versions-max': '2' });
    const forgotten: string[] = [];
    for (const file of ['a', 'b', 'c']) {
      const step = rememberPreviousFile(table, { 'metadata-file': file, 'timestamp-ms': NOW_MS });
      table = step.metadata;
      forgotten.push(...step.forgotten);
    }
    expect(table['metadata-log']?.map((entry) => entry['metadata-file'])).toEqual(['b', 'c']);
    expect(forgotten).toEqual(['a']);
  });
  it('survives being written and read, in every format version', () => {
    for (const version of ['1', '2', '3']) {
      const table = newTable({ 'format-version': version });
      expect(parseTableMetadata(renderTableMetadata(table))).toEqual(table);
    }
    const table = withSnapshots([1n, 2n]);
    expect(parseTableMetadata(renderTableMetadata(table))).toEqual(table);
  });
  it('reads a version 1 file that has one schema, one spec and -1 for no snapshot', () => {
    const text = `{"format-version":1,"table-uuid":"u","location":"/l","last-updated-ms":1,"last-column-id":1,"properties":{},
      "schema":{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":"date"}]},
      "partition-spec":[{"name":"a","transform":"identity","source-id":1}],"current-snapshot-id":-1}`;
    const table = parseTableMetadata(text);
    expect(table).toMatchObject({ 'current-schema-id': 0, 'last-partition-id': 1000, 'last-sequence-number': 0n, refs: {}, 'default-sort-order-id': 0 });
    expect(table['current-snapshot-id']).toBeUndefined();
    const upgraded = apply([{ action: 'upgrade-format-version', 'format-version': 2 }], table);
    expect(upgraded).toMatchObject({ 'format-version': 2, schemas: [{ 'schema-id': 0 }] });
  });
});
