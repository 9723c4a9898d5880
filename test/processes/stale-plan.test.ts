// Goal: a plan made earlier runs only where it would be made again. Method: two plans as data.
import { describe, expect, it } from 'vitest';
import type { CompiledPlan } from '../../src/model/plan.ts';
import { refuseStale } from '../../src/processes/stale-plan.ts';
import { planOf, type SessionData } from '../support/session-data.ts';

const DATA: SessionData = { pattern: 'stateful', sources: { s: { added: [1], vtts: 3 }, o: { vtts: 3 } } };
const given = planOf(DATA);
const stale = (fresh: CompiledPlan, ...published: string[]): unknown => {
  try {
    refuseStale(given, fresh, new Set(published));
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
