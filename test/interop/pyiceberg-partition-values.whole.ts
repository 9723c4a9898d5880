// Goal: other engines find each row by the value that its file is partitioned by. Method: targets partitioned
// by columns of every kind, with nulls, merged by sessions and rewritten by maintenance; PyIceberg skips
// manifests by their summaries, and counts for each value what a full scan of its own finds.
import { beforeAll, expect, it } from 'vitest';
import { hourAt, processFile, worldForTest } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

/** Of a target's column `value`: how it is made of an id. */
const VALUES: Readonly<Record<string, string>> = {
  boolean: 'id % 2 = 0',
  decimal: '(id % 5 - 2)::decimal(9, 2)',
  double: "(case when id % 7 = 6 then 'nan'::double else id % 7 - 2.5 end)::double",
  date: "date '1969-12-30' + (id % 5)::integer",
  string: "['', 'a', 'zürich'][1 + (id % 3)::integer]",
  int: '(id % 5 - 2)::integer',
  long: '(id % 5 - 2) * 5000000000',
  timestamp: "timestamp '1969-12-31 23:59:59' + to_seconds(id % 4)",
};
const NAMES = Object.keys(VALUES);
/** Target of a type, without and with nulls. */
const TARGETS = NAMES.flatMap((name) => [
  { table: `facts.of_${name}`, value: VALUES[name] as string },
  { table: `facts.of_${name}_or_null`, value: `case when id % 4 > 0 then ${VALUES[name]} end` },
]);

const COUNT = `
from collections import Counter
from math import isnan
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import EqualTo, IsNaN, IsNull
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
found = {}
for name in argument['tables']:
  table = catalog.load_table(name)
  values = ['NaN' if isinstance(value, float) and isnan(value) else value for value in table.scan().to_arrow()['value'].to_pylist()]
  expected = Counter(values)
  filter_of = lambda value: IsNull('value') if value is None else IsNaN('value') if value == 'NaN' else EqualTo('value', value.isoformat() if hasattr(value, 'isoformat') else value)
  wrong = {str(value): [len(table.scan(row_filter=filter_of(value)).to_arrow()), count] for value, count in expected.items()}
  found[name] = {'values': len(expected), 'rows': len(values), 'wrong': {value: counts for value, counts in wrong.items() if counts[0] != counts[1]}}
print(json.dumps(found))`;

beforeAll(async () => {
  await preparePython();
}, 600_000);

it('PyIceberg finds rows by partition values of every type, after sessions merged manifests and maintenance rewrote them', {
  timeout: 300_000,
}, async () => {
  const world = await worldForTest({
    processes: TARGETS.map(({ table, value }) =>
      processFile(
        {
          process_name: `${table.slice(6)}_load`,
          pattern: 'stateful',
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table, event_time: 'ts', partition_by: ['hour(ts)', 'value'] },
        },
        `select id, ts, ${value} as value from e`,
      ),
    ),
  });
  const rows = (first: number, hour: number): string =>
    `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(${first}, ${first + 20}) t(i)`;
  const land = async (...events: readonly string[]): Promise<void> => {
    await world.land('raw.events', events.join(' union all '));
    for (const record of await world.run())
      expect([record.process_name, record.status, record.error]).toEqual([
        record.process_name,
        'published',
        null,
      ]);
  };
  const { uri, token } = world.psyberg.internals.catalog;
  const expectFound = async (count: number): Promise<void> => {
    const found = await runPython<Record<string, { values: number; rows: number; wrong: object }>>(COUNT, {
      uri,
      token,
      tables: TARGETS.map(({ table }) => table),
    });
    for (const { table } of TARGETS)
      expect([found[table]?.rows, found[table]?.wrong], table).toEqual([count, {}]);
    expect(Object.values(found).every(({ values }) => values > 1)).toBe(true);
  };
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await land(rows(0, 0), rows(20, 1));
  await land(rows(40, 2), rows(60, 3));
  // An hour of each: what stays of both manifests is written as one.
  await land(rows(80, 1), rows(100, 2));
  await expectFound(120);
  for (const hour of [10, 11, 12]) await land(rows(hour * 20, hour));
  const { tables } = await world.psyberg.maintain(
    TARGETS.map(({ table }) => table),
    { only: ['manifests'], force: true },
  );
  expect(tables).toHaveLength(TARGETS.length);
  for (const { table, manifests } of tables)
    expect(manifests?.after, table).toBeLessThan(manifests?.before ?? 0);
  await expectFound(180);
});
