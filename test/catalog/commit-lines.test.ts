// Goal: clients of one server do not race each other for a table, nor wait for those of another. Method:
// tries that note when they begin and end.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { untilCommittedInLine } from '../../src/catalog/service/move-pointers.ts';

const table = (name: string) => ({ namespace: ['facts'], name });

/** Commits that take a moment, and what they did in which order. */
function noted() {
  const untilCommitted = untilCommittedInLine();
  const notes: string[] = [];
  const commit = (
    label: string,
    names: readonly string[],
    outcomes: (string | undefined | Error)[] = [label],
  ) =>
    untilCommitted(names.map(table), async () => {
      notes.push(`${label} begins`);
      await sleep(5);
      notes.push(`${label} ends`);
      const outcome = outcomes.length > 1 ? outcomes.shift() : outcomes[0];
      if (outcome instanceof Error) throw outcome;
      return outcome;
    });
  return { commit, notes };
}

it('commits to one table run one at a time, in the order in which they came', async () => {
  const { commit, notes } = noted();
  const labels = ['1', '2', '3', '4', '5'];
  expect(await Promise.all(labels.map((label) => commit(label, ['a'])))).toEqual(labels);
  expect(notes).toEqual(labels.flatMap((label) => [`${label} begins`, `${label} ends`]));
});

it('commits to other tables do not wait', async () => {
  const { commit, notes } = noted();
  await Promise.all([commit('1', ['a']), commit('2', ['b'])]);
  expect(notes.slice(0, 2)).toEqual(['1 begins', '2 begins']);
});

it('a commit to several tables waits for those of each, in whatever order they are named', async () => {
  const { commit, notes } = noted();
  await Promise.all([
    commit('1', ['a', 'b']),
    commit('2', ['b', 'a']),
    commit('3', ['c']),
    commit('4', ['c', 'a']),
  ]);
  const at = (note: string): number => notes.indexOf(note);
  expect(at('3 begins')).toBeLessThan(at('1 ends'));
  expect(at('2 begins')).toBeGreaterThan(at('1 ends'));
  expect(at('4 begins')).toBeGreaterThan(at('2 ends'));
});

it('a commit that fails lets the next one in; one that lost its race against another process goes to the end', async () => {
  const { commit, notes } = noted();
  const [failed, lost, third] = await Promise.allSettled([
    commit('1', ['a'], [new Error('refused')]),
    commit('2', ['a'], [undefined, 'second time']),
    commit('3', ['a']),
  ]);
  expect(failed).toMatchObject({ status: 'rejected', reason: { message: 'refused' } });
  expect([lost, third]).toMatchObject([{ value: 'second time' }, { value: '3' }]);
  expect(notes.filter((note) => note.endsWith('begins')).map((note) => note[0])).toEqual([
    '1',
    '2',
    '3',
    '2',
  ]);
});
