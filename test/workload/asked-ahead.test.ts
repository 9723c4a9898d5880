// Goal: what is begun ahead is run once, and a failure of it is told to who asks and to nobody else. Method:
// steps that are counted as they are asked for.
import { expect, it } from 'vitest';
import { type AnsweredRows, askedAhead } from '../../src/workload/asked-ahead.ts';
import type { AskedStep } from '../../src/workload/port.ts';

const step = (name: string): AskedStep => ({ kind: 'audit', name }) as AskedStep;

function asking(answer: (name: string) => Promise<AnsweredRows>) {
  const asked: string[] = [];
  const ahead = askedAhead(({ name }) => {
    asked.push(name);
    return answer(name);
  });
  return { asked, ...ahead };
}

it('begins all at once, each once, and answers with what was begun', async () => {
  const { asked, begin, answer } = asking(async (name) => [{ name }]);
  const [one, two] = [step('one'), step('two')];
  begin([one, two], 10);
  begin([two], 10);
  expect(asked).toEqual(['one', 'two']);
  expect(await answer(two, 10)).toEqual([{ name: 'two' }]);
  expect(await answer(one, 10)).toEqual([{ name: 'one' }]);
  expect(asked).toEqual(['one', 'two']);
});

it('runs a step again that is asked for again: the table may have moved meanwhile', async () => {
  const { asked, begin, answer } = asking(async () => []);
  const one = step('one');
  begin([one], 10);
  await answer(one, 10);
  await answer(one, 10);
  expect(asked).toEqual(['one', 'one']);
});

it('runs what was not begun, and what was forgotten', async () => {
  const { asked, begin, answer, forget } = asking(async () => []);
  const one = step('one');
  await answer(one, 10);
  begin([one], 10);
  await forget();
  await answer(one, 10);
  expect(asked).toEqual(['one', 'one', 'one']);
});

it('throws a failure to who asks; unasked it is none', async () => {
  const { begin, answer } = asking((name) => Promise.reject(new Error(`${name} is wrong`)));
  const [one, two] = [step('one'), step('two')];
  begin([one, two], 10);
  // Would end this process, were it nobody's.
  await new Promise((done) => setTimeout(done, 20));
  await expect(answer(two, 10)).rejects.toThrow('two is wrong');
});

it('forgets once what was begun has ended', async () => {
  const ended: string[] = [];
  const { begin, forget } = asking(async (name) => {
    await new Promise((done) => setTimeout(done, 20));
    ended.push(name);
    throw new Error(`${name} is wrong`);
  });
  begin([step('one')], 10);
  await forget();
  expect(ended).toEqual(['one']);
});
