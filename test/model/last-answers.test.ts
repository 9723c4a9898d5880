// Goal: what is asked again is found once. Method: questions that are counted.
import { expect, it } from 'vitest';
import { lastAnswers } from '../../src/model/last-answers.ts';

it('finds an answer once for each owner and value, until something else is asked', async () => {
  const answered = lastAnswers<object, object, number>();
  let found = 0;
  const ask = (owner: object, subject: object, question: string): Promise<number> =>
    answered({ owner, subject, question }, async () => {
      found += 1;
      return found;
    });
  const [one, other, subject] = [{}, {}, {}];
  expect(await ask(one, subject, 'a')).toBe(1);
  expect(await ask(one, subject, 'a')).toBe(1);
  expect(await ask(other, subject, 'a')).toBe(2);
  expect(await ask(one, {}, 'a')).toBe(3);
  expect(await ask(one, subject, 'b')).toBe(4);
  expect(await ask(one, subject, 'a')).toBe(5);
  expect(await ask(other, subject, 'a')).toBe(2);
});

it('asks again what failed', async () => {
  const answered = lastAnswers<object, object, string>();
  const asked = { owner: {}, subject: {}, question: '' };
  await expect(answered(asked, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await answered(asked, async () => 'yes')).toBe('yes');
});
