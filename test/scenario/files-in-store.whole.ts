// Goal: a folder of files in an object store is a source like any other, under both schemes. Method: moto,
// reached by what psyberg.yaml says under catalog.storage; each file once, a changed file refused, a late row
// in its hour.
import { describe, expect, it } from 'vitest';
import { storeForTests } from '../support/store-for-tests.ts';
import { processFile, worldForTest } from '../support/world.ts';

describe.each(['s3', 'gs'])('files at %s://', (scheme) => {
  const store = storeForTests('landing');

  const line = (id: number, at: string): string => `${JSON.stringify({ id, ordered_at: at })}\n`;

  it('are each loaded once, and one that changed is refused', async () => {
    const world = await worldForTest({
      catalog: { warehouse: 'warehouse', storage: store.settings },
      processes: [
        processFile(
          {
            process_name: 'orders_load',
            pattern: 'stateless',
            sources: [
              { files: `${scheme}://landing/orders/*.jsonl`, alias: 'orders', event_time: 'ordered_at' },
            ],
            target: { table: 'raw.orders', event_time: 'ordered_at' },
          },
          'select id, ordered_at::timestamptz as ordered_at from orders',
        ),
      ],
    });
    await store.put(
      'landing',
      'orders/1.jsonl',
      line(1, '2024-03-01T07:10:00Z') + line(2, '2024-03-01T07:20:00Z'),
    );
    const [first] = await world.run();
    expect([first?.status, first?.error]).toEqual(['published', null]);
    expect((await world.run()).map(({ status }) => status)).toEqual(['nothing-new']);
    await store.put('landing', 'orders/2.jsonl', line(3, '2024-03-01T05:50:00Z'));
    expect((await world.run()).map(({ status }) => status)).toEqual(['published']);
    const ids = async () =>
      (await world.sql('select id from raw.orders order by id')).map(({ id }) => Number(id));
    expect(await ids()).toEqual([1, 2, 3]);
    await store.put('landing', 'orders/1.jsonl', line(9, '2024-03-01T07:10:00Z'));
    const [changed] = await world.run();
    expect(changed).toMatchObject({ status: 'refused', error: { code: 'file-changed' } });
    expect(JSON.stringify(changed)).not.toContain('test-secret');
    expect(await ids()).toEqual([1, 2, 3]);
  });
});
