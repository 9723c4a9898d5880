// Goal: a session, and `sql`, find each row by every transform and type of Iceberg's appendix B, whatever DuckDB
// makes of them. Method: PyIceberg writes tables with a column for each pair, partitioned by all of them, so that
// each row is a file of its own; the view that sessions read is asked for rows by value, by order and by joins,
// `sql` by value and by order, and so is a copy of the rows, in which nothing can be skipped.
import { beforeAll, expect, it } from 'vitest';
import type { ViewTable } from '../../src/catalog/index.ts';
import type { Engine } from '../../src/engine/index.ts';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { composeReadableView } from '../../src/tables/views/readable-view.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

/** Transforms that PyIceberg 0.12 writes of a type. Values: five, then NULL, as Python spells them. */
const TYPES: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['boolean', 'BooleanType()', '[True, False, True, False, True]', ['identity']],
  ['int', 'IntegerType()', '[-11, -10, -1, 0, 2147483647]', ['identity', 'bucket[4]', 'truncate[10]']],
  ['long', 'LongType()', '[-11, -10, -1, 0, 2**40]', ['identity', 'bucket[4]', 'truncate[10]']],
  [
    'decimal4',
    'DecimalType(4, 2)',
    "[D('-12.34'), D('-0.01'), D('0.00'), D('12.34'), D('99.99')]",
    ['identity', 'bucket[4]', 'truncate[10]'],
  ],
  [
    'decimal18',
    'DecimalType(18, 2)',
    "[D('-123456789012345.34'), D('-0.01'), D('0.00'), D('12.34'), D('123456789012345.34')]",
    ['identity', 'bucket[4]', 'truncate[10]'],
  ],
  [
    'decimal38',
    'DecimalType(38, 2)',
    "[D('-123456789012345678901234567.34'), D('-0.01'), D('0.00'), D('123456789012345678.90'), D('123456789012345678901234567.34')]",
    ['identity', 'bucket[4]', 'truncate[10]'],
  ],
  [
    'date',
    'DateType()',
    '[T(day).date() for day in DAYS]',
    ['identity', 'bucket[4]', 'year', 'month', 'day'],
  ],
  [
    'time',
    'TimeType()',
    '[datetime.time(0), datetime.time(1, 2, 3, 4), datetime.time(12), datetime.time(23), datetime.time(23, 59, 59, 999999)]',
    ['identity'],
  ],
  [
    'timestamp',
    'TimestampType()',
    '[T(day) for day in DAYS]',
    ['identity', 'bucket[4]', 'year', 'month', 'day', 'hour'],
  ],
  [
    'timestamptz',
    'TimestamptzType()',
    '[T(day).replace(tzinfo=datetime.timezone.utc) for day in DAYS]',
    ['identity', 'bucket[4]', 'year', 'month', 'day', 'hour'],
  ],
  [
    'string',
    'StringType()',
    String.raw`['', 'plain text', 'e\u0301cole', '\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e', 'a\r\nbc']`,
    ['identity', 'bucket[4]', 'truncate[3]'],
  ],
  [
    'uuid',
    'UUIDType()',
    "[uuid.UUID(each + '0000000-0000-4000-8000-000000000001') for each in '078ef']",
    ['bucket[4]', 'bucket[7]'],
  ],
  [
    'fixed',
    'FixedType(4)',
    String.raw`[b'\0\0\0\1', b'\x7f\xff\0\0', b'\x80\0\0\0', b'\xff\xff\xff\xff', b'abcd']`,
    ['identity', 'bucket[4]'],
  ],
  [
    'binary',
    'BinaryType()',
    String.raw`[b'', b'\0', b'abcdef', b'\x80\xff\xfe', b'\xff\xff\xff\xff']`,
    ['identity', 'bucket[4]'],
  ],
];
const COLUMNS = TYPES.flatMap(([name, type, values, transforms]) =>
  transforms.map((transform) => ({
    name: `${name}_${transform.replaceAll(/[^a-z0-9]/g, '')}`,
    type,
    values,
    transform,
    // DuckDB reads no manifest in whose partitions two decimals of one type are.
    table: name.startsWith('decimal') && transform.startsWith('truncate') ? 'truncated' : 'parted',
  })),
);

