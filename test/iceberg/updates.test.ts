// Goal: metadata follows Apache Iceberg's rules. Method: updates of the specification as data, allowed and refused.
import { describe, expect, it } from 'vitest';
import { checkSnapshots, parseTableMetadata, renderTableMetadata } from '../../src/iceberg/read-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { applyUpdates, rememberPreviousFile } from '../../src/iceberg/updates.ts';
import { apply, NOW_MS, newTable, refused, setMain, snapshot, withSnapshots } from './table.ts';

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
  it('is written whole where most of its lists was written before', () => {
    let table = withSnapshots([1n, 2n]);
    renderTableMetadata(table);
    const changes = [
      [{ action: 'add-snapshot' as const, snapshot: snapshot(3n) }, setMain(3n)],
      [{ action: 'remove-snapshots' as const, 'snapshot-ids': [1n, 2n] }],
    ];
    for (const [index, updates] of changes.entries()) {
      const file = { 'metadata-file': `file:/é/${index}`, 'timestamp-ms': NOW_MS };
      table = rememberPreviousFile(applyUpdates(table, updates, NOW_MS), file).metadata;
      expect(parseTableMetadata(renderTableMetadata(table))).toEqual(table);
      const { metadata } = { metadata: structuredClone(table) };
      expect(renderTableMetadata(table)).toBe(renderTableMetadata(metadata));
    }
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
