// Goal: sources that another engine writes are read exactly. Method: PyIceberg merges manifests, overwrites,
// deletes and expires on the source; sessions follow.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWorld, hourAt, msAt, processFile, type World } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

let world: World;
const process = (name: string, table: string, pattern: 'stateless' | 'stateful') =>
  processFile(
    {
      process_name: `${name}_${pattern}`,
      pattern,
      sources: [{ table, event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}_${pattern}`, event_time: 'ts' },
      audits: ['source_to_target_count'],
    },
    'select id, ts from e',
  );
beforeAll(async () => {
  await preparePython();
  world = await createWorld({
    processes: ['merged', 'compacted', 'mixed', 'bare'].flatMap((name) =>
      (['stateless', 'stateful'] as const).map((pattern) => process(name, `raw.${name}`, pattern)),
    ),
  });
  await world.psyberg.internals.client.createNamespace(['raw']);
}, 600_000);
afterAll(() => world?.close());

const PREAMBLE = `
import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.transforms import HourTransform
from pyiceberg.partitioning import PartitionSpec, PartitionField
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField, LongType, TimestamptzType
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
schema = Schema(NestedField(1, 'id', LongType(), required=False), NestedField(2, 'ts', TimestamptzType(), required=False))
by_hour = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=HourTransform(), name='ts_hour'))
MERGE = {'format-version': '2', 'commit.manifest-merge.enabled': 'true', 'commit.manifest.min-count-to-merge': '2'}
def events(first, count, hour):
  ids = list(range(first, first + count))
  return pa.table({'id': pa.array(ids, pa.int64()), 'ts': pa.array([(argument['midnight'] + hour * 3600000) * 1000 + i for i in ids], pa.timestamp('us', 'UTC'))})
def create(name, properties=MERGE, spec=by_hour):
  return catalog.create_table(name, schema=schema, partition_spec=spec, properties=properties)
`;
const python = <T = unknown>(program: string): Promise<T> =>
  runPython<T>(`${PREAMBLE}${program}`, {
    uri: world.psyberg.internals.catalog.uri,
    token: world.psyberg.internals.catalog.token,
    midnight: msAt(0),
  });

async function expectFollowed(name: string): Promise<void> {
  for (const pattern of ['stateless', 'stateful']) {
    await world.publish(`${name}_${pattern}`);
    expect(await world.rows(`select id, ts from facts.${name}_${pattern}`), pattern).toEqual(
      await world.rows(`select id, ts from raw.${name}`),
    );
  }
}

describe('a source written by PyIceberg', () => {
  it('with merged manifests gives exactly its new rows', async () => {
    await python(
      "t = create('raw.merged')\nfor n in range(4): t.append(events(n * 10, 5, n))\nprint(json.dumps(None))",
    );
    await expectFollowed('merged');
    const manifests = await python<[number, number][]>(
      "t = catalog.load_table('raw.merged')\nfor n in [0, 5, 1]: t.append(events(100 + n * 10, 5, n))\nprint(json.dumps([[m['added_data_files_count'], m['existing_data_files_count']] for m in t.inspect.manifests().to_pylist()]))",
    );
    // Otherwise the test proves nothing: old and new files stand in one manifest.
    expect(manifests.some(([added, existing]) => added > 0 && existing > 0)).toBe(true);
    const plan = await world.plan('merged_stateless');
    expect(plan.sources[0]).toMatchObject({ rows: '15', files: 3, detected_by: 'snapshots' });
    expect(plan.hours.map((each) => each.hour)).toEqual([0, 1, 5].map(hourAt));
    await expectFollowed('merged');
    // Row by row means each only once.
    expect(await world.rows('select count(*), count(distinct id) from facts.merged_stateless')).toEqual([
      '["35","35"]',
    ]);
  });

  it('with merged manifests and a compaction between two sessions loses nothing', async () => {
    await world.create('raw.compacted', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await world.commit('raw.compacted', [
      {
        action: 'set-properties',
        updates: { 'commit.manifest-merge.enabled': 'true', 'commit.manifest.min-count-to-merge': '2' },
      },
    ]);
    await python(
      "t = catalog.load_table('raw.compacted')\nfor n in range(3): t.append(events(n * 10, 5, n))\nprint(json.dumps(None))",
    );
    await expectFollowed('compacted');
    await python(
      "t = catalog.load_table('raw.compacted')\nt.append(events(100, 5, 1))\nt.append(events(200, 5, 2))\nprint(json.dumps(None))",
    );
    await world.changeFiles('raw.compacted', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.compacted',
    });
    await expectFollowed('compacted');
    expect(await world.rows('select count(*), count(distinct id) from facts.compacted_stateless')).toEqual([
      '["25","25"]',
    ]);
  });

  it('and by DuckDB in turn is read as one table', async () => {
    await python(
      "t = create('raw.mixed', {'format-version': '2'})\nt.append(events(0, 5, 0))\nprint(json.dumps(None))",
    );
    await world.land(
      'raw.mixed',
      `select 10 + i, timestamptz '${hourAt(1)}' + to_seconds(i) from range(5) t(i)`,
    );
    await expectFollowed('mixed');
    await world.land(
      'raw.mixed',
      `select 20 + i, timestamptz '${hourAt(1)}' + to_seconds(i) from range(5) t(i)`,
    );
    await python("t = catalog.load_table('raw.mixed')\nt.append(events(30, 5, 2))\nprint(json.dumps(None))");
    await world.land(
      'raw.mixed',
      `select 40 + i, timestamptz '${hourAt(3)}' + to_seconds(i) from range(5) t(i)`,
    );
    await expectFollowed('mixed');
    // PyIceberg's overwrite and delete rewrite files: the hours of what went and of what came are recomputed.
    await python(
      "t = catalog.load_table('raw.mixed')\nt.overwrite(events(50, 3, 2), overwrite_filter='id >= 30 and id < 35')\nt.delete('id = 21')\nprint(json.dumps(None))",
    );
    expect((await world.run(['mixed_stateless']))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
    await world.publish('mixed_stateful');
    expect(await world.rows('select id, ts from facts.mixed_stateful')).toEqual(
      await world.rows('select id, ts from raw.mixed'),
    );
  });

  it('in version 1 and upgraded is followed when rows are deleted one by one', async () => {
    const name = 'upgraded';
    world.writeProcess(process(name, `raw.${name}`, 'stateless'));
    world.writeProcess(process(name, `raw.${name}`, 'stateful'));
    await world.reopen();
    await python(
      `t = create('raw.${name}', {'format-version': '1'})\nt.append(events(0, 3, 0))\nprint(json.dumps(None))`,
    );
    await expectFollowed(name);
    // Several manifests: that of version 1 may come first by its random name.
    await python(`t = catalog.load_table('raw.${name}')
with t.transaction() as tx: tx.upgrade_table_version(2)
for n in range(1, 5): catalog.load_table('raw.${name}').append(events(n * 10, 3, n))
print(json.dumps(None))`);
    // Manifests with and without sequence numbers, beside delete files.
    await world.sql(`delete from raw.${name} where id = 11`);
    await expectFollowed(name);
    await world.sql(`delete from raw.${name} where id = 1`);
    expect((await world.run([`${name}_stateless`]))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
    await world.publish(`${name}_stateful`);
    expect(await world.rows(`select id, ts from facts.${name}_stateful`)).toEqual(
      await world.rows(`select id, ts from raw.${name}`),
    );
  });

  it('in version 1 and upgraded is followed when its history was expired', async () => {
    world.writeProcess(process('aged', 'raw.aged', 'stateless'));
    world.writeProcess(process('aged', 'raw.aged', 'stateful'));
    await world.reopen();
    await python(
      "t = create('raw.aged', {'format-version': '1'})\nt.append(events(0, 3, 0))\nwith t.transaction() as tx: tx.upgrade_table_version(2)\nt = catalog.load_table('raw.aged')\nt.append(events(10, 3, 1))\nprint(json.dumps(None))",
    );
    await expectFollowed('aged');
    for (const first of [20, 30])
      await python(
        `t = catalog.load_table('raw.aged')\nt.append(events(${first}, 3, 2))\nprint(json.dumps(None))`,
      );
    const { refs = {} } = await world.metadata('raw.aged');
    await world.commit(
      'raw.aged',
      Object.keys(refs).flatMap((ref) =>
        ref === 'main' ? [] : [{ action: 'remove-snapshot-ref' as const, 'ref-name': ref }],
      ),
    );
    await world.expire(
      'raw.aged',
      (await world.history('raw.aged')).slice(0, -1).map((snapshot) => snapshot['snapshot-id']),
    );
    expect((await world.plan('aged_stateless')).sources[0]).toMatchObject({
      detected_by: 'live-files',
      rows: '6',
    });
    await expectFollowed('aged');
  });

  it('without column metrics has its hours read from the column itself', async () => {
    await python(
      "t = create('raw.bare', {'format-version': '2', 'write.metadata.metrics.default': 'none'}, PartitionSpec())\nfor n in range(3): t.append(events(n * 10, 5, n))\nprint(json.dumps(None))",
    );
    expect((await world.plan('bare_stateful')).sources[0]).toMatchObject({
      bounds_from: 'scan',
      newest_hour: hourAt(2),
    });
    await expectFollowed('bare');
    await python("t = catalog.load_table('raw.bare')\nt.append(events(100, 5, 1))\nprint(json.dumps(None))");
    const plan = await world.plan('bare_stateful');
    expect(plan.hours.map((each) => each.hour)).toEqual([hourAt(1)]);
    await expectFollowed('bare');
  });

  it('partitioned under a name that Avro does not take, without metrics, has its hours and processing URIs', async () => {
    world.writeProcess(process('odd', 'raw.odd', 'stateless'));
    world.writeProcess(process('odd', 'raw.odd', 'stateful'));
    await world.reopen();
    await python(
      "t = create('raw.odd', {'format-version': '2', 'write.metadata.metrics.default': 'none'}, PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=HourTransform(), name='ts hour-x')))\nfor n in range(3): t.append(events(n * 10, 5, n))\nprint(json.dumps(None))",
    );
    expect((await world.plan('odd_stateful')).sources[0]).toMatchObject({
      bounds_from: 'partition',
      processing_uris: [0, 1, 2].map((hour) => ({ 'ts hour-x': hourAt(hour) })),
    });
    await expectFollowed('odd');
  });

  it('partitioned by an integer event time as it is, without metrics, is not taken for days', async () => {
    world.writeProcess(
      processFile(
        {
          process_name: 'identity_stateful',
          pattern: 'stateful',
          sources: [{ table: 'raw.identity', event_time: 'at_ms', event_time_unit: 'epoch_ms', alias: 'e' }],
          target: { table: 'facts.identity', event_time: 'ts' },
        },
        'select id, make_timestamp(at_ms * 1000) as ts from e',
      ),
    );
    await world.reopen();
    await python(`
from pyiceberg.transforms import IdentityTransform
schema = Schema(NestedField(1, 'id', LongType(), required=False), NestedField(2, 'at_ms', LongType(), required=False))
t = catalog.create_table('raw.identity', schema=schema, partition_spec=PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name='at_ms')), properties={'format-version': '2', 'write.metadata.metrics.default': 'none'})
t.append(pa.table({'id': pa.array([1, 2], pa.int64()), 'at_ms': pa.array([argument['midnight'], argument['midnight'] + 3600000], pa.int64())}))
print(json.dumps(None))`);
    const plan = await world.plan('identity_stateful');
    expect(plan.hours.map((each) => each.hour)).toEqual([0, 1].map(hourAt));
    await world.publish('identity_stateful');
    expect(await world.rows('select id from facts.identity')).toEqual(['["1"]', '["2"]']);
  });
});

describe('a target that PyIceberg writes to as well', () => {
  const expectOverwritten = async (name: string, partitionBy: string): Promise<void> => {
    world.writeProcess(
      processFile(
        {
          process_name: `${name}_load`,
          pattern: 'stateful',
          sources: [{ table: `raw.${name}`, event_time: 'ts', alias: 'e' }],
          target: { table: `facts.${name}`, event_time: 'ts', partition_by: [partitionBy] },
        },
        'select id, ts from e',
      ),
    );
    await world.reopen();
    await world.create(`raw.${name}`, 'id bigint, ts timestamptz');
    const land = (first: number, hour: number) =>
      world.land(
        `raw.${name}`,
        `select ${first} + i, timestamptz '${hourAt(hour)}' + to_seconds(i) from range(5) t(i)`,
      );
    for (const hour of [0, 1, 2]) await land(hour * 10, hour);
    await world.publish(`${name}_load`);
    // Rows of another writer in hours 0 and 5, and a rewrite of files by a delete.
    await python(
      `t = catalog.load_table('facts.${name}')\nt.append(events(100, 2, 0))\nt.append(events(200, 2, 5))\nt.delete('id = 201')\nprint(json.dumps(None))`,
    );
    await land(50, 0);
    await world.publish(`${name}_load`);
    await land(60, 2);
    await world.publish(`${name}_load`);
    // Hours 0 and 2 are the process's own again; hour 5 is not its business.
    expect(await world.rows(`select id from facts.${name}`)).toEqual(
      await world.rows(`select id from raw.${name} union all select 200`),
    );
    expect(
      await python<number>(`print(json.dumps(len(catalog.load_table('facts.${name}').scan().to_arrow())))`),
    ).toBe(26);
  };

  it('is overwritten like any other: its appends, its rewritten files', () =>
    expectOverwritten('by_hour', 'hour(ts)'));

  // PyIceberg stores the value of a day partition as a date, DuckDB as an int: `read_avro` cannot read the
  // manifests of both in one call.
  it('is overwritten when it is partitioned by day', () => expectOverwritten('by_day', 'day(ts)'));
});

describe('a source that PyIceberg and DuckDB write to', () => {
  it('is read when it is partitioned by day, whose value each stores as another type', async () => {
    world.writeProcess(process('daily', 'raw.daily', 'stateful'));
    world.writeProcess(process('daily', 'raw.daily', 'stateless'));
    await world.reopen();
    await world.create('raw.daily', 'id bigint, ts timestamptz', { partitionedBy: 'day(ts)' });
    await world.land('raw.daily', `select i, timestamptz '${hourAt(0)}' + to_seconds(i) from range(5) t(i)`);
    await python("t = catalog.load_table('raw.daily')\nt.append(events(100, 5, 1))\nprint(json.dumps(None))");
    expect((await world.plan('daily_stateless')).sources[0]?.processing_uris).toEqual([
      { day_ts_2: '2023-09-14' },
    ]);
    await expectFollowed('daily');
    await world.land(
      'raw.daily',
      `select 10 + i, timestamptz '${hourAt(0)}' + to_seconds(i) from range(5) t(i)`,
    );
    await python(
      "t = catalog.load_table('raw.daily')\nt.append(events(110, 5, 25))\nprint(json.dumps(None))",
    );
    await expectFollowed('daily');
  });
});
