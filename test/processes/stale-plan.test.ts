// Goal: a plan made earlier runs only where it would be made again. Method: two plans as data.
import { describe, expect, it } from 'vitest';
import type { CompiledPlan } from '../../src/model/plan.ts';
import { followsPublished, refuseBeyondExpected, refuseStale } from '../../src/processes/stale-plan.ts';
import { planOf, type SessionData } from '../support/session-data.ts';

const DATA: SessionData = { pattern: 'stateful', sources: { s: { added: [1], vtts: 3 }, o: { vtts: 3 } } };
const given = planOf(DATA);
const stale = (fresh: CompiledPlan, ...published: string[]): unknown => {
  try {
    refuseStale(given, fresh, new Map(published.map((table) => [table, '10'])));
  } catch (error) {
    return (error as { context: { changed: string } }).context.changed;
  }
  return undefined;
};
const withHead = (alias: string): CompiledPlan => ({
  ...given,
  sources: given.sources.map((source) =>
    source.alias === alias && source.head !== null
      ? { ...source, head: { ...source.head, snapshot_id: '10' } }
      : source,
  ),
});

describe('a plan that was made earlier', () => {
  it('runs where nothing changed, whatever session it would be now', () => {
    expect(stale({ ...given, psyberg_session_id: '20240101000000' })).toBeUndefined();
  });
  it.each<[string, CompiledPlan]>([
    ['the SQL of the process', { ...given, process_sha256: '01' }],
    ['the target', { ...given, target: { ...given.target, base_snapshot_id: '71' } }],
    ['the source raw.o', withHead('o')],
    ['its hours', planOf({ ...DATA, sources: { ...DATA.sources, s: { added: [2], vtts: 3 } } })],
  ])('is refused where %s changed', (what, fresh) => {
    expect(stale(fresh)).toBe(what);
  });
  it('reads what a process of the same run has just published at the head that it names', () => {
    expect(stale(withHead('o'), 'raw.o')).toBeUndefined();
    expect(stale(withHead('s'), 'raw.o')).toBe('the source raw.s');
  });
});

describe('a plan that follows', () => {
  const hour = (count: number): string => `2023-09-14T0${count}:00:00Z`;
  const expecting: CompiledPlan = {
    ...planOf({ ...DATA, sources: { s: { vtts: 3 }, o: { vtts: 3 } } }),
    status: 'follows',
    follows: ['o_load'],
    expected_hours: [hour(1), hour(2)],
  };
  const published = new Map([['raw.o', '10']]);
  const refused = (fresh: CompiledPlan, from = expecting): unknown => {
    try {
      refuseBeyondExpected(from, fresh, published);
    } catch (error) {
      const { code, context } = error as { code: string; context: Record<string, unknown> };
      expect(code).toBe('plan-stale');
      return context['unexpected_hours'] ?? context['changed'];
    }
    return undefined;
  };
  const loading = (hours: number[], alias = 'o', head = '10'): CompiledPlan => {
    const plan = planOf({ ...DATA, sources: { s: { vtts: 3 }, o: { added: hours, vtts: 3 } } });
    const sources = plan.sources.map((source) =>
      source.alias === alias && source.head !== null
        ? { ...source, head: { ...source.head, snapshot_id: head } }
        : source,
    );
    return { ...plan, sources };
  };

  it('is planned anew where one of those that it follows has published', () => {
    expect(followsPublished(expecting, published)).toBe(true);
    expect(followsPublished(expecting, new Map([['raw.x', '10']]))).toBe(false);
    expect(followsPublished(given, published)).toBe(false);
  });
  it('runs with the hours that were expected, or fewer', () => {
    expect(refused(loading([1, 2]))).toBeUndefined();
    expect(refused(loading([2]))).toBeUndefined();
    expect(refused(loading([]))).toBeUndefined();
  });
  it('is refused with others, and where a source moved by another hand', () => {
    expect(refused(loading([2, 3]))).toEqual([hour(3)]);
    expect(refused(loading([2], 'o', '11'))).toBe('the source raw.o');
    expect(refused({ ...loading([2]), process_sha256: '01' })).toBe('the SQL of the process');
    const moved = loading([2]);
    const other = { ...moved, target: { ...moved.target, base_snapshot_id: '71' } };
    expect(refused(other)).toBe('the target');
  });
  it('runs with any hours where they could not be told', () => {
    expect(refused(loading([3]), { ...expecting, expected_unknown_because: 'a lookup' })).toBeUndefined();
  });
});
