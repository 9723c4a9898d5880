// Goal: schemas, partition specs and sort orders change by Apache Iceberg's rules. Method: updates of the specification
// as data, allowed and refused.
import { describe, expect, it } from 'vitest';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { IcebergType } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { apply, NOW_MS, newTable, refused } from './table.ts';

describe('schemas', () => {
  const fields = newTable().schemas[0]?.fields ?? [];
  const withNote = {
    type: 'struct' as const,
    fields: [...fields, { id: 5, name: 'note', required: false, type: 'string' }],
  };
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
    [
      [
        {
          action: 'add-schema',
          schema: { type: 'struct', fields: [...fields, { id: 1, name: 'x', required: false, type: 'int' }] },
        },
      ],
      /used more than once/,
    ],
    [
      [
        {
          action: 'add-schema',
          schema: {
            type: 'struct',
            fields: [...fields, { id: 8, name: 'id', required: false, type: 'int' }],
          },
        },
      ],
      /multiple fields for name id/,
    ],
    [
      [
        {
          action: 'add-schema',
          schema: { type: 'struct', fields: [{ id: 8, name: 'v', required: false, type: 'variant' }] },
        },
      ],
      /not supported until v3/,
    ],
    [
      [
        {
          action: 'add-schema',
          schema: { type: 'struct', fields: [{ id: 8, name: 'v', required: false, type: 'int8' }] },
        },
      ],
      /Cannot parse type/,
    ],
  ])('refuse %o', (updates, message) =>
    expect(() => apply(updates)).toThrow(refused('invalid-table-update', message)),
  );
});

describe('column types', () => {
  const latest = newTable({ 'format-version': '3' });
  const add = (field: object, table = latest) =>
    apply(
      [
        {
          action: 'add-schema',
          schema: {
            type: 'struct',
            fields: [
              ...(table.schemas[0]?.fields ?? []),
              { id: 9, name: 'x', required: false, type: 'int', ...field },
            ],
          },
        },
      ],
      table,
    );
  it.each<[object, RegExp]>([
    [{ type: 'decimal(50,2)' }, /precision larger than 38 are not supported: 50/],
    [{ type: 'decimal(2,5)' }, /more digits behind the point/],
    [{ type: 'decimal(0,0)' }, /more digits behind the point/],
    [{ type: 'fixed[99999999999999]' }, /Fixed lengths larger than/],
    [{ type: 'unknown', required: true }, /required field with unknown type: x/],
    [
      { type: { type: 'list', 'element-id': 10, element: 'unknown', 'element-required': true } },
      /required field with unknown type: x.element/,
    ],
  ])('refuse %o', (field, message) =>
    expect(() => add(field)).toThrow(refused('invalid-table-update', message)),
  );
  it.each<[IcebergType, unknown[], unknown[]]>([
    ['boolean', [true], ['true', 1]],
    ['int', [5, -(2 ** 31)], ['5', 1.5, 2 ** 31, true]],
    ['long', [5, 2n ** 63n - 1n], [2n ** 63n, '5']],
    ['double', [1.5, 2], ['1.5', true]],
    ['decimal(9, 2)', ['14.20', '-1.00'], [14.2, '14.2', '14', 'x']],
    ['date', ['2024-02-29'], ['2023-02-29', '2023-13-01', 19000, 'today']],
    ['time', ['22:31:08.123456'], ['25:00:00', 1]],
    ['timestamp', ['2007-12-03T10:15:30.123'], ['2007-12-03T10:15:30+00:00', '2007-12-03', 5]],
    [
      'timestamptz',
      ['2007-12-03T10:15:30+00:00', '2007-12-03T10:15:30Z'],
      ['2007-12-03T10:15:30', '2007-12-03T10:15:30+02:00'],
    ],
    ['timestamptz_ns', ['2007-12-03T10:15:30.123456789+00:00'], ['2007-12-03T10:15:30.1234567891+00:00']],
    ['string', ['', 'x'], [5, {}]],
    ['uuid', ['f79c3e09-677c-4bbd-a479-3f349cb785e7'], ['f79c3e09', 1]],
    ['fixed[2]', ['00FF'], ['00', '00FG', 5]],
    ['binary', ['', '00ff'], ['0', 'xy']],
    ['unknown', [], [5]],
    ['variant', [], [5, {}]],
    [{ type: 'struct', fields: [] }, [], [{}, 5]],
  ])('%o has defaults like %o and not like %o', (type, right, wrong) => {
    for (const kind of ['initial-default', 'write-default']) {
      for (const value of [...right, null])
        expect(add({ type, [kind]: value }).schemas, String(value)).toHaveLength(2);
      for (const value of wrong)
        expect(() => add({ type, [kind]: value }), String(value)).toThrow(
          refused('invalid-table-update', /cannot parse default as/),
        );
    }
  });
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
    const third = apply(
      [
        {
          action: 'add-spec',
          spec: { fields: [...byDay.fields, { 'source-id': 2, name: 'ts_hour', transform: 'hour' }] },
        },
      ],
      table,
    );
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
    [
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 77, name: 'x', transform: 'day' }] } }],
      /Cannot find source column/,
    ],
    [
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 3, name: 'x', transform: 'identity' }] } }],
      /non-primitive/,
    ],
    [
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 2, name: 'id', transform: 'day' }] } }],
      /exists in schema/,
    ],
    [
      [{ action: 'add-spec', spec: { fields: [{ 'source-id': 2, name: 'x', transform: 'moon' }] } }],
      /Unknown partition transform/,
    ],
    [[{ action: 'set-default-spec', 'spec-id': -1 }], /no spec has been added/],
    [[{ action: 'set-default-spec', 'spec-id': 5 }], /unknown spec/],
    [[{ action: 'remove-partition-specs', 'spec-ids': [0] }], /default partition spec/],
    [[{ action: 'set-default-sort-order', 'sort-order-id': 5 }], /unknown sort order/],
  ])('refuse %o', (updates, message) =>
    expect(() => apply(updates)).toThrow(refused('invalid-table-update', message)),
  );
});

