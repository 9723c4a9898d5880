// Goal: a query on Spark of which nobody is sure that it takes each row alone is taken for one that may not, and rows are
// compared as far as they can be the same. Method: plans as Spark 4.1.2 has explained them; statements that go to none.
import { describe, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { Plan } from '../../src/model/plan.ts';
import {
  comparedOnSpark,
  sparkExactFragment,
  sparkReturnedFragment,
  sparkSumsFragments,
} from '../../src/statements/index.ts';
import { halvesOnSpark } from '../../src/workload/spark/compare-rows.ts';
import { takesRowsAlone } from '../../src/workload/spark/rows-alone.ts';
import type { AttachedSpark } from '../../src/workload/spark/session.ts';
import { planOf, type SessionData, specOf } from '../support/session-data.ts';

const explained = (...nodes: readonly string[]): string => `== Parsed Logical Plan ==
'Project [*]
+- 'Aggregate [a parsed one says nothing]

== Analyzed Logical Plan ==
id: bigint
Project [id#1L]
+- Filter false
   +- WithCTE
      :- CTERelationDef 0, false
      :  +- SubqueryAlias e
      :     +- RelationV2[id#1L, ts#2] psyberg_session.sources.e
      +- Project [id#1L]
${nodes.map((node) => `         ${node}`).join('\n')}

== Optimized Logical Plan ==
LocalRelation <empty>, [id#1L]
`;
const REFERENCE = '+- CTERelationRef 0, true, [id#1L, ts#2], false, false';

describe('a query', () => {
  it.each([
    [REFERENCE],
    ['+- Generate explode(xs#29), true, t, [x1#43]', `   ${REFERENCE}`],
    [
      '+- Sort [ts#216 ASC NULLS FIRST], false',
      '   +- RepartitionByExpression [id#215L]',
      `      ${REFERENCE}`,
    ],
  ])('takes each row alone with %s', (...nodes) => {
    expect(takesRowsAlone(explained(...nodes), false)).toBe(true);
  });

  it.each([
    ['+- Aggregate [any((id#121L > cast(1 as bigint))) AS a#120]', `   ${REFERENCE}`],
    ['+- Window [lag(id#103L, -1, null) AS b#102L], [ts#104 ASC NULLS FIRST]', `   ${REFERENCE}`],
    ['+- Distinct', `   ${REFERENCE}`],
    ['+- Sample 0.0, 0.5, false, 328', `   ${REFERENCE}`],
    ['+- ScriptTransformation cat, [a#363, b#364]', `   ${REFERENCE}`],
    ['+- Generate my_counter(id#1L), false, [n#2]', `   ${REFERENCE}`],
    [
      '+- Project [scalar-subquery#139 [id#141L] AS n#140]',
      '   :  +- Aggregate [max(id#146L)]',
      `   ${REFERENCE}`,
    ],
    ['+- Filter (name#2 = two', 'lines)', `   ${REFERENCE}`],
  ])('may not with %s', (...nodes) => {
    for (const isReadAlone of [false, true])
      expect(takesRowsAlone(explained(...nodes), isReadAlone)).toBe(false);
  });

  it('joins, and adds rows, as another parser has read it', () => {
    for (const node of [
      '+- Join LeftOuter, (id#68L = id#64L)',
      '+- Union false, false',
      '+- OneRowRelation',
    ]) {
      const plan = explained(node, `   :${REFERENCE.slice(1)}`, `   ${REFERENCE}`);
      expect([takesRowsAlone(plan, false), takesRowsAlone(plan, true)]).toEqual([false, true]);
    }
  });

  it('that was not explained may not', () => {
    expect(takesRowsAlone('', true)).toBe(false);
    expect(takesRowsAlone('== Physical Plan ==\nProject [id#1L]', true)).toBe(false);
  });
});

describe('columns that Spark compares', () => {
  const plain = (name: string) => ({ kind: 'plain', name }) as const;
  const struct = {
    type: 'struct',
    fields: [
      { id: 11, name: 'a', type: 'int', required: false },
      { id: 12, name: 'b', type: 'string', required: false },
    ],
  } as const;
  const members = ['a', 'b'].map((name) => ({ name, type: plain('ANY') }));
  const columns = comparedOnSpark([
    { name: 'id', type: 'long', returned: plain('INTEGER') },
    { name: 'x', type: 'float', returned: plain('DOUBLE') },
    { name: 'ts', type: 'timestamp', returned: undefined },
    {
      name: 'l',
      type: { type: 'list', 'element-id': 9, element: 'uuid' },
      returned: { kind: 'list', element: plain('VARCHAR') },
    },
    {
      name: 'm',
      type: { type: 'map', 'key-id': 7, key: 'string', 'value-id': 8, value: 'int' },
      returned: { kind: 'map', key: plain('VARCHAR'), value: plain('INTEGER') },
    },
    { name: 's', type: struct, returned: { kind: 'struct', members } },
    // A cast goes by places, and an insert by names.
    { name: 'turned', type: struct, returned: { kind: 'struct', members: members.toReversed() } },
    { name: 'v', type: 'variant', returned: plain('VARIANT') },
    {
      name: 'floats',
      type: { type: 'list', 'element-id': 10, element: 'double' },
      returned: { kind: 'list', element: plain('DOUBLE') },
    },
  ]);

  it('are taken as the target stores them', () => {
    expect(sparkReturnedFragment(columns).sql.split(', cast')).toEqual([
      'cast("id" as bigint) as "id"',
      '("x" as float) as "x"',
      '(null as timestamp_ntz) as "ts"',
      '("l" as array<string>) as "l"',
      '("m" as map<string, int>) as "m"',
      '("s" as struct<`a`: int, `b`: string>) as "s"',
    ]);
  });

  it('are equal, or have equal sums', () => {
    expect(sparkExactFragment(columns).sql).toBe(
      '"id", "ts", array_sort("l"), array_sort(map_entries("m")), "s"',
    );
    expect(sparkSumsFragments(columns).sums.sql).toContain('psyberg_size_1');
    expect(sparkSumsFragments(columns).sums_differ.sql).toBe(
      'abs(sum(psyberg_sum_1)) > 1e-6 * sum(psyberg_size_1)',
    );
    expect(sparkExactFragment([]).sql).toBe("'all'");
  });
});

describe('rows that differ', () => {
  const data: SessionData = {
    pattern: 'stateless',
    sources: { s: { added: [1], vtts: 2 } },
    spec: { engine: 'spark', sql: 'select first_value(id) as id, now() as at from s' },
  };
  const fields = ['id', 'at', 'k'].map((name, id) => ({ id, name, type: 'long', required: false }));
  /** Holds halves against each other that always differ. @returns what Spark was asked. */
  async function asked(columns: readonly string[], more: Partial<Plan>): Promise<string[]> {
    const statements: string[] = [];
    const spark = {
      async query({ sql }: { readonly sql: string }) {
        statements.push(sql);
        return [{ rows_differing: 1n, values_differ: false }];
      },
    };
    const kept = fields.filter(({ name }) => columns.includes(name));
    const schemas = [{ type: 'struct', 'schema-id': 0, fields: kept }];
    const found = await halvesOnSpark(
      spark as unknown as AttachedSpark,
      { plan: { ...planOf(data), ...more }, spec: specOf(data), root: '/' },
      { schemas, 'current-schema-id': 0 } as unknown as TableMetadata,
      kept.map(({ name }) => ({ name, type: { kind: 'plain', name: 'BIGINT' } })),
    );
    expect(found.rows_differing).toBe(1n);
    return statements;
  }
  const inNoOrder = { lists: [], others: ['id'] };

  it('are compared once more without columns that hang on their order, where there are others', async () => {
    const [exactly, loosely, ...more] = await asked(['id', 'k'], { in_no_order: inNoOrder });
    expect([exactly?.includes('"id" as bigint'), loosely?.includes('"id" as bigint')]).toEqual([true, false]);
    expect(more).toEqual([]);
    expect(await asked(['id'], { in_no_order: inNoOrder })).toHaveLength(1);
  });

  it('are compared without columns that are others each time', async () => {
    const [sql, ...more] = await asked(['id', 'at'], { compares_without: ['at'] });
    expect([sql?.includes('"id" as bigint'), sql?.includes('"at" as bigint')]).toEqual([true, false]);
    expect(more).toEqual([]);
  });
});
