// Goal: what differs between two files of plans is told, and nothing else. Method: plans as short data, changed.
import { describe, expect, it } from 'vitest';
import type { CompiledPlan } from '../../src/model/plan.ts';
import { documentText } from '../../src/report/document-text.ts';
import { lineDiff } from '../../src/report/line-diff.ts';
import { diffDocument, plansDiff } from '../../src/report/plan-diff.ts';
import { planOf, type SessionData } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';

const data: SessionData = {
  pattern: 'stateful',
  completeTo: 5,
  sources: { c: { added: [[2, 3], 6], vtts: 6 } },
};
const query = (sql: string) => ({ query: { sql, parameters: {}, runs: 1 } });
const before: CompiledPlan = { ...planOf(data), ...query('select a,\n       b\nfrom c\nwhere a > 1') };
const after: CompiledPlan = {
  ...planOf({ ...data, sources: { c: { added: [3, [6, 7]], vtts: 6 } } }),
  psyberg_session_id: '20230914071501',
  ...query('select a,\n       b\nfrom c\nwhere a >= 1'),
};
const named = (plan: CompiledPlan, name: string): CompiledPlan => ({ ...plan, process_name: name });

const diffOf = (from: readonly CompiledPlan[], to: readonly CompiledPlan[]) =>
  plansDiff({ file: 'a.json', plans: from }, { file: 'b.json', plans: to });

describe('two files of plans', () => {
  it('differ in hours, what is owed, rows and SQL', () => {
    const [found] = diffOf([before], [after]).processes;
    expect(found).toMatchObject({
      process_name: 'some_load',
      change: 'changed',
      status: null,
      target: null,
      range: { from: { first_hour: hourAt(2) }, to: { first_hour: hourAt(3) } },
      hours: { added: [], removed: [hourAt(2)] },
      owed_hours: { added: [hourAt(7)], removed: [] },
      held_back_by: { from: null, to: 'raw.c' },
      heads: [],
      sql: '…\n        b\n from c\n-where a > 1\n+where a >= 1',
    });
  });

  it('do not differ by their sessions alone', () => {
    const again = { ...before, psyberg_session_id: '20230914071501' };
    expect(diffOf([before], [again]).processes[0]?.change).toBe('same');
  });

  it('may each have processes that the other has not', () => {
    const { processes } = diffOf([before, named(before, 'gone_load')], [before, named(before, 'new_load')]);
    expect(processes.map((each) => [each.process_name, each.change])).toEqual([
      ['some_load', 'same'],
      ['new_load', 'added'],
      ['gone_load', 'removed'],
    ]);
  });

  it('are told on one page, by the same facts as in JSON', () => {
    const from = [before, named(before, 'same_load'), named(before, 'gone_load')];
    const to = [after, named(before, 'same_load'), named(before, 'new_load')];
    expect(documentText(diffDocument(diffOf(from, to)), { width: 80 })).toBe(`from a.json to b.json

some_load
  range         2023-09-14 02h..06h → 2023-09-14 03h..06h
  hours -       1 hour: 2023-09-14 02h
  owed +        1 hour: 2023-09-14 07h
  held back by  none → raw.c

SQL
    …
            b
     from c
    -where a > 1
    +where a >= 1

new_load  only in the second

gone_load  only in the first

no difference: same_load`);
  });

  it('of a release that kept no query differ by their inserts', () => {
    const { query: _query, ...bare } = before;
    const insert = { kind: 'insert', stage: 'load', name: 'insert', parameters: {} } as const;
    const found = diffOf(
      [{ ...bare, steps: [{ ...insert, sql: 'copy (select 1)' }] }],
      [{ ...bare, steps: [{ ...insert, sql: 'copy (select 2)' }] }],
    );
    expect(found.processes[0]?.sql).toBe('-copy (select 1)\n+copy (select 2)');
  });
});

it('lines that are equal far from a difference are left out', () => {
  const lines = Array.from({ length: 12 }, (_, index) => `line ${index}`);
  const changed = lines.with(6, 'another').toSpliced(10, 0, 'more');
  expect(lineDiff(lines.join('\n'), changed.join('\n'))).toBe(
    [
      '…',
      ' line 4',
      ' line 5',
      '-line 6',
      '+another',
      ' line 7',
      ' line 8',
      ' line 9',
      '+more',
      ' line 10',
      ' line 11',
    ].join('\n'),
  );
  expect(lineDiff('a', 'a')).toBe('');
});
