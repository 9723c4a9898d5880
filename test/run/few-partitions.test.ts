// Goal: Spark is told to write rows as they come only where that makes no more files, and few of them at once; and what
// is read is counted without grouping only where it is one file. Method: sessions as short data, and what a view of
// the target says to its writer.
import { expect, it } from 'vitest';
import { showTable } from '../../src/catalog/views/show-table.ts';
import { SPARK } from '../../src/compile/index.ts';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { FileLayout, LayoutPartition } from '../../src/model/file-layout.ts';
import type { Plan } from '../../src/model/plan.ts';
import { hasFewPartitions } from '../../src/run/views/few-partitions.ts';
import { planOf, type SessionData, type SourceData, specOf } from '../support/session-data.ts';

const TS = { id: 1, name: 'ts', type: 'timestamptz' };
const by = (transform: LayoutPartition['transform'], column = TS): LayoutPartition => ({
  fieldId: 1000,
  name: 'p',
  transform,
  column,
});

interface Case {
  readonly pattern?: SessionData['pattern'];
  readonly source?: SourceData;
  readonly partition?: readonly LayoutPartition[];
  readonly layout?: Partial<FileLayout> | null;
  readonly first?: boolean;
  readonly rows?: number;
}

function planned({ pattern = 'stateless', source, partition = [by('hour')], layout = {}, rows }: Case) {
  const data: SessionData = {
    pattern,
    sources: { s: { added: [[1, 3]], vtts: 4, ...source } },
    completeTo: 0,
    spec: { engine: 'spark' },
  };
  const plan = planOf(data);
  const given: Plan = {
    ...plan,
    sources: plan.sources.map((each) => ({ ...each, rows: String(rows ?? each.rows) })),
    target: {
      ...plan.target,
      layout: layout === null ? null : ({ columns: [TS], partition, ...layout } as FileLayout),
    },
  };
  return { plan: given, spec: specOf(data) };
}

it.each<[string, boolean, Case]>([
  ['a file of three hours', true, {}],
  ['days', true, { partition: [by('day'), by('void')] }],
  ['no partitions', true, { partition: [], source: { added: [1, 2] } }],
  ['a target that is not there yet', false, { layout: null }],
  ['files in an order', false, { layout: { order: { id: 1, fields: [] } } }],
  ['buckets', false, { partition: [by('bucket')] }],
  ['a value of its own', false, { partition: [by('identity')] }],
  ['another time', false, { partition: [by('hour', { ...TS, name: 'made' })] }],
  ['five files', false, { source: { added: [1, 1, 1, 1, 1] } }],
  ['many hours', false, { source: { added: [[0, 501]] } }],
  ['many rows', false, { rows: 100_001 }],
  ['rows of hours', false, { pattern: 'stateful' }],
])('rows are written as they come: %s, %s', (_what, expected, each) => {
  const { plan, spec } = planned(each);
  expect(hasFewPartitions(plan, spec)).toBe(expected);
});

it('where the query makes the time of the target from another column, nobody knows the partitions', () => {
  const { plan, spec } = planned({});
  expect(hasFewPartitions(plan, { ...spec, target: { ...spec.target, eventTime: 'born' } })).toBe(false);
});

it('what the target says of its writers comes first', () => {
  const written = (properties: Record<string, string>, fewPartitions: boolean) =>
    showTable(
      { location: '/t', 'last-updated-ms': 0, properties } as unknown as TableMetadata,
      { kind: 'collected', folder: 'f', into: { metadata: undefined }, fewPartitions },
      0,
    ).properties;
  expect(written({}, false)).not.toHaveProperty('write.distribution-mode');
  expect(written({}, true)).toMatchObject({
    'write.distribution-mode': 'none',
    'write.spark.fanout.enabled': 'true',
  });
  expect(written({ 'write.distribution-mode': 'range' }, true)).toMatchObject({
    'write.distribution-mode': 'range',
  });
});

it.each<[string, boolean, Case]>([
  ['one file', true, {}],
  ['two files', false, { source: { added: [1, 2] } }],
  ['a file of which hours are read', false, { pattern: 'stateful' }],
])('what is read is counted whole: %s, %s', (_what, expected, each) => {
  const { plan, spec } = planned(each);
  const counted = SPARK.audits(plan, spec).find(({ kind }) => kind === 'count-sources')?.sql ?? '';
  // Without the file of a row Spark answers by its metadata, which would vouch for nothing.
  expect(counted).toContain('_file');
  expect([counted.includes('any_value(path)'), counted.includes('group by path')]).toEqual([
    expected,
    !expected,
  ]);
});
