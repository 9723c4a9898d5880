// Goal: metadata follows Apache Iceberg's rules. Method: every update of the specification as data, allowed
// and refused.
import { describe, expect, it } from 'vitest';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import { checkSnapshots, parseTableMetadata, renderTableMetadata } from '../../src/iceberg/read-metadata.ts';
import type { IcebergType } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { applyUpdates, rememberPreviousFile } from '../../src/iceberg/updates.ts';
import { NOW_MS, newTable, setMain, snapshot, withSnapshots } from './table.ts';

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const apply = (updates: readonly TableUpdate[], table = withSnapshots([1n, 2n])) =>
  applyUpdates(table, updates, NOW_MS + 10_000);

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

describe('metadata files', () => {
  const text = (change: object): string => renderTableMetadata({ ...newTable(), ...change });
  const misshapen = (change: object): string => JSON.stringify({ ...JSON.parse(text({})), ...change });
  it.each([
    [text({ 'format-version': 4 }), /cannot read format version 4/],
    [text({ 'format-version': 0 }), /cannot read format version 0/],
    [text({ 'table-uuid': undefined }), /without a uuid/],
    [text({ schemas: [] }), /without a schema/],
    [misshapen({ snapshots: {} }), /its snapshots is not a list of objects/],
    [misshapen({ 'partition-specs': 'x' }), /its partition-specs is not a list of objects/],
    [misshapen({ snapshots: [null] }), /its snapshots is not a list of objects/],
    [misshapen({ refs: { main: null } }), /one of its refs is not an object/],
    [misshapen({ refs: 5 }), /its refs is not an object/],
    [misshapen({ properties: { 'write.data.path': 5 } }), /write.data.path is not a text/],
    ['{}', /not the metadata of a table/],
    ['null', /not the metadata of a table/],
  ])('of something else are not read: %s', (file, message) =>
    expect(() => parseTableMetadata(file)).toThrow(refused('metadata-unreadable', message)),
  );
  it.each<[object, RegExp]>([
    [
      { refs: { main: { 'snapshot-id': 2n, type: 'branch' }, tag: { 'snapshot-id': 9n, type: 'tag' } } },
      /reference tag does not exist in the existing snapshots list: 9/,
    ],
    [{ refs: { main: { 'snapshot-id': 1n, type: 'branch' } } }, /does not match main branch \(2 != 1\)/],
    [{ 'current-snapshot-id': 9n, refs: undefined }, /reference main does not exist/],
    [{ 'last-sequence-number': 1n }, /snapshot 2 with sequence number 2: the last sequence number is 1/],
    [{ snapshots: [snapshot(1n), snapshot(2n, { 'sequence-number': -1n })] }, /sequence number -1/],
    [{ 'format-version': 1 }, /snapshot 1 with sequence number 1: the last sequence number is 0/],
  ])('whose snapshots contradict each other are not to be registered: %o', (change, message) => {
    const read = (changed: object) =>
      checkSnapshots(parseTableMetadata(renderTableMetadata({ ...withSnapshots([1n, 2n]), ...changed })));
    expect(() => read({})).not.toThrow();
    expect(() => read(change)).toThrow(refused('invalid-table-update', message));
  });
});

