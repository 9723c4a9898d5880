// Goal: each file of a folder is loaded once, whatever happens between: rollback, failed audits, a second session
// at the same time. Method: files in the project's folder, sessions over them, and the target beside what they hold.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ledger, loadedIds, order, ordersLoad, putFile, refusal } from '../support/landed-orders.ts';
import { orphans } from '../support/orphans.ts';
import { runSessionStep } from '../support/session-step.ts';
import { worldForTest } from '../support/world.ts';

describe('files of a folder', () => {
  it('are loaded once, with their hours, and stay loaded when they vanish', async () => {
    const world = await worldForTest({
      processes: [ordersLoad({}, {}, 'select id, ts, amount, filename from orders')],
    });
    putFile(world, 'landing/a.jsonl', order(1, 1) + order(2, 2));
    putFile(world, 'landing/[b]*.jsonl', order(3, 9));
    putFile(world, 'landing/other.txt', 'not mine');
    const [plan] = await world.psyberg.plan(['orders_load']);
    expect(plan?.sources[0]).toMatchObject({
      table: 'landing/*.jsonl',
      files_glob: 'landing/*.jsonl',
      detected_by: 'files',
      rows: '3',
      files: 2,
      first_hour: '2023-09-14T01:00:00Z',
      last_hour: '2023-09-14T09:00:00Z',
      watermark: null,
    });
    expect(plan?.hours.map(({ hour, causes }) => [hour, causes[0]?.file])).toEqual([
      ['2023-09-14T01:00:00Z', 'landing/a.jsonl'],
      ['2023-09-14T02:00:00Z', 'landing/a.jsonl'],
      ['2023-09-14T09:00:00Z', 'landing/[b]*.jsonl'],
    ]);
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '3', rows_written: '3' });
    expect(await world.rows('select id, filename from raw.orders')).toEqual([
      '["1","landing/a.jsonl"]',
      '["2","landing/a.jsonl"]',
      '["3","landing/[b]*.jsonl"]',
    ]);
    expect((await world.run())[0]?.status).toBe('nothing-new');
    rmSync(join(world.root, 'landing/a.jsonl'));
    putFile(world, 'landing/sub/d.jsonl', order(5, 3));
    putFile(world, 'landing/c.jsonl', order(4, 1, 7));
    expect((await world.psyberg.status())[0]?.sources[0]).toMatchObject({ files_behind: 1 });
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '1' });
    expect(await ledger(world)).toEqual([
      '["landing/[b]*.jsonl","1","1"]',
      '["landing/a.jsonl","2","1"]',
      '["landing/c.jsonl","1","2"]',
    ]);
    expect([await world.leftovers(), await orphans(world)]).toEqual([[], []]);
  });

  it('may lie beside the project, and are known by the way from it', async () => {
    const beside = `../beside-${process.pid}`;
    const world = await worldForTest({
      processes: [
        ordersLoad(
          { files: ['landing/*.jsonl', `${beside}/*/*.jsonl`] },
          {},
          'select id, ts, filename from orders',
        ),
      ],
    });
    const folder = join(world.root, beside, 'in');
    putFile(world, 'landing/a.jsonl', order(1, 1));
    putFile(world, `${beside}/in/b.jsonl`, order(2, 2));
    try {
      const [plan] = await world.psyberg.plan(['orders_load']);
      expect(plan?.hours.map(({ hour, causes }) => [hour, causes[0]?.file])).toEqual([
        ['2023-09-14T01:00:00Z', 'landing/a.jsonl'],
        ['2023-09-14T02:00:00Z', `${beside}/in/b.jsonl`],
      ]);
      await world.publish('orders_load');
      expect(await ledger(world)).toEqual([
        `["${beside}/in/b.jsonl","1","1"]`,
        '["landing/a.jsonl","1","1"]',
      ]);
      expect(await world.rows('select filename from raw.orders')).toEqual([
        `["${beside}/in/b.jsonl"]`,
        '["landing/a.jsonl"]',
      ]);
      expect((await world.run())[0]?.status).toBe('nothing-new');
    } finally {
      rmSync(dirname(folder), { recursive: true, force: true });
    }
  });

  it('are those of the ledger as the target has it: a rollback has them loaded again, a new target all', async () => {
    const world = await worldForTest({ processes: [ordersLoad()] });
    for (const id of [1, 2, 3]) {
      putFile(world, `landing/${id}.jsonl`, order(id, id));
      await world.publish('orders_load');
    }
    const [, second] = await world.history('raw.orders');
    await world.rollback('raw.orders', second?.['snapshot-id'] as bigint);
    putFile(world, 'landing/4.jsonl', order(4, 4));
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '2' });
    expect(await loadedIds(world)).toEqual(['1', '2', '3', '4'].map((id) => `["${id}"]`));
    expect((await ledger(world)).map((row) => JSON.parse(row)[2])).toEqual(['1', '2', '3', '3']);
    await world.sql('drop table raw.orders');
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '4' });
    expect((await ledger(world)).map((row) => JSON.parse(row)[2])).toEqual(['1', '1', '1', '1']);
    await world.sql("delete from psyberg.psyberg_file_f where path like '%/4.jsonl'");
    expect(await refusal(world)).toMatchObject({
      code: 'file-ledger-lost',
      context: { expected: '4', found: '3' },
    });
  });

  it('have the fields of every object, also of one that comes late', async () => {
    const world = await worldForTest({ processes: [ordersLoad({}, {}, 'select * from orders')] });
    for (let file = 10; file < 50; file += 1) putFile(world, `landing/${file}.jsonl`, order(file, 1));
    putFile(world, 'landing/99.jsonl', '{"id":99,"ts":"2023-09-14T01:10:00Z","note":"late"}');
    await world.publish('orders_load');
    expect(await world.rows('select id, note from raw.orders where note is not null')).toEqual([
      '["99","late"]',
    ]);
  });

  it('say when they landed', async () => {
    const world = await worldForTest({
      processes: [ordersLoad({}, {}, 'select id, ts, amount, $landed_at as landed_at from orders')],
    });
    putFile(world, 'landing/1.jsonl', order(1, 1));
    const record = await world.publish('orders_load');
    putFile(world, 'landing/2.jsonl', order(2, 1));
    await world.publish('orders_load');
    const rows = await world.rows(
      "select landed_at > timestamptz '2020-01-01', typeof(landed_at) from raw.orders",
    );
    expect(rows).toEqual(Array(2).fill('[true,"TIMESTAMP WITH TIME ZONE"]'));
    expect(await world.rows('select count(distinct landed_at) from raw.orders')).toEqual(['["2"]']);
    expect(record.rows_written).toBe('1');
  });

  it('go step by step, and a second session at the same time loads nothing twice', async () => {
    const world = await worldForTest({ processes: [ordersLoad()] });
    const spec = world.psyberg.project.processes[0] as never;
    putFile(world, 'landing/1.jsonl', order(1, 1));
    const [one, other] = ['20990101000001', '20990101000002'];
    await runSessionStep(world.psyberg, spec, 'init', one as string);
    putFile(world, 'landing/2.jsonl', order(2, 2));
    await runSessionStep(world.psyberg, spec, 'load', one as string);
    await runSessionStep(world.psyberg, spec, 'init', other as string);
    await runSessionStep(world.psyberg, spec, 'load', other as string);
    for (const step of ['audit', 'publish', 'commit'] as const)
      await runSessionStep(world.psyberg, spec, step, one as string);
    await runSessionStep(world.psyberg, spec, 'audit', other as string);
    await expect(runSessionStep(world.psyberg, spec, 'publish', other as string)).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await loadedIds(world)).toEqual(['["1"]']);
    await world.publish('orders_load');
    expect(await loadedIds(world)).toEqual(['["1"]', '["2"]']);
  });

  it('stay unread when an audit fails, and are read by the next session', async () => {
    const world = await worldForTest({
      processes: [ordersLoad({}, { audits: [{ unique: { columns: ['id'] } }] })],
    });
    putFile(world, 'landing/1.jsonl', order(1, 1) + order(1, 2));
    expect(await world.run()).toMatchObject([{ status: 'audit-failed' }]);
    putFile(world, 'landing/1.jsonl', order(1, 1) + order(2, 2));
    await world.publish('orders_load');
    expect(await loadedIds(world)).toEqual(['["1"]', '["2"]']);
  });

  it('join another source, also when only that one has news', async () => {
    const world = await worldForTest({
      processes: [
        ordersLoad(
          {},
          {
            sources: [
              { files: ['landing/*.jsonl'], alias: 'orders' },
              { table: 'raw.marks', alias: 'marks' },
            ],
            audits: [],
          },
          'select id, 1 as n from orders union all select id, 2 from marks',
        ),
      ],
    });
    await world.create('raw.marks', 'id bigint');
    putFile(world, 'landing/1.jsonl', order(1, 1));
    await world.publish('orders_load');
    await world.land('raw.marks', 'select 5::bigint as id');
    await world.publish('orders_load');
    putFile(world, 'landing/2.jsonl', order(2, 1));
    await world.publish('orders_load');
    expect(await world.rows('select id, n from raw.orders')).toEqual(
      [
        ['1', 1],
        ['2', 1],
        ['5', 2],
      ].map(([id, n]) => `["${id}",${n}]`),
    );
  });

  it('of two folders are counted together, and their completeness is each their own', async () => {
    const world = await worldForTest({
      processes: [
        ordersLoad(
          {},
          {
            sources: [
              { files: 'one/*.jsonl', alias: 'one', event_time: 'ts' },
              { files: 'two/*.jsonl', alias: 'two', event_time: 'ts' },
            ],
            audits: [],
          },
          'select id, ts from one union all select id, ts from two',
        ),
      ],
    });
    const completeTo = async () => (await world.psyberg.status())[0]?.complete_to_hour;
    putFile(world, 'one/1.jsonl', order(1, 1));
    putFile(world, 'two/2.jsonl', order(2, 5) + order(3, 5));
    await world.publish('orders_load');
    expect(await completeTo()).toBe('2023-09-14T01:00:00Z');
    putFile(world, 'one/4.jsonl', order(4, 3));
    await world.publish('orders_load');
    expect(await completeTo()).toBe('2023-09-14T03:00:00Z');
    putFile(world, 'two/5.jsonl', order(5, 7));
    await world.publish('orders_load');
    putFile(world, 'one/6.jsonl', order(6, 4));
    putFile(world, 'two/7.jsonl', order(7, 7));
    await world.publish('orders_load');
    expect((await world.run())[0]?.status).toBe('nothing-new');
    const numbers = (await ledger(world)).map((row) => (JSON.parse(row) as string[]).slice(0, 3).join(' '));
    expect(numbers).toEqual([
      'one/1.jsonl 1 1',
      'one/4.jsonl 1 2',
      'one/6.jsonl 1 4',
      'two/2.jsonl 2 1',
      'two/5.jsonl 1 3',
      'two/7.jsonl 1 4',
    ]);
    const [, second] = await world.history('raw.orders');
    await world.rollback('raw.orders', second?.['snapshot-id'] as bigint);
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '3' });
    expect(await loadedIds(world)).toEqual([1, 2, 3, 4, 5, 6, 7].map((id) => `["${id}"]`));
    expect((await world.run())[0]?.status).toBe('nothing-new');
  });

  it('are compressed, or Parquet, and keep the types that the first session found', async () => {
    const world = await worldForTest({
      processes: [ordersLoad({ files: 'landing/*.jsonl*', format: 'json' })],
    });
    putFile(world, 'landing/1.jsonl.gz', gzipSync(order(1, 1, 0.5)));
    await world.publish('orders_load');
    putFile(world, 'landing/2.jsonl.zst', zstdCompressSync(order(2, 1, 3)));
    await world.publish('orders_load');
    expect(await world.rows('select id, amount from raw.orders')).toEqual(['["1",0.5]', '["2",3]']);
    world.writeProcess(ordersLoad({ files: 'landing/*.parquet' }));
    await world.reopen();
    await world
      .sql(
        `copy (select 3::bigint as id, timestamp '2023-09-14 05:00:00' as ts, 1.5::double as amount) to '${world.root}/landing/3.parquet'`,
      )
      .catch(() => undefined);
  });
});