describe('partition and sort fields', () => {
  const columns = {
    id: 'long',
    ts: 'timestamptz',
    day: 'date',
    at: 'time',
    name: 'string',
    price: 'decimal(9, 2)',
    score: 'double',
    ok: 'boolean',
    raw: 'binary',
    code: 'fixed[4]',
    key: 'uuid',
    ns: 'timestamp_ns',
    v: 'variant',
    g: 'geometry',
  };
  const list: IcebergType = { type: 'list', 'element-id': 16, element: 'int', 'element-required': false };
  const fields = [
    ...Object.entries(columns).map(([name, type], position) => ({
      id: position + 1,
      name,
      required: false,
      type: type as IcebergType,
    })),
    { id: 15, name: 'tags', required: false, type: list },
  ];
  const idOf = (name: string): number => fields.find((field) => field.name === name)?.id ?? 16;
  const table = newTableMetadata(
    { schema: { type: 'struct', fields }, location: '/t', uuid: 'u', properties: { 'format-version': '3' } },
    NOW_MS,
  );
  const addSpec = (transform: string, column: string): TableUpdate[] => [
    { action: 'add-spec', spec: { fields: [{ 'source-id': idOf(column), name: 'derived', transform }] } },
  ];
  const addOrder = (transform: string, column: string): TableUpdate[] => [
    {
      action: 'add-sort-order',
      'sort-order': {
        fields: [{ 'source-id': idOf(column), transform, direction: 'asc', 'null-order': 'nulls-first' }],
      },
    },
  ];
  it.each([
    ['identity', 'id ts day at name price score ok raw code key ns'],
    ['bucket[16]', 'id ts day at name price raw code key ns'],
    ['truncate[3]', 'id name price raw'],
    ['year', 'ts day ns'],
    ['month', 'ts day ns'],
    ['day', 'ts day ns'],
    ['hour', 'ts ns'],
  ])('derive %s from %s and from nothing else', (transform, allowed) => {
    for (const column of Object.keys(columns)) {
      for (const updates of [addSpec(transform, column), addOrder(transform, column)]) {
        if (allowed.split(' ').includes(column)) expect(apply(updates, table)).not.toBe(table);
        else
          expect(() => apply(updates, table), `${transform} of ${column}`).toThrow(
            refused('invalid-table-update', /Invalid source type|non-primitive/),
          );
      }
    }
  });
  it.each([
    ['bucket[0]', /Unknown partition transform/],
    ['truncate[]', /Unknown partition transform/],
    ['truncate[0]', /Unknown partition transform/],
    ['bucket[99999999999]', /Unknown partition transform/],
    ['truncate[2147483648]', /Unknown partition transform/],
    ['identity', /Invalid partition field parent: tags/],
  ])('refuse %s of a list element', (transform, message) =>
    expect(() => apply(addSpec(transform, 'element'), table)).toThrow(
      refused('invalid-table-update', message),
    ),
  );
  it('keep the default spec and sort order usable: their column cannot be dropped while they are the default', () => {
    const [spec, order] = [
      apply([...addSpec('hour', 'ts'), { action: 'set-default-spec', 'spec-id': -1 }], table),
      apply(
        [...addOrder('identity', 'ts'), { action: 'set-default-sort-order', 'sort-order-id': -1 }],
        table,
      ),
    ];
    const dropTs: TableUpdate[] = [
      {
        action: 'add-schema',
        schema: { type: 'struct', fields: fields.filter((field) => field.name !== 'ts') },
      },
      { action: 'set-current-schema', 'schema-id': -1 },
    ];
    expect(() => apply(dropTs, spec)).toThrow(
      refused('invalid-table-update', /Cannot find source column for partition field: derived hour/),
    );
    expect(() => apply(dropTs, order)).toThrow(
      refused('invalid-table-update', /Cannot find source column for sort field/),
    );
    expect(apply([...dropTs, { action: 'set-default-spec', 'spec-id': 0 }], spec)).toMatchObject({
      'default-spec-id': 0,
      'current-schema-id': 1,
    });
  });
});

