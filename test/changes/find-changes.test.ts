// Goal: what each kind of history means to each kind of process: which files are news, which hours changed,
// which snapshots count, and what is refused. Method: histories as short data over small Avro tables; no
// catalog, and no data file but where rows are compared.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChanges } from '../../src/changes/find-changes.ts';
import { openSource } from '../../src/changes/open-source.ts';
import type { Reader } from '../../src/changes/source.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import type { ChangedFile, ChangesNeeded, Watermark } from '../../src/model/session.ts';
import { AvroTable, type AvroTableOptions, type AvroWorld, openAvroWorld } from '../support/avro-table.ts';
import { hour } from '../support/session-data.ts';
import { hourAt, msAt } from '../support/world.ts';

let world: AvroWorld;
beforeAll(async () => {
  world = await openAvroWorld();
});
afterAll(() => world.close());

const readerOf = (table: AvroTable, needs: ChangesNeeded, ever: readonly bigint[]): Reader => ({
  needs,
  processName: 'some_load',
  watermarksEver: async () => new Set(ever),
  source: openSource(world.engine, {
    views: undefined as never,
    endpoint: undefined as never,
    spec: { table: { namespace: ['raw'], name: 'some' } } as never,
    metadata: table.metadata,
    eventTime: {
      column: { id: 2, name: 'ts', required: false, type: table.eventTime.type },
      unit: table.eventTime.unit,
    },
    lastAllowedHour: hour(24),
  }),
});

interface Asked {
  readonly needs?: ChangesNeeded;
  /** The watermark's snapshot; undefined: a first load. */
  readonly since: bigint | undefined;
  readonly totalRecords?: bigint;
  readonly addedRecords?: bigint;
}

/** What changed, in short: files as `+name hours` and `-name hours`, changes with what they count for. */
async function changesOf(table: AvroTable, { needs = 'hours', since, ...known }: Asked) {
  const watermark: Watermark | undefined =
    since === undefined
      ? undefined
      : {
          table: 'raw.some',
          tableUuid: table.metadata['table-uuid'],
          snapshotId: since,
          sequenceNumber: table.metadata['format-version'] === 1 ? 0n : since,
          committedAtMs: msAt(0),
          owedHours: [],
          ...known,
        };
  const reader = readerOf(table, needs, since === undefined ? [] : [since]);
  const found = await findChanges(reader, table.head, watermark);
  return {
    by: found.detectedBy,
    listed: found.listedBy,
    files: found.files.map(fileText).sort(),
    changes: found.changes.map((change) =>
      [`${change.snapshotId} ${change.operation}`, ...(change.counted ? [] : ['not counted']), change.reason]
        .filter((part) => part !== undefined)
        .join(': '),
    ),
  };
}

function fileText({ path, status, firstHour, lastHour, differingHours }: ChangedFile): string {
  const sign = status === 'added' ? '+' : status === 'removed' ? '-' : '~';
  const name = /([^/]+)\.parquet$/.exec(path)?.[1];
  const count = (of: number | undefined): string => (of === undefined ? '?' : String(of - hour(0)));
  const hours = firstHour === lastHour ? count(firstHour) : `${count(firstHour)}..${count(lastHour)}`;
  return `${sign}${name} ${differingHours === undefined ? hours : `only ${differingHours.map(count).join(',')}`}`;
}

/** A table with a file `a` of hour 1 and a file `b` of hours 2 and 3, as snapshot 1. */
async function begun(options: ConstructorParameters<typeof AvroTable>[1] = {}): Promise<AvroTable> {
  const table = new AvroTable(world, options);
  await table.commit({
    add: [
      { name: 'a', hours: 1 },
      { name: 'b', hours: [2, 3] },
    ],
  });
  return table;
}

describe('a first load', () => {
  it('takes every live file of the head, and none that went before', async () => {
    const table = await begun();
    await table.commit({ operation: 'overwrite', add: [{ name: 'c', hours: 4 }], remove: ['a'] });
    expect(await changesOf(table, { since: undefined })).toEqual({
      by: 'first-load',
      listed: 'manifests',
      files: ['+b 2..3', '+c 4'],
      changes: ['2 overwrite'],
    });
  });
});

describe('the hours of a file', () => {
  it.each<[string, NonNullable<AvroTableOptions['eventTime']>, readonly string[]]>([
    ['a timestamp with zone', { type: 'timestamptz', unit: 'us' }, ['+a 4..5', '+b -500000']],
    ['a timestamp', { type: 'timestamp', unit: 'us' }, ['+a 4..5', '+b -500000']],
    ['seconds in an int', { type: 'int', unit: 's' }, ['+a 4..5', '+b -500000']],
    ['seconds', { type: 'long', unit: 's' }, ['+a 4..5', '+b -500000']],
    ['milliseconds', { type: 'long', unit: 'ms' }, ['+a 4..5', '+b -500000']],
    ['microseconds', { type: 'long', unit: 'us' }, ['+a 4..5', '+b -500000']],
    ['a date', { type: 'date', unit: 'day' }, ['+a 0..23', '+b -500016..-499993']],
  ])('are read from bounds of %s, also before 1970', async (_name, eventTime, files) => {
    const table = new AvroTable(world, { eventTime, formatVersion: 3 });
    await table.commit({
      add: [
        { name: 'a', hours: [4, 5] },
        { name: 'b', hours: -500_000 },
      ],
    });
    expect(await changesOf(table, { since: undefined })).toMatchObject({ files });
  });
});

