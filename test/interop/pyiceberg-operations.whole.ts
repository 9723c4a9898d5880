// Goal: every operation of another writer is followed, in format versions 1 and 2 and in every partitioning,
// also as spec and schema change on the way.
// Method: PyIceberg appends, overwrites, deletes and evolves; its own reading of each table is what the
// targets are compared with.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorld, hourAt, msAt, processFile, type World } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

/** Name -> format version and partition field, in PyIceberg's words. */
const TABLES: Readonly<Record<string, readonly [number, string | null]>> = {
  plain: [1, null],
  hourly: [1, 'HourTransform() ts'],
  bucketed: [1, 'BucketTransform(3) id'],
  monthly: [1, 'MonthTransform() ts'],
  regional: [2, 'IdentityTransform() region'],
  daily: [2, 'DayTransform() ts'],
  yearly: [2, 'YearTransform() ts'],
  truncated: [2, 'TruncateTransform(10) id'],
};

let world: World;
beforeAll(async () => {
  await preparePython();
  world = await createWorld({
    processes: Object.keys(TABLES).map((name) =>
      processFile(
        {
          process_name: name,
          pattern: 'stateful',
          sources: [{ table: `raw.${name}`, event_time: 'ts', alias: 'e' }],
          target: { table: `facts.${name}`, event_time: 'ts' },
        },
        'select id, ts from e',
      ),
    ),
  });
  await world.psyberg.internals.client.createNamespace(['raw']);
}, 600_000);
afterAll(() => world?.close());

const PREAMBLE = `
import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.transforms import *
from pyiceberg.partitioning import PartitionSpec, PartitionField
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField, LongType, StringType, TimestamptzType
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
schema = Schema(NestedField(1, 'id', LongType(), required=False), NestedField(2, 'ts', TimestamptzType(), required=False), NestedField(3, 'region', StringType(), required=False))
ids = {'id': 1, 'ts': 2, 'region': 3}
def rows(first, count, hour, **more):
  numbers = list(range(first, first + count))
  columns = {'id': pa.array(numbers, pa.int64()), 'ts': pa.array([(argument['midnight'] + hour * 3600000) * 1000 + i for i in numbers], pa.timestamp('us', 'UTC')),
             'region': pa.array(['eu' if i % 2 else 'us' for i in numbers])}
  return pa.table({**columns, **{name: pa.array([value] * count) for name, value in more.items()}})
def tables():
  return [(name, catalog.load_table('raw.' + name)) for name in argument['tables']]
`;
const ANSWER = `
print(json.dumps({name: sorted(catalog.load_table('raw.' + name).scan().to_arrow()['id'].to_pylist()) for name in argument['tables']}))`;
const python = (program: string): Promise<Record<string, number[]>> =>
  runPython(`${PREAMBLE}${program}${ANSWER}`, {
    uri: world.psyberg.internals.catalog.uri,
    token: world.psyberg.internals.catalog.token,
    midnight: msAt(0),
    tables: Object.keys(TABLES),
    specs: TABLES,
  });

async function expectFollowed(expected: Readonly<Record<string, number[]>>): Promise<void> {
  for (const record of await world.run())
    expect(record, JSON.stringify(record.error)).toMatchObject({ status: 'published' });
  for (const name of Object.keys(TABLES))
    expect(
      (await world.sql(`select id from facts.${name} order by id`)).map((row) => Number(row['id'])),
      name,
    ).toEqual(expected[name]);
}

it('appends, overwrites, deletes and evolution are followed', { timeout: 600_000 }, async () => {
  await expectFollowed(
    await python(`
for name, (version, field) in argument['specs'].items():
  spec = PartitionSpec()
  if field is not None:
    transform, column = field.split(' ')
    spec = PartitionSpec(PartitionField(source_id=ids[column], field_id=1000, transform=eval(transform), name=column + '_part'))
  t = catalog.create_table('raw.' + name, schema=schema, partition_spec=spec, properties={'format-version': str(version), 'commit.manifest-merge.enabled': 'true', 'commit.manifest.min-count-to-merge': '3'})
  t.append(rows(0, 6, 0))
  t.append(rows(20, 6, 1))`),
  );
  // A second batch in a partition that was loaded, rows that come and go in between, rows that are replaced
  // and rows that are deleted.
  await expectFollowed(
    await python(`
for name, t in tables():
  t.append(rows(40, 4, 0))
  t.append(rows(60, 4, 2))
  t.delete('id >= 62')
  t.overwrite(rows(20, 3, 3), overwrite_filter='id >= 20 and id < 23')
  t.delete('id == 1')`),
  );
  expect((await world.plan('plain')).status).toBe('nothing-new');
  // The spec changes, a column comes, one is renamed; then old and new files are touched.
  await expectFollowed(
    await python(`
for name, t in tables():
  with t.update_schema() as update:
    update.add_column('note', StringType())
    update.rename_column('region', 'area')
  with t.update_spec() as update:
    update.add_field(*(('id', BucketTransform(2)) if name == 'regional' else ('area', IdentityTransform())), 'evolved')
  t.append(rows(80, 4, 1, note='new').rename_columns(['id', 'ts', 'area', 'note']))
  t.delete('id == 2')
  t.delete('id == 81')`),
  );
  expect((await world.run()).map((record) => record.status)).toEqual(
    Object.keys(TABLES).map(() => 'nothing-new'),
  );
  expect((await world.plan('hourly')).sources[0]?.newest_hour).toBe(hourAt(3));
});
