// Goal: a file that changes after it was read is not loaded twice in silence, and a killed session loses none.
// Method: files rewritten between sessions, sessions killed at each of their stages.
import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ledger, loadedIds, order, ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { orphans } from '../support/orphans.ts';
import { spawnSessions } from '../support/spawn.ts';
import { worldForTest } from '../support/world.ts';

describe('a file that changed after it was read', () => {
  it('stops the session, is added again, or is left, as its source says', async () => {
    const world = await worldForTest({ processes: [ordersLoad()] });
    putFile(world, 'landing/1.jsonl', order(1, 1));
    await world.publish('orders_load');
    putFile(world, 'landing/1.jsonl', order(1, 1) + order(2, 1));
    putFile(world, 'landing/3.jsonl', order(3, 1));
    expect(await refusal(world)).toMatchObject({
      code: 'file-changed',
      context: { file: 'landing/1.jsonl', files: 1 },
    });
    expect(await loadedIds(world)).toEqual(['["1"]']);
    world.writeProcess(ordersLoad({ on_file_change: 'ignore' }));
    await world.reopen();
    await world.publish('orders_load');
    expect(await loadedIds(world)).toEqual(['["1"]', '["3"]']);
    world.writeProcess(ordersLoad({ on_file_change: 'load-again' }));
    await world.reopen();
    await world.publish('orders_load');
    expect(await loadedIds(world)).toEqual(['1', '1', '2', '3'].map((id) => `["${id}"]`));
    expect((await world.run())[0]?.status).toBe('nothing-new');
    utimesSync(join(world.root, 'landing/3.jsonl'), 1_700_000_000, 1_700_000_000);
    world.writeProcess(ordersLoad());
    await world.reopen();
    expect(await refusal(world)).toMatchObject({
      code: 'file-changed',
      context: { file: 'landing/3.jsonl' },
    });
  });

  it('is the same when only its time was cut, as a copy away and back does', async () => {
    const world = await worldForTest({
      processes: [ordersLoad({}, { target: { table: 'raw.orders', event_time: 'ts' } })],
    });
    putFile(world, 'landing/1.jsonl', order(1, 1));
    const at = (time: number): void => utimesSync(join(world.root, 'landing/1.jsonl'), time, time);
    at(1_700_000_000.125456);
    await world.publish('orders_load');
    for (const time of [1_700_000_000, 1_700_000_000.125]) {
      at(time);
      expect((await world.run())[0]?.status).toBe('nothing-new');
      expect((await world.psyberg.restate('orders_load', { all: true }))[0]).toMatchObject({
        status: 'published',
      });
    }
    expect(await loadedIds(world)).toEqual(['["1"]']);
    at(1_700_000_000.2);
    expect(await refusal(world)).toMatchObject({ code: 'file-changed' });
  });

  it('is left to a later session while it may still be written', async () => {
    const world = await worldForTest({ processes: [ordersLoad({ settle: '1h' })] });
    putFile(world, 'landing/1.jsonl', order(1, 1));
    putFile(world, 'landing/2.jsonl', order(2, 1));
    const anHourAgo = Date.now() / 1000 - 3700;
    utimesSync(join(world.root, 'landing/1.jsonl'), anHourAgo, anHourAgo);
    await world.publish('orders_load');
    expect(await loadedIds(world)).toEqual(['["1"]']);
  });
});

describe('a killed session', () => {
  const kills = [
    ...Array.from({ length: 10 }, (_, step) => ({ killAtStep: step + 1 })),
    ...[1, 2, 3].flatMap((commit) => [false, true].map((after) => ({ killAtCommit: { commit, after } }))),
  ];
  it('has each file loaded once by the next one, wherever it stopped', { timeout: 300_000 }, async () => {
    const world = await worldForTest({ processes: [ordersLoad()] });
    let files = 0;
    let killed = 0;
    for (const kill of kills) {
      files += 1;
      putFile(world, `landing/${files}.jsonl`, order(files, files % 20));
      const attempt = await spawnSessions(world.root, { processes: ['orders_load'], ...kill });
      if (attempt.killed) killed += 1;
      await world.reopen();
      const [record] = await world.run();
      expect(['published', 'nothing-new']).toContain(record?.status);
      expect(await world.rows('select count(*), count(distinct id) from raw.orders')).toEqual([
        `["${files}","${files}"]`,
      ]);
      expect([kill, await world.leftovers(), await orphans(world)]).toEqual([kill, [], []]);
    }
    expect(killed).toBeGreaterThan(10);
    expect(await ledger(world)).toHaveLength(files);
  });
});