describe('snapshots since the watermark', () => {
  it('that append are news, by the manifests that they added', async () => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 0 }] });
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    expect(await changesOf(table, { since: 1n })).toEqual({
      by: 'snapshots',
      listed: 'manifests',
      files: ['+c 0', '+d 5'],
      changes: ['2 append', '3 append'],
    });
  });

  it('that overwrite change the hours of what came and of what went; a process that appends stops at them', async () => {
    const table = await begun();
    await table.commit({ operation: 'overwrite', add: [{ name: 'c', hours: 7 }], remove: ['b'] });
    expect(await changesOf(table, { since: 1n })).toMatchObject({ files: ['+c 7', '-b 2..3'] });
    await expect(changesOf(table, { since: 1n, needs: 'new-rows' })).rejects.toMatchObject({
      code: 'source-changed',
      message: expect.stringContaining('snapshot 2'),
    });
  });

  it('that delete whole files are no news to a process that takes added rows', async () => {
    const table = await begun();
    await table.commit({ operation: 'delete', remove: ['a'] });
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    expect(await changesOf(table, { since: 1n })).toMatchObject({ files: ['+c 4', '-a 1'] });
    const added = await changesOf(table, { since: 1n, needs: 'added-rows' });
    expect(added.files.filter((file) => file.startsWith('+'))).toEqual(['+c 4']);
  });

  it('that compact do not count; one that drops rows by it does', async () => {
    const table = await begun();
    await table.commit({
      operation: 'replace',
      add: [{ name: 'c', hours: [1, 3], rows: 20 }],
      remove: ['a', 'b'],
    });
    expect(await changesOf(table, { since: 1n })).toMatchObject({
      files: [],
      changes: ['2 replace: not counted: files were rewritten, no row changed'],
    });
    await table.commit({
      operation: 'replace',
      add: [{ name: 'd', hours: [1, 3], rows: 19 }],
      remove: ['c'],
    });
    expect(await changesOf(table, { since: 2n })).toMatchObject({
      files: ['+d 1..3', '-c 1..3'],
      changes: ['3 replace'],
    });
  });

  it('of which one takes back what another brought leave nothing, and are listed file by file', async () => {
    const table = await begun();
    await table.commit({
      add: [
        { name: 'c', hours: 4 },
        { name: 'd', hours: 5 },
      ],
    });
    await table.commit({ operation: 'delete', remove: ['c'] });
    expect(await changesOf(table, { since: 1n })).toMatchObject({ files: ['+d 5'], listed: 'files' });
  });
});

describe('a snapshot that says nothing of itself', () => {
  it.each<[string, Snapshot['summary']]>([
    ['no summary', undefined],
    ['no operation', {} as never],
    ['counts that are none', { operation: 'append', 'added-records': '1.0E3', 'total-records': 'many' }],
  ])('with %s is read by its files', async (_name, summary) => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    const snapshots = (table.metadata.snapshots ?? []).map(({ summary: _own, ...rest }) => ({
      ...rest,
      ...(summary === undefined ? {} : { summary }),
    })) as Snapshot[];
    table.metadata = { ...table.metadata, snapshots };
    expect(await changesOf(table, { since: 1n })).toMatchObject({ files: ['+c 4'] });
  });
});

describe('a source that was rolled back', () => {
  it('has lost the files of the undone snapshots, and has what came since', async () => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    table.rollBack(1n);
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    expect(await changesOf(table, { since: 2n })).toEqual({
      by: 'rewound',
      listed: 'files',
      files: ['+d 5', '-c 4'],
      changes: ['2 append: rolled back', '3 append'],
    });
  });

  it('has files back that an undone snapshot removed: changed hours, and no new rows where they were loaded', async () => {
    const table = await begun();
    await table.commit({ operation: 'delete', remove: ['a'] });
    table.rollBack(1n);
    expect(await changesOf(table, { since: 2n })).toMatchObject({ by: 'rewound', files: ['+a 1'] });
    const reader = readerOf(table, 'added-rows', [1n, 2n]);
    const { files } = await findChanges(reader, table.head, {
      table: 'raw.some',
      tableUuid: table.metadata['table-uuid'],
      snapshotId: 2n,
      sequenceNumber: 2n,
      committedAtMs: msAt(0),
      owedHours: [],
    });
    expect(files).toEqual([]);
  });
});

