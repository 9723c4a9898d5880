// Goal: verify finds every fault in a published target. Method: a process of each pattern and its late rows; faults are put into the targets by commits of others that
// leave what a session published of its progress.
import { expect, it } from 'vitest';
import { hourAt } from '../support/world.ts';
import { publishedWorld, short, verified } from './published-world.ts';

/** What a foreign commit makes of a target: each row of the result is one of the table. */
const FAULTS: Readonly<Record<string, (table: string, time: string, cell: string) => string>> = {
  'a changed row': (table, time, cell) =>
    `select * replace (case when ${time} = (select max(${time}) from ${table}) and ${cell} = (select max(${cell}) from ${table} where ${time} = (select max(${time}) from ${table})) then ${cell} + 1 else ${cell} end as ${cell}) from ${table}`,
  'a missing row': (table, time) => `select * from ${table} qualify row_number() over (order by ${time}) > 1`,
  'a doubled row': (table, time) =>
    `select * from ${table} union all (select * from ${table} order by ${time} limit 1)`,
  'a row in a wrong hour': (table, time) =>
    `with numbered as (select *, row_number() over (order by ${time}) as place from ${table})
     select * exclude (place) replace (case when place = 1 then ${time} + interval 1 hour else ${time} end as ${time}) from numbered`,
};
const TARGETS = [
  ['count_load', 'facts.counts', 'h', 'n'],
  ['signup_load', 'facts.signups', 'ts', 'id'],
  ['state_load', 'facts.states', 'hour', 'kind'],
] as const;

it('finds every fault that is planted, in each pattern, and says where', async () => {
  const world = await publishedWorld();
  for (const [name, table, time, cell] of TARGETS) {
    const good = (await world.history(table)).at(-1)?.['snapshot-id'] as bigint;
    for (const [what, query] of Object.entries(FAULTS)) {
      await world.changeFiles(table, {
        operation: 'overwrite',
        remove: (files) => files,
        insert: query(table, time, cell),
      });
      const found = short(await verified(world, name));
      const expected = {
        'a changed row': { missing: '1', extra: '1', hours: [hourAt(4)] },
        'a missing row': { missing: '1', extra: '0', hours: [hourAt(0)] },
        'a doubled row': { missing: '0', extra: '1', hours: [hourAt(0)] },
        'a row in a wrong hour': { missing: '1', extra: '1', hours: [hourAt(0), hourAt(1)] },
      }[what];
      expect({ name, what, ...found }).toEqual({ name, what, status: 'different', ...expected });
      await world.rollback(table, good);
    }
    expect(short(await verified(world, name)).status).toBe('equal');
  }
});

it('compares only the hours that are asked for, also of a dimension', async () => {
  const world = await publishedWorld();
  for (const [name, table, time, cell] of TARGETS) {
    await world.changeFiles(table, {
      operation: 'overwrite',
      remove: (files) => files,
      insert: (FAULTS['a changed row'] as (typeof FAULTS)[string])(table, time, cell),
    });
    const early = await verified(world, name, '2023-09-14T01..2023-09-14T03');
    expect({ ...short(early), range: early.range, compared: early.hours_compared }).toEqual({
      ...{ status: 'equal', missing: '0', extra: '0', hours: [], compared: 3 },
      range: { first_hour: hourAt(1), last_hour: hourAt(3) },
    });
    const late = await verified(world, name, '2023-09-14T04');
    expect(short(late)).toMatchObject({ status: 'different', hours: [hourAt(4)] });
    expect(late.sample.missing).toHaveLength(1);
  }
});