const WRITE = `
import datetime, uuid
from decimal import Decimal as D
from pyiceberg.catalog import load_catalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import *
import pyarrow as pa
T = datetime.datetime.fromisoformat
DAYS = ['1600-02-29T01:00:00', '1969-11-15T12:00:00', '1969-12-31T23:59:59.999999', '1970-01-01T00:00:00', '2024-02-29T23:00:00']
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
catalog.create_namespace_if_not_exists('raw')
columns = argument['columns']
fields = [NestedField(1, 'id', LongType()), NestedField(2, 'ts', TimestamptzType())] + [NestedField(3 + i, each['name'], eval(each['type'])) for i, each in enumerate(columns)]
schema = Schema(*fields)
rows = {'id': [0, 1, 2, 3, 4, 5], 'ts': [T('2026-01-01T05:00:00+00:00')] * 6, **{each['name']: eval(each['values']) + [None] for each in columns}}
for name in ['plain', 'parted', 'truncated']:
  spec = PartitionSpec(*[PartitionField(3 + i, 1000 + i, parse_transform(each['transform']), 'p_' + each['name']) for i, each in enumerate(columns) if each['table'] == name])
  table = catalog.create_table('raw.' + name, schema, partition_spec=spec)
  table.append(pa.Table.from_pydict(rows, schema=table.schema().as_arrow()))
print(catalog.load_table('raw.parted').current_snapshot().summary['added-data-files'])`;

beforeAll(async () => {
  await preparePython();
}, 600_000);

it('rows of files by PyIceberg are found by values of every type that they are partitioned by, with every transform', {
  timeout: 300_000,
}, async () => {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'found_load',
          pattern: 'stateful',
          sources: [{ table: 'raw.parted', event_time: 'ts', alias: 'parted' }],
          target: { table: 'facts.found', event_time: 'ts' },
        },
        "select id, ts from parted where string_truncate3 = 'e\u0301cole' and timestamp_day < '1970-01-01'",
      ),
    ],
  });
  const { uri, token } = world.psyberg.internals.catalog;
  expect(await runPython<number>(WRITE, { uri, token, columns: COLUMNS })).toBe(6);
  const literal = (name: string): string =>
    `format('''{}''::{}', replace(${name}::varchar, '''', ''''''), typeof(${name})) as ${name}`;
  const literals = (await world.sql(
    `select ${COLUMNS.map(({ name }) => literal(name)).join(', ')} from raw.plain where id < 5 order by id`,
  )) as Record<string, string>[];
  const engine = await showReadable(world, ['parted', 'truncated']);
  const idsOf = async (sql: string): Promise<string> =>
    (await engine.query<{ id: bigint }>({ sql, parameters: {} })).map((row) => String(row.id)).join();
  await engine.execute({ sql: 'begin', parameters: {} });
  await engine.execute({ sql: 'create temp table plain as from lake.raw.plain', parameters: {} });
  const wrong: string[] = [];
  const queries = new Map<string, string>();
  for (const { name, table } of COLUMNS)
    for (const condition of conditionsOn(name, literals)) {
      const query = (from: string): string => `select r.id from ${from} as r ${condition} order by r.id`;
      const expected = await idsOf(query('plain'));
      const found = await idsOf(query(`readable.views.${table}`));
      if (!condition.startsWith('join')) queries.set(query(`raw.${table}`), expected);
      if (found !== expected) wrong.push(`${condition}: ${found}, not ${expected}`);
    }
  await engine.execute({ sql: 'rollback', parameters: {} });
  for (const [query, expected] of queries) {
    const found = (await world.psyberg.sql(query)).rows.join();
    if (found !== expected) wrong.push(`sql: ${query}: ${found}, not ${expected}`);
  }
  expect(wrong).toEqual([]);
  await world.publish('found_load');
  expect(await world.rows('select id from facts.found')).toEqual(['["2"]']);
});

/** By value, by order, by a join and by NULL; one query each: of several DuckDB would read the table once, and skip nothing. */
const conditionsOn = (name: string, literals: readonly Readonly<Record<string, string>>[]): string[] => [
  ...literals.map((literal) => `where r.${name} = ${literal[name]}`),
  ...[0, 2].flatMap((id) =>
    ['>=', '<='].map((operator) => `where r.${name} ${operator} ${literals[id]?.[name]}`),
  ),
  `join plain as k on r.${name} = k.${name} and k.id = 1`,
  `where r.${name} is null`,
];

/** Shows tables of `raw` as sessions see them, as `readable.views`. */
async function showReadable(world: World, tables: readonly string[]): Promise<Engine> {
  const { engine, views, endpoint } = await world.psyberg.internals.ports();
  const shown: ViewTable[] = [];
  for (const name of tables) {
    const metadata = await world.metadata(`raw.${name}`);
    const snapshot = mainSnapshot(metadata) as Snapshot;
    const view = await composeReadableView(engine, {
      metadata,
      from: snapshot,
      table: { namespace: ['raw'], name },
      eventTime: undefined,
      directory: world.root,
    });
    shown.push({
      identifier: { namespace: ['views'], name },
      table: { namespace: ['raw'], name },
      show: { kind: 'files', ...(view ?? { snapshot }) },
    });
  }
  views.open({ name: 'readable', tables: shown });
  await engine.attach({ name: 'readable', warehouse: 'readable', ...endpoint });
  return engine;
}
