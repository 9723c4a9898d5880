// Goal: a new table is as Apache Iceberg would make it. Method: what is asked for as data, allowed and refused.
import { describe, expect, it } from 'vitest';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { IcebergType } from '../../src/iceberg/table-metadata.ts';
import { NOW_MS, newTable, refused } from './table.ts';

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
    expect(table['partition-specs']).toEqual([
      { 'spec-id': 0, fields: [{ 'source-id': 2, 'field-id': 1000, name: 'ts_hour', transform: 'hour' }] },
    ]);
    expect(table['sort-orders'][0]).toMatchObject({ 'order-id': 1, fields: [{ 'source-id': 1 }] });
    expect(table).toMatchObject({
      'last-column-id': 4,
      'last-partition-id': 1000,
      'format-version': 2,
      'last-sequence-number': 0n,
      refs: {},
      snapshots: [],
    });
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
    expect(() => newTable({ 'format-version': version })).toThrow(
      refused('invalid-table-update', /unsupported format version/),
    );
  });
});

describe('properties of a new table', () => {
  it.each([
    [{ 'write.metadata.metrics.column.nothing': 'full' }, /could not find column nothing/],
    [{ 'commit.retry.num-retries': '-1' }, /non negative integer/],
    [{ 'commit.retry.num-retries': 'many' }, /non negative integer/],
  ])('refuse %o', (properties, message) =>
    expect(() => newTable(properties as unknown as Record<string, string>)).toThrow(
      refused('invalid-table-update', message),
    ),
  );
  it('may name its own columns', () =>
    expect(newTable({ 'write.metadata.metrics.column.address.city': 'none' }).properties).toHaveProperty(
      ['write.metadata.metrics.column.address.city'],
      'none',
    ));
  it('may leave out element and value of structs in lists and maps, as Apache Iceberg does', () => {
    let id = 0;
    const next = (): number => (id += 1);
    const struct = (): IcebergType => ({
      type: 'struct',
      fields: [{ id: next(), name: 'x', required: false, type: 'int' }],
    });
    const list = (element: IcebergType): IcebergType => ({
      type: 'list',
      'element-id': next(),
      element,
      'element-required': false,
    });
    const map = (value: IcebergType): IcebergType => ({
      type: 'map',
      'key-id': next(),
      key: struct(),
      'value-id': next(),
      value,
      'value-required': false,
    });
    const fields = Object.entries({ l: list(struct()), m: map(struct()), deep: map(list(struct())) }).map(
      ([name, type]) => ({ id: next(), name, required: false, type }),
    );
    const create = (column: string) =>
      newTableMetadata(
        {
          schema: { type: 'struct', fields },
          location: '/t',
          uuid: 'u',
          properties: { [`write.metadata.metrics.column.${column}`]: 'none' },
        },
        NOW_MS,
      );
    for (const column of [
      'l.element.x',
      'l.x',
      'm.value.x',
      'm.x',
      'm.key.x',
      'deep.value.element.x',
      'deep.value.x',
    ])
      expect(create(column), column).toBeDefined();
    for (const column of ['l.y', 'deep.x', 'x'])
      expect(() => create(column), column).toThrow(/could not find column/);
  });
});
