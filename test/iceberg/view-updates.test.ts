// Goal: view metadata follows Apache Iceberg's rules. Method: every view update of the specification as data,
// allowed and refused.
import { describe, expect, it } from 'vitest';
import {
  parseViewMetadata,
  renderViewMetadata,
  type ViewMetadata,
  type ViewUpdate,
  type ViewVersion,
} from '../../src/iceberg/view-metadata.ts';
import { applyViewUpdates, checkViewRequirements, newViewMetadata } from '../../src/iceberg/view-updates.ts';
import { NOW_MS } from './table.ts';

const schema = (name = 'id') => ({
  type: 'struct' as const,
  fields: [{ id: 1, name, required: false, type: 'long' }],
});
const version = (sql: string, fields: Partial<ViewVersion> = {}): ViewVersion => ({
  'version-id': 1,
  'timestamp-ms': NOW_MS,
  'schema-id': -1,
  summary: { 'engine-name': 'spark' },
  representations: [{ type: 'sql', sql, dialect: 'spark' }],
  'default-namespace': ['ns'],
  ...fields,
});
const newView = (properties: Record<string, string> = {}): ViewMetadata =>
  newViewMetadata(
    {
      uuid: 'b8d0b5b4-0000-4000-8000-000000000002',
      location: '/warehouse/ns/v',
      schema: { ...schema(), 'schema-id': 7 },
      version: version('select 1'),
      properties,
    },
    NOW_MS,
  );
const apply = (updates: readonly ViewUpdate[], view = newView()) =>
  applyViewUpdates(view, updates, NOW_MS + 10_000);
const replace = (sql: string, fields: Partial<ViewVersion> = {}): ViewUpdate[] => [
  { action: 'add-schema', schema: schema() },
  { action: 'add-view-version', 'view-version': version(sql, { 'timestamp-ms': NOW_MS + 5, ...fields }) },
  { action: 'set-current-view-version', 'view-version-id': -1 },
];
const ids = (view: ViewMetadata): number[] => view.versions.map((each) => each['version-id']);

describe('a new view', () => {
  it('begins with version 1 and schema 0, whatever ids the client wished for', () => {
    expect(newView({ owner: 'me' })).toEqual({
      'view-uuid': 'b8d0b5b4-0000-4000-8000-000000000002',
      'format-version': 1,
      location: '/warehouse/ns/v',
      schemas: [{ ...schema(), 'schema-id': 0 }],
      'current-version-id': 1,
      versions: [version('select 1', { 'schema-id': 0 })],
      'version-log': [{ 'version-id': 1, 'timestamp-ms': NOW_MS }],
      properties: { owner: 'me' },
    });
  });
  it('comes back from its file', () =>
    expect(parseViewMetadata(renderViewMetadata(newView()))).toEqual(newView()));
  it('is no table', () =>
    expect(() => parseViewMetadata('{"table-uuid":"x","schemas":[]}')).toThrow(/not the metadata of a view/));
});

