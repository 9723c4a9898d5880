// Goal: no query, however odd, changes its meaning by being formatted. Method: a thousand generated ones, each
// judged by DuckDB's parser and formatted twice.
import { expect, it } from 'vitest';
import { openParser } from '../../src/engine/open-parser.ts';
import { formatSql } from '../../src/project/format/format-sql.ts';
import { generatedSql } from './generated-sql.ts';

it('a thousand queries mean the same, and are their own formatted text', async () => {
  const parser = await openParser();
  const tree = async (sql: string): Promise<string> =>
    JSON.stringify(await parser.parse(sql), (key, value) => (key === 'query_location' ? undefined : value));
  let [formatted, refused] = [0, 0];
  for (let seed = 10_000; seed < 11_000; seed += 1) {
    const sql = generatedSql(seed);
    const done = await formatSql(sql, (text) => parser.parse(text));
    if (done.kind === 'invalid') {
      expect(await parser.parse(sql)).toMatchObject({ error: true });
      refused += 1;
      continue;
    }
    if (done.kind !== 'formatted') throw new Error(`${done.kind}: ${sql}`);
    expect(await tree(done.text)).toBe(await tree(sql));
    expect(await formatSql(done.text, (text) => parser.parse(text))).toEqual(done);
    formatted += 1;
  }
  parser.close();
  expect(formatted).toBeGreaterThan(900);
  expect(refused).toBeLessThan(100);
}, 600_000);