describe('a history that was expired', () => {
  it('is told by the files of both ends, as long as the snapshot of the watermark is there', async () => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    await table.commit({ operation: 'delete', remove: ['c'] });
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    table.expire(2n, 3n);
    const found = {
      by: 'live-files',
      listed: 'files',
      files: ['+d 5'],
      changes: ['4 append: found by comparing the files of the watermark and of the head'],
    };
    expect(await changesOf(table, { since: 1n })).toEqual(found);
    expect(await changesOf(table, { since: 1n, needs: 'new-rows' })).toEqual(found);
  });

  it('shows files that went, at which a process that appends stops', async () => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    await table.commit({ operation: 'delete', remove: ['a', 'c'] });
    table.expire(2n);
    expect(await changesOf(table, { since: 1n })).toMatchObject({
      files: ['-a 1'],
      changes: ['3 overwrite: found by comparing the files of the watermark and of the head'],
    });
    await expect(changesOf(table, { since: 1n, needs: 'new-rows' })).rejects.toMatchObject({
      code: 'source-changed',
    });
  });

  it('is told by the numbers of live files when that one is gone, too', async () => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    table.expire(1n, 2n);
    expect(await changesOf(table, { since: 1n, totalRecords: 20n, addedRecords: 20n })).toMatchObject({
      by: 'live-files',
      files: ['+c 4', '+d 5'],
    });
  });

  it.each<[string, Omit<Asked, 'since'>, string]>([
    ['rows are missing', { totalRecords: 30n }, 'expected 30 rows up to the watermark, found 20'],
    ['their number is unknown', {}, 'expected an unknown number of rows up to the watermark, found 20'],
    [
      'rows of others stand for them',
      { totalRecords: 20n, addedRecords: 21n },
      'it was rolled back, and what that undid cannot be told',
    ],
  ])('is refused where %s', async (_name, known, why) => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    table.expire(1n, 2n);
    await expect(changesOf(table, { since: 1n, ...known })).rejects.toMatchObject({
      code: 'history-expired',
      message: expect.stringContaining(why),
    });
  });

  it('is refused where what was rolled back went with it', async () => {
    const table = await begun();
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    table.rollBack(1n);
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    table.expire(2n);
    await expect(changesOf(table, { since: 2n, totalRecords: 30n })).rejects.toMatchObject({
      code: 'history-expired',
      message: expect.stringContaining('was rolled back to before the watermark (2)'),
    });
  });

  it('is refused in a table of version 1, which does not number its files', async () => {
    const table = await begun({ formatVersion: 1 });
    await table.commit({ add: [{ name: 'c', hours: 4 }] });
    await table.commit({ add: [{ name: 'd', hours: 5 }] });
    table.expire(1n, 2n);
    await expect(changesOf(table, { since: 1n, totalRecords: 20n })).rejects.toMatchObject({
      code: 'history-expired',
      message: expect.stringContaining('format version 1'),
    });
  });
});

describe('an overwrite with as many rows in the same hours', () => {
  const rows = (values: string): string => `values ${values}`;
  const both = `(1, '${hourAt(1)}', 'NL'), (2, '${hourAt(2)}', 'NL')`;

  it('that holds the same rows is no news, in whatever order they lie', async () => {
    const table = new AvroTable(world);
    await table.commit({ add: [{ name: 'a', hours: [1, 2], query: rows(both) }] });
    const turned = `select * from (${rows(both)}) order by 1 desc`;
    await table.commit({
      operation: 'overwrite',
      add: [{ name: 'c', hours: [1, 2], query: turned }],
      remove: ['a'],
    });
    expect(await changesOf(table, { since: 1n })).toMatchObject({
      files: [],
      changes: ['2 overwrite: not counted: files were rewritten, no row changed (the rows were compared)'],
    });
  });

  it('that changed a row changes the hours of that row alone', async () => {
    const table = new AvroTable(world);
    await table.commit({ add: [{ name: 'a', hours: [1, 2], query: rows(both) }] });
    const changed = both.replace('(2, ', '(3, ');
    await table.commit({
      operation: 'overwrite',
      add: [{ name: 'c', hours: [1, 2], query: rows(changed) }],
      remove: ['a'],
    });
    expect(await changesOf(table, { since: 1n })).toMatchObject({
      files: ['+c only 2', '-a only 2'],
      changes: ['2 overwrite: files were rewritten, and rows of 1 hour changed (the rows were compared)'],
    });
  });

  it('whose files are gone cannot be compared: all its hours changed', async () => {
    const table = await begun();
    await table.commit({ operation: 'overwrite', add: [{ name: 'c', hours: [2, 3] }], remove: ['b'] });
    expect(await changesOf(table, { since: 1n })).toMatchObject({
      files: ['+c 2..3', '-b 2..3'],
      changes: ['2 overwrite'],
    });
  });
});