describe('versions', () => {
  it('are numbered upwards beside what the client proposes, and logged when they become current', () => {
    const view = apply(replace('select 2'));
    expect(view).toMatchObject({ 'current-version-id': 2, schemas: [{ 'schema-id': 0 }] });
    expect(view.versions[1]).toMatchObject({ 'version-id': 2, 'schema-id': 0 });
    expect(view['version-log']).toEqual([
      { 'version-id': 1, 'timestamp-ms': NOW_MS },
      { 'version-id': 2, 'timestamp-ms': NOW_MS + 5 },
    ]);
  });
  it('that behave the same are found again, and become current again at the time that they do', () => {
    const view = apply(
      replace('select 1', { 'version-id': 9, 'timestamp-ms': NOW_MS + 99 }),
      apply(replace('select 2')),
    );
    expect(ids(view)).toEqual([1, 2]);
    expect(view).toMatchObject({
      'current-version-id': 1,
      'version-log': [{}, {}, { 'version-id': 1, 'timestamp-ms': NOW_MS + 10_000 }],
    });
  });
  it('take a schema of their own where the columns differ', () => {
    const view = apply([
      { action: 'add-schema', schema: schema('other') },
      { action: 'add-view-version', 'view-version': version('select 3') },
      { action: 'set-current-view-version', 'view-version-id': -1 },
    ]);
    expect(view.schemas.map((each) => each['schema-id'])).toEqual([0, 1]);
    expect(view.versions.at(-1)?.['schema-id']).toBe(1);
  });
  it('are kept as many as the view remembers, the current one in any case, and the log from the last gap on', () => {
    let view = newView({ 'version.history.num-entries': '2' });
    for (const n of [2, 3]) view = apply(replace(`select ${n}`), view);
    expect(ids(view)).toEqual([2, 3]);
    expect(view['version-log'].map((entry) => entry['version-id'])).toEqual([2, 3]);
    const back = apply([{ action: 'set-current-view-version', 'view-version-id': 2 }], view);
    expect(
      apply(
        [
          { action: 'add-view-version', 'view-version': version('select 4') },
          { action: 'add-schema', schema: schema() },
        ].reverse() as ViewUpdate[],
        back,
      ),
    ).toMatchObject({
      'current-version-id': 2,
      versions: [{ 'version-id': 2 }, { 'version-id': 4 }],
      'version-log': [{ 'version-id': 2 }],
    });
  });
  it('are ten where nothing else is said', () => {
    let view = newView();
    for (let n = 2; n <= 15; n++) view = apply(replace(`select ${n}`), view);
    expect(ids(view)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });
  it('may drop a dialect only with leave', () => {
    const trino = { representations: [{ type: 'sql' as const, sql: 'select 2', dialect: 'trino' }] };
    expect(() => apply(replace('', trino))).toThrow(
      /loss of view dialects \(replace.drop-dialect.allowed=false\)/,
    );
    expect(
      apply(replace('', trino), newView({ 'replace.drop-dialect.allowed': 'true' }))['current-version-id'],
    ).toBe(2);
  });
});

describe('updates of views', () => {
  it('set and remove properties and location, and stay the same object when nothing changes', () => {
    const view = apply([
      { action: 'set-properties', updates: { a: '1', b: '2' } },
      { action: 'remove-properties', removals: ['a'] },
      { action: 'set-location', location: '/elsewhere' },
      { action: 'upgrade-format-version', 'format-version': 1 },
      { action: 'assign-uuid', uuid: newView()['view-uuid'] },
    ]);
    expect(view).toMatchObject({ properties: { b: '2' }, location: '/elsewhere' });
    const before = newView();
    expect(
      apply([...replace('select 1'), { action: 'set-location', location: before.location }], before),
    ).toBe(before);
  });
  it.each<[ViewUpdate[], string, RegExp]>([
    [
      [{ action: 'set-current-view-version', 'view-version-id': -1 }],
      'invalid-view-update',
      /no current version id has been set/,
    ],
    [
      [{ action: 'set-current-view-version', 'view-version-id': 9 }],
      'invalid-view-update',
      /unknown version: 9/,
    ],
    [
      [{ action: 'add-view-version', 'view-version': version('x') }],
      'invalid-view-update',
      /no schema has been added/,
    ],
    [
      [{ action: 'add-view-version', 'view-version': version('x', { 'schema-id': 5 }) }],
      'invalid-view-update',
      /unknown schema: 5/,
    ],
    [replace('x', { representations: [] }), 'invalid-view-update', /no representations/],
    [
      replace('x', {
        representations: ['Spark', 'spark'].map((dialect) => ({ type: 'sql', sql: 'x', dialect })),
      }),
      'invalid-view-update',
      /Cannot add multiple queries for dialect spark/,
    ],
    [[{ action: 'assign-uuid', uuid: 'other' }], 'invalid-view-update', /Cannot reassign uuid/],
    [
      [{ action: 'upgrade-format-version', 'format-version': 2 }],
      'invalid-view-update',
      /Unsupported format version: 2/,
    ],
    [
      [{ action: 'set-properties', updates: { 'version.history.num-entries': '0' } }],
      'invalid-view-update',
      /must be positive but was 0/,
    ],
    [[{ action: 'add-snapshot' } as unknown as ViewUpdate], 'unknown-update', /add-snapshot/],
  ])('refuse %o', (updates, code, message) =>
    expect(() => apply(updates)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    ),
  );
  it('hold for one view only', () => {
    checkViewRequirements(newView(), [
      { type: 'assert-view-uuid', uuid: newView()['view-uuid'].toUpperCase() },
    ]);
    expect(() => checkViewRequirements(newView(), [{ type: 'assert-view-uuid', uuid: 'other' }])).toThrow(
      expect.objectContaining({ code: 'commit-conflict' }),
    );
  });
});
