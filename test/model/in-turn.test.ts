// Goal: calls in one line run one at a time in their order, calls in others do not wait, and nobody waits for
// ever. Method: calls that end when they are told to, and random ones.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines, oneAfterTheOther } from '../../src/model/in-turn.ts';
import { propertySeed } from '../support/property-seed.ts';

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('lines', () => {
  it('run what names one of them one at a time, in the order of the calls, whatever others they join', async () => {
    const names = fc.subarray(['a', 'b', 'c'], { minLength: 1 });
    const call = fc.record({ names, fails: fc.boolean(), later: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
        const inLines = lines();
        const running = new Set<string>();
        const begun: number[] = [];
        const made: Promise<number>[] = [];
        for (const [index, { names, fails, later }] of calls.entries()) {
          // Some calls are made while others are under way.
          if (later) await pause();
          const work = async (): Promise<number> => {
            expect(names.filter((name) => running.has(name))).toEqual([]);
            for (const name of names) running.add(name);
            begun.push(index);
            await pause();
            await pause();
            for (const name of names) running.delete(name);
            if (fails) throw new Error(`${index}`);
            return index;
          };
          const done = inLines(names, work);
          done.catch(() => undefined);
          made.push(done);
        }
        const outcomes = await Promise.allSettled(made);
        for (const name of ['a', 'b', 'c']) {
          const inLine = begun.filter((index) => calls[index]?.names.includes(name));
          expect(inLine).toEqual([...inLine].sort((left, right) => left - right));
        }
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(calls.map(({ fails }) => fails));
      }),
      { numRuns: 50, ...propertySeed() },
    );
  });
  it('do not hold up what names none of them', async () => {
    const inLines = lines();
    let release = (): void => undefined;
    const held = inLines(
      ['a'],
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    expect(await inLines(['b'], async () => 'beside')).toBe('beside');
    release();
    await held;
  });
});

it('functions that share a line wait for each other, and give what they would alone', async () => {
  const inTurn = oneAfterTheOther();
  const seen: string[] = [];
  const slow = inTurn(async (name: string) => {
    await pause();
    seen.push(name);
    if (name === 'b') throw new Error(name);
    return name.toUpperCase();
  });
  const quick = inTurn(async (count: number) => {
    seen.push(String(count));
    return count + 1;
  });
  const failing = slow('b');
  const outcomes = await Promise.allSettled([slow('a'), failing, quick(1), slow('c')]);
  expect(seen).toEqual(['b', 'a', '1', 'c']);
  expect(outcomes.map((each) => (each.status === 'fulfilled' ? each.value : 'failed'))).toEqual([
    'A',
    'failed',
    2,
    'C',
  ]);
});
