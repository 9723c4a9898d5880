// Goal: a text means what its version of YAML says, whatever texts were read before it. Method: words that the
// versions take otherwise, one text after the other.
import { expect, it } from 'vitest';
import { parseYamlText } from '../../src/project/yaml-text.ts';

const readYaml = (text: string): unknown => {
  const problems: string[] = [];
  const { value } = parseYamlText(text, { first: 0, last: text.length }, (_place, message) => {
    problems.push(message);
  });
  expect(problems).toEqual([]);
  return value;
};

it('takes words as YAML 1.2 does, and as 1.1 only where a directive asks for it', () => {
  expect(readYaml('a: yes\nb: true\nc: 0o17\n')).toEqual({ a: 'yes', b: true, c: 15 });
  expect(readYaml('%YAML 1.1\n---\na: yes\nb: 017\n')).toEqual({ a: true, b: 15 });
  expect(readYaml('a: yes\nb: 017\n')).toEqual({ a: 'yes', b: 17 });
});
