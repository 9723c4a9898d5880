// Goal: whoever asks is told how far a statement is, and nothing is printed. Method: a statement that takes a
// second, over an engine with and without somebody who asks.
import { expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';

it('tells how much of a running statement is done', async () => {
  const told: number[] = [];
  const engine = await openEngine({ threads: 1, onProgress: ({ percent }) => void told.push(percent) });
  try {
    await engine.execute({
      sql: 'create table t as select range as i from range(3_000_000)',
      parameters: {},
    });
    for (let round = 0; round < 20 && told.length < 2; round += 1)
      await engine.query({ sql: 'select max(md5(i::varchar)) from t', parameters: {} });
    expect(told.length).toBeGreaterThanOrEqual(2);
    for (const percent of told) expect(percent > 0 && percent <= 100, String(percent)).toBe(true);
  } finally {
    engine.close();
  }
}, 60_000);
