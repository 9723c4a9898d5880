// Goal: tasks side by side keep their order where one waits for another, and tell in order what they did.
// Method: tasks that end when the test says so.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import { inOrder } from '../../src/processes/in-order.ts';
import { sideBySide } from '../../src/processes/side-by-side.ts';

/** Tasks that log, and end in the order of `ends`. */
async function played(after: number[][], lanes: number, ends: number[], endedBy?: number) {
  const log: string[] = [];
  const open = new Map<number, () => void>();
  const used: number[] = [];
  const results = sideBySide({
    after,
    lanes,
    run: async (place, lane) => {
      expect(used).not.toContain(lane);
      used.push(lane);
      log.push(`+${place}`);
      await new Promise<void>((resolve) => open.set(place, resolve));
      used.splice(used.indexOf(lane), 1);
      log.push(`-${place}`);
      return place;
    },
    isEnded: (result) => result === endedBy,
  });
  for (const each of ends) {
    await new Promise((resolve) => setImmediate(resolve));
    open.get(each)?.();
  }
  const ended = await results;
  return { log: log.join(' '), results: ended };
}

describe('tasks', () => {
  const DIAMOND = [[], [], [0], [1, 2]];
  it('run one after the other on one lane', async () => {
    expect(await played(DIAMOND, 1, [0, 1, 2, 3])).toEqual({
      log: '+0 -0 +1 -1 +2 -2 +3 -3',
      results: [0, 1, 2, 3],
    });
  });
  it('run side by side where none waits for another, and give results in their order', async () => {
    expect(await played(DIAMOND, 3, [1, 0, 2, 3])).toEqual({
      log: '+0 +1 -1 -0 +2 -2 +3 -3',
      results: [0, 1, 2, 3],
    });
  });
  it('begin first where the longest chain of others waits, on several lanes', async () => {
    // 2, 3 and 4 are a chain; 4 waits for all.
    const demo = [[], [], [], [2], [0, 1, 3]];
    expect((await played(demo, 2, [2, 3, 0, 1, 4])).log).toBe('+2 +0 -2 +3 -3 +1 -0 -1 +4 -4');
    expect((await played(demo, 1, [0, 1, 2, 3, 4])).log).toBe('+0 -0 +1 -1 +2 -2 +3 -3 +4 -4');
  });
  it('do not begin once one has ended it all; those under way end', async () => {
    expect(await played(DIAMOND, 2, [0, 1], 0)).toEqual({ log: '+0 +1 -0 -1', results: [0, 1] });
  });
  it('that throw are heard of when all others have ended', async () => {
    const run = async (place: number): Promise<number> => {
      if (place === 0) throw new Error('broken');
      return place;
    };
    await expect(sideBySide({ after: [[], [0]], lanes: 2, run, isEnded: () => false })).rejects.toThrow(
      'broken',
    );
  });
});

describe('what several tell', () => {
  it('comes as if they ran one after the other', () => {
    const heard: string[] = [];
    const ordered = inOrder(3, {
      onStep: (step) => heard.push(step),
      onProgress: (progress) => heard.push(progress.kind === 'statement' ? `${progress.percent} %` : ''),
      onRecord: ({ process_name: name }) => heard.push(`record ${name}`),
    });
    const record = (name: string) => ({ process_name: name }) as RunRecord;
    ordered.of(1).onStep('b begins');
    ordered.of(1).onProgress({ kind: 'statement', percent: 1 });
    ordered.of(0).onStep('a begins');
    ordered.of(0).onProgress({ kind: 'statement', percent: 2 });
    ordered.of(1).onProgress({ kind: 'statement', percent: 3 });
    ordered.record(2, record('c'), undefined);
    ordered.done(2);
    expect(heard).toEqual(['a begins', '2 %']);
    ordered.record(0, record('a'), undefined);
    ordered.done(0);
    expect(heard).toEqual(['a begins', '2 %', 'record a', 'b begins', '3 %']);
    ordered.of(1).onStep('b ends');
    ordered.record(1, record('b'), undefined);
    ordered.done(1);
    expect(heard.slice(5)).toEqual(['b ends', 'record b', 'record c']);
  });
});