describe('identifier fields', () => {
  const field = (type: IcebergType, required = true) => ({ id: 5, name: 'outer', required, type });
  const inner = (required: boolean, type: IcebergType = 'int') => ({
    type: 'struct' as const,
    fields: [{ id: 6, name: 'inner', required, type }],
  });
  const add = (outer: ReturnType<typeof field>, id: number): TableUpdate[] => [
    {
      action: 'add-schema',
      schema: {
        type: 'struct',
        fields: [...(newTable().schemas[0]?.fields ?? []), outer],
        'identifier-field-ids': [id],
      },
    },
  ];
  it('are required and exact, and so is what they lie in', () => {
    expect(apply(add(field('string'), 5)).schemas).toHaveLength(2);
    expect(apply(add(field(inner(true)), 6)).schemas).toHaveLength(2);
  });
  it.each<[ReturnType<typeof field>, number, RegExp]>([
    [field('int'), 9, /field does not exist/],
    [field('int', false), 5, /not a required field/],
    [field('double'), 5, /float or double/],
    [field(inner(true)), 5, /not a primitive/],
    [field(inner(false)), 6, /not a required field/],
    [field(inner(true), false), 6, /nested in an optional field outer/],
    [
      field({ type: 'list', 'element-id': 6, element: 'int', 'element-required': true }),
      6,
      /must not be nested in outer/,
    ],
  ])('refuse %o', (outer, id, message) =>
    expect(() => apply(add(outer, id))).toThrow(refused('invalid-table-update', message)),
  );
});