describe('snapshots and references', () => {
  it('move main, the current snapshot, the sequence number and the log together', () => {
    const table = withSnapshots([1n, 2n]);
    expect(table).toMatchObject({
      'current-snapshot-id': 2n,
      'last-sequence-number': 2n,
      refs: { main: { 'snapshot-id': 2n, type: 'branch' } },
    });
    expect(table['snapshot-log']?.map((entry) => entry['snapshot-id'])).toEqual([1n, 2n]);
  });
  it('leave main alone when a branch gets a snapshot', () => {
    const table = apply([
      { action: 'add-snapshot', snapshot: snapshot(3n) },
      { action: 'set-snapshot-ref', 'ref-name': 'staging', type: 'branch', 'snapshot-id': 3n },
    ]);
    expect(table).toMatchObject({
      'current-snapshot-id': 2n,
      refs: { main: { 'snapshot-id': 2n }, staging: { 'snapshot-id': 3n } },
    });
    expect(table['snapshot-log']).toHaveLength(2);
  });
  it('may come late without a parent, as a concurrent replacement of the table does, but never turn the sequence back', () => {
    expect(
      apply([{ action: 'add-snapshot', snapshot: snapshot(9n, { 'sequence-number': 1n }) }, setMain(9n)]),
    ).toMatchObject({
      'current-snapshot-id': 9n,
      'last-sequence-number': 2n,
    });
  });
  it('have no sequence numbers in version 1, whatever a client sends, unless the same commit upgrades the table', () => {
    const first = newTable({ 'format-version': '1' });
    const added = (number?: bigint): TableUpdate[] => [
      { action: 'add-snapshot', snapshot: snapshot(9n, { 'sequence-number': number as bigint }) },
      setMain(9n),
    ];
    for (const number of [undefined, 0n, 5n]) {
      const table = apply(added(number), first);
      expect(table).toMatchObject({ 'current-snapshot-id': 9n, 'last-sequence-number': 0n });
      expect(table.snapshots?.[0]).not.toHaveProperty('sequence-number');
      // What DuckDB wrote into the manifest list stays below what comes next.
      expect(
        apply([{ action: 'upgrade-format-version', 'format-version': 2 }], table)['last-sequence-number'],
      ).toBe(1n);
    }
    expect(
      apply([...added(5n), { action: 'upgrade-format-version', 'format-version': 2 }], first),
    ).toMatchObject({
      'last-sequence-number': 5n,
      snapshots: [{ 'sequence-number': 5n }],
    });
  });
  it('that were numbered in version 1 all the same are below the last number of version 2', () => {
    const numbered = { ...withSnapshots([1n, 2n]), 'format-version': 1, 'last-sequence-number': 0n };
    expect(
      apply([{ action: 'upgrade-format-version', 'format-version': 2 }], numbered)['last-sequence-number'],
    ).toBe(2n);
  });
  it('log a rollback at the time of the rollback', () => {
    expect(apply([setMain(1n)])['snapshot-log']?.at(-1)).toEqual({
      'snapshot-id': 1n,
      'timestamp-ms': NOW_MS + 10_000,
    });
  });
  it("keep the log in order and out of the future when a writer's clock lies", () => {
    const ahead = apply([
      { action: 'add-snapshot', snapshot: snapshot(3n, { 'timestamp-ms': NOW_MS + 9e9 }) },
      setMain(3n),
    ]);
    expect(ahead['snapshot-log']?.at(-1)?.['timestamp-ms']).toBe(NOW_MS + 10_000);
    const behind = apply(
      [{ action: 'add-snapshot', snapshot: snapshot(4n, { 'timestamp-ms': 5 }) }, setMain(4n)],
      ahead,
    );
    expect(behind['snapshot-log']?.at(-1)?.['timestamp-ms']).toBe(NOW_MS + 10_000);
  });
  it('leave snapshots that were current only inside the commit out of the log', () => {
    const table = apply([
      { action: 'add-snapshot', snapshot: snapshot(3n) },
      setMain(3n),
      { action: 'add-snapshot', snapshot: snapshot(4n) },
      setMain(4n),
    ]);
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
    const table = apply(
      [
        { action: 'add-snapshot', snapshot: snapshot(3n, { 'first-row-id': 0n, 'added-rows': 25n }) },
        setMain(3n),
      ],
      newTable({ 'format-version': '3' }),
    );
    expect(table['next-row-id']).toBe(25n);
    expect(() =>
      apply(
        [{ action: 'add-snapshot', snapshot: snapshot(4n, { 'first-row-id': 3n, 'added-rows': 1n }) }],
        table,
      ),
    ).toThrow(refused('commit-conflict', /first-row-id is behind/));
    expect(() => apply([{ action: 'add-snapshot', snapshot: snapshot(4n) }], table)).toThrow(
      refused('invalid-table-update', /first-row-id is null/),
    );
  });
  it('count above every assigned row id, also where a snapshot left a gap', () => {
    const table = apply(
      [
        { action: 'add-snapshot', snapshot: snapshot(3n, { 'first-row-id': 10n, 'added-rows': 5n }) },
        setMain(3n),
      ],
      newTable({ 'format-version': '3' }),
    );
    expect(table['next-row-id']).toBe(15n);
  });
  it('start counting rows when version 2 becomes 3, and never go back', () => {
    const table = apply([{ action: 'upgrade-format-version', 'format-version': 3 }]);
    expect(table['next-row-id']).toBe(0n);
    expect(() => apply([{ action: 'upgrade-format-version', 'format-version': 2 }], table)).toThrow(
      refused('invalid-table-update', /Cannot downgrade v3 table to v2/),
    );
  });
  it.each<[TableUpdate[], string, RegExp]>([
    [[{ action: 'add-snapshot', snapshot: snapshot(2n) }], 'invalid-table-update', /already exists/],
    [
      [
        {
          action: 'add-snapshot',
          snapshot: snapshot(9n, { 'sequence-number': 2n, 'parent-snapshot-id': 1n }),
        },
      ],
      'commit-conflict',
      /older than last sequence number 2/,
    ],
    [
      [{ action: 'add-snapshot', snapshot: snapshot(9n, { 'sequence-number': -1n }) }],
      'invalid-table-update',
      /sequence-number is negative/,
    ],
    [[setMain(99n)], 'invalid-table-update', /unknown snapshot: 99/],
    [
      [{ action: 'set-snapshot-ref', 'ref-name': 'main', type: 'tag', 'snapshot-id': 2n }],
      'invalid-table-update',
      /must be a branch/,
    ],
    [
      [
        {
          action: 'set-snapshot-ref',
          'ref-name': 'b',
          type: 'branch',
          'snapshot-id': 2n,
          'max-ref-age-ms': 0,
        },
      ],
      'invalid-table-update',
      /greater than 0/,
    ],
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
    expect(table).toMatchObject({
      properties: { b: '2' },
      location: '/elsewhere',
      statistics: [{ 'snapshot-id': 2n }],
      'encryption-keys': [{ 'key-id': 'k' }],
    });
    expect(table.properties).not.toHaveProperty('a');
    expect(apply([{ action: 'remove-encryption-key', 'key-id': 'k' }], table)).toMatchObject({
      'encryption-keys': [],
    });
  });
  it('has no slash at the end of its location', () => {
    expect(apply([{ action: 'set-location', location: '/elsewhere//' }]).location).toBe('/elsewhere');
    const table = withSnapshots([1n]);
    expect(apply([{ action: 'set-location', location: `${table.location}/` }], table)).toBe(table);
  });
  it('stays the same object when nothing changes: then nothing is written', () => {
    const table = withSnapshots([1n]);
    expect(
      applyUpdates(table, [setMain(1n), { action: 'set-location', location: table.location }], NOW_MS),
    ).toBe(table);
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
    expect(table).toMatchObject({
      'current-schema-id': 0,
      'last-partition-id': 1000,
      'last-sequence-number': 0n,
      refs: {},
      'default-sort-order-id': 0,
    });
    expect(table['current-snapshot-id']).toBeUndefined();
    const upgraded = apply([{ action: 'upgrade-format-version', 'format-version': 2 }], table);
    expect(upgraded).toMatchObject({ 'format-version': 2, schemas: [{ 'schema-id': 0 }] });
  });
});
