// Goal: so many calls and no more are under way. Method: calls that end when the test says so.
import { expect, it } from 'vitest';
import { fewAtOnce } from '../../src/model/few-at-once.ts';

it('begins a call when one before it has ended, in the order of the calls, also where that failed', async () => {
  const gate = fewAtOnce(2);
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const calls = [0, 1, 2, 3].map((each) =>
    gate(async () => {
      log.push(`+${each}`);
      await new Promise<void>((resolve) => {
        ends[each] = resolve;
      });
      log.push(`-${each}`);
      if (each === 1) throw new Error('broken');
      return each;
    }).catch((error: Error) => error.message),
  );
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (const each of [1, 0, 3, 2]) {
    await turn();
    ends[each]?.();
  }
  expect(await Promise.all(calls)).toEqual([0, 'broken', 2, 3]);
  expect(log.join(' ')).toBe('+0 +1 -1 +2 -0 +3 -3 -2');
});
