// Goal: audits of keys find what is lost or doubled, in this session's rows and in the whole target, and say
// nothing of NULLs that are none of that. Method: sessions on real tables; test/compile/run-steps.test.ts has
// the same on plain ones.
import { describe, expect, it } from 'vitest';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const loadOf = (
  name: string,
  audits: readonly unknown[],
  { sql = 'select * from e', pattern = 'stateless' }: { sql?: string; pattern?: string } = {},
) =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts' },
      audits,
    },
    sql,
  );
const COLUMNS = 'id bigint, k varchar, ts timestamptz';
const rows = (values: string, hour = 0): string =>
  `select id, k, timestamptz '${hourAt(hour)}' as ts from (values ${values}) t(id, k)`;
const statuses = async (world: World): Promise<Record<string, string>> =>
  Object.fromEntries((await world.run()).map((record) => [record.process_name, record.status]));

describe('keys that are NULL', () => {
  it('are missing only when their rows were lost, and are never twice', async () => {
    const missing = { no_missing_events: { source: 'e', key: 'k' } };
    const world = await worldForTest({
      processes: [
        loadOf('all_staged', [missing]),
        loadOf('one_lost', [missing], { sql: 'select * from e where k is not null' }),
        loadOf('two_nulls', [{ unique: { columns: ['k'] } }, { unique: { columns: ['k'], over: 'target' } }]),
        loadOf('pairs', [{ unique: { columns: ['k', 'n'] } }], {
          sql: 'select k, ts, null::int as n from e',
        }),
        loadOf('none_wanted', [{ not_null: { columns: ['k'] } }]),
      ],
    });
    await world.create('raw.events', COLUMNS);
    await world.land('raw.events', rows("(1, 'a'), (2, null), (3, null)"));
    const records = await world.run();
    expect(Object.fromEntries(records.map((each) => [each.process_name, each.status]))).toEqual({
      all_staged: 'published',
      one_lost: 'audit-failed',
      two_nulls: 'published',
      pairs: 'published',
      none_wanted: 'audit-failed',
    });
    expect(records.find((each) => each.process_name === 'one_lost')?.audits).toMatchObject([
      { expected: '0', actual: '1', sample: [{ missing_key: null }] },
    ]);
  });
});

describe('unique over: target', () => {
  const AUDITS = [{ unique: { columns: ['id'], over: 'target' } }];

  it('finds a key of this session that an earlier one loaded, which the staged rows alone do not show', async () => {
    const world = await worldForTest({
      processes: [
        loadOf('checked', AUDITS),
        loadOf('staged_only', [{ unique: { columns: ['id'] } }]),
        // An overwrite replaces the row with which it would collide.
        loadOf('recomputed', AUDITS, { pattern: 'stateful' }),
      ],
    });
    await world.create('raw.events', COLUMNS);
    await world.land('raw.events', rows("(1, 'a'), (2, 'b')"));
    const all = { checked: 'published', recomputed: 'published', staged_only: 'published' };
    expect(await statuses(world)).toEqual(all);
    await world.land('raw.events', rows("(3, 'c')"));
    expect(await statuses(world)).toEqual(all);
    await world.land('raw.events', rows("(2, 'again'), (4, 'd')", 1));
    const records = await world.run();
    expect(records.map((each) => [each.process_name, each.status])).toEqual([
      ['checked', 'audit-failed'],
      ['recomputed', 'audit-failed'],
      ['staged_only', 'published'],
    ]);
    for (const record of records.slice(0, 2))
      expect(record.audits).toMatchObject([
        { name: 'unique', expected: '0', actual: '1', sample: [{ id: '2', occurrences: '2' }] },
      ]);
    expect(await world.rows('select id from facts.checked')).toEqual(['["1"]', '["2"]', '["3"]']);
  });
});
