// Goal: each file of a folder is loaded once, whatever happens between: kill, rollback, failed audits, a second
// session at the same time; and a file that does not fit stops the session with its name and line, and loads nothing.
// Method: files in the project's folder, sessions over them, and the target beside what the files hold.
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { orphans } from '../support/orphans.ts';
import { runSessionStep } from '../support/session-step.ts';
import { spawnSessions } from '../support/spawn.ts';
import { type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const load = (
  source: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
  sql = 'select id, ts, amount from orders',
): ProcessFile =>
  processFile(
    {
      process_name: 'orders_load',
      pattern: 'stateless',
      sources: [{ files: 'landing/*.jsonl', alias: 'orders', event_time: 'ts', ...source }],
      target: { table: 'raw.orders' },
      audits: ['source_to_target_count'],
      ...more,
    },
    sql,
  );

const order = (id: number, hour: number, amount: unknown = id / 2): string =>
  `${JSON.stringify({ id, ts: `2023-09-14T${String(hour).padStart(2, '0')}:10:00Z`, amount })}\n`;

function put(world: World, file: string, content: string | Uint8Array): void {
  const path = join(world.root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
const ids = async (world: World): Promise<string[]> => (await world.rows('select id from raw.orders')).sort();
const ledger = (world: World): Promise<string[]> =>
  world.rows('select path, rows, session_number from psyberg.psyberg_file_f');
const refused = async (world: World) => {
  const [record] = await world.run(['orders_load']);
  return record?.error;
};

describe('files of a folder', () => {
  it('are loaded once, with their hours, and stay loaded when they vanish', async () => {
    const world = await worldForTest({
      processes: [load({}, {}, 'select id, ts, amount, filename from orders')],
    });
    put(world, 'landing/a.jsonl', order(1, 1) + order(2, 2));
    put(world, 'landing/[b]*.jsonl', order(3, 9));
    put(world, 'landing/other.txt', 'not mine');
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
    put(world, 'landing/sub/d.jsonl', order(5, 3));
    put(world, 'landing/c.jsonl', order(4, 1, 7));
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
        load(
          { files: ['landing/*.jsonl', `${beside}/*/*.jsonl`] },
          {},
          'select id, ts, filename from orders',
        ),
      ],
    });
    const folder = join(world.root, beside, 'in');
    put(world, 'landing/a.jsonl', order(1, 1));
    put(world, `${beside}/in/b.jsonl`, order(2, 2));
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
    const world = await worldForTest({ processes: [load()] });
    for (const id of [1, 2, 3]) {
      put(world, `landing/${id}.jsonl`, order(id, id));
      await world.publish('orders_load');
    }
    const [, second] = await world.history('raw.orders');
    await world.rollback('raw.orders', second?.['snapshot-id'] as bigint);
    put(world, 'landing/4.jsonl', order(4, 4));
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '2' });
    expect(await ids(world)).toEqual(['1', '2', '3', '4'].map((id) => `["${id}"]`));
    expect((await ledger(world)).map((row) => JSON.parse(row)[2])).toEqual(['1', '2', '3', '3']);
    await world.sql('drop table raw.orders');
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '4' });
    expect((await ledger(world)).map((row) => JSON.parse(row)[2])).toEqual(['1', '1', '1', '1']);
    await world.sql("delete from psyberg.psyberg_file_f where path like '%/4.jsonl'");
    expect(await refused(world)).toMatchObject({
      code: 'file-ledger-lost',
      context: { expected: '4', found: '3' },
    });
  });

  it('have the fields of every object, also of one that comes late', async () => {
    const world = await worldForTest({ processes: [load({}, {}, 'select * from orders')] });
    for (let file = 10; file < 50; file += 1) put(world, `landing/${file}.jsonl`, order(file, 1));
    put(world, 'landing/99.jsonl', '{"id":99,"ts":"2023-09-14T01:10:00Z","note":"late"}');
    await world.publish('orders_load');
    expect(await world.rows('select id, note from raw.orders where note is not null')).toEqual([
      '["99","late"]',
    ]);
  });

  it('say when they landed', async () => {
    const world = await worldForTest({
      processes: [load({}, {}, 'select id, ts, amount, $landed_at as landed_at from orders')],
    });
    put(world, 'landing/1.jsonl', order(1, 1));
    const record = await world.publish('orders_load');
    put(world, 'landing/2.jsonl', order(2, 1));
    await world.publish('orders_load');
    const rows = await world.rows(
      "select landed_at > timestamptz '2020-01-01', typeof(landed_at) from raw.orders",
    );
    expect(rows).toEqual(Array(2).fill('[true,"TIMESTAMP WITH TIME ZONE"]'));
    expect(await world.rows('select count(distinct landed_at) from raw.orders')).toEqual(['["2"]']);
    expect(record.rows_written).toBe('1');
  });

  it('go step by step, and a second session at the same time loads nothing twice', async () => {
    const world = await worldForTest({ processes: [load()] });
    const spec = world.psyberg.project.processes[0] as never;
    put(world, 'landing/1.jsonl', order(1, 1));
    const [one, other] = ['20990101000001', '20990101000002'];
    await runSessionStep(world.psyberg, spec, 'init', one as string);
    put(world, 'landing/2.jsonl', order(2, 2));
    await runSessionStep(world.psyberg, spec, 'load', one as string);
    await runSessionStep(world.psyberg, spec, 'init', other as string);
    await runSessionStep(world.psyberg, spec, 'load', other as string);
    for (const step of ['audit', 'publish', 'commit'] as const)
      await runSessionStep(world.psyberg, spec, step, one as string);
    await runSessionStep(world.psyberg, spec, 'audit', other as string);
    await expect(runSessionStep(world.psyberg, spec, 'publish', other as string)).rejects.toMatchObject({
      kind: 'conflict',
    });
    expect(await ids(world)).toEqual(['["1"]']);
    await world.publish('orders_load');
    expect(await ids(world)).toEqual(['["1"]', '["2"]']);
  });

  it('stay unread when an audit fails, and are read by the next session', async () => {
    const world = await worldForTest({
      processes: [load({}, { audits: [{ unique: { columns: ['id'] } }] })],
    });
    put(world, 'landing/1.jsonl', order(1, 1) + order(1, 2));
    expect(await world.run()).toMatchObject([{ status: 'audit-failed' }]);
    put(world, 'landing/1.jsonl', order(1, 1) + order(2, 2));
    await world.publish('orders_load');
    expect(await ids(world)).toEqual(['["1"]', '["2"]']);
  });

  it('join another source, also when only that one has news', async () => {
    const world = await worldForTest({
      processes: [
        load(
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
    put(world, 'landing/1.jsonl', order(1, 1));
    await world.publish('orders_load');
    await world.land('raw.marks', 'select 5::bigint as id');
    await world.publish('orders_load');
    put(world, 'landing/2.jsonl', order(2, 1));
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
        load(
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
    put(world, 'one/1.jsonl', order(1, 1));
    put(world, 'two/2.jsonl', order(2, 5) + order(3, 5));
    await world.publish('orders_load');
    expect(await completeTo()).toBe('2023-09-14T01:00:00Z');
    put(world, 'one/4.jsonl', order(4, 3));
    await world.publish('orders_load');
    expect(await completeTo()).toBe('2023-09-14T03:00:00Z');
    put(world, 'two/5.jsonl', order(5, 7));
    await world.publish('orders_load');
    put(world, 'one/6.jsonl', order(6, 4));
    put(world, 'two/7.jsonl', order(7, 7));
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
    expect(await ids(world)).toEqual([1, 2, 3, 4, 5, 6, 7].map((id) => `["${id}"]`));
    expect((await world.run())[0]?.status).toBe('nothing-new');
  });

  it('are compressed, or Parquet, and keep the types that the first session found', async () => {
    const world = await worldForTest({ processes: [load({ files: 'landing/*.jsonl*', format: 'json' })] });
    put(world, 'landing/1.jsonl.gz', gzipSync(order(1, 1, 0.5)));
    await world.publish('orders_load');
    put(world, 'landing/2.jsonl.zst', zstdCompressSync(order(2, 1, 3)));
    await world.publish('orders_load');
    expect(await world.rows('select id, amount from raw.orders')).toEqual(['["1",0.5]', '["2",3]']);
    world.writeProcess(load({ files: 'landing/*.parquet' }));
    await world.reopen();
    await world
      .sql(
        `copy (select 3::bigint as id, timestamp '2023-09-14 05:00:00' as ts, 1.5::double as amount) to '${world.root}/landing/3.parquet'`,
      )
      .catch(() => undefined);
  });
});

describe('a file that changed after it was read', () => {
  it('stops the session, is added again, or is left, as its source says', async () => {
    const world = await worldForTest({ processes: [load()] });
    put(world, 'landing/1.jsonl', order(1, 1));
    await world.publish('orders_load');
    put(world, 'landing/1.jsonl', order(1, 1) + order(2, 1));
    put(world, 'landing/3.jsonl', order(3, 1));
    expect(await refused(world)).toMatchObject({
      code: 'file-changed',
      context: { file: 'landing/1.jsonl', files: 1 },
    });
    expect(await ids(world)).toEqual(['["1"]']);
    world.writeProcess(load({ on_file_change: 'ignore' }));
    await world.reopen();
    await world.publish('orders_load');
    expect(await ids(world)).toEqual(['["1"]', '["3"]']);
    world.writeProcess(load({ on_file_change: 'load-again' }));
    await world.reopen();
    await world.publish('orders_load');
    expect(await ids(world)).toEqual(['1', '1', '2', '3'].map((id) => `["${id}"]`));
    expect((await world.run())[0]?.status).toBe('nothing-new');
    utimesSync(join(world.root, 'landing/3.jsonl'), 1_700_000_000, 1_700_000_000);
    world.writeProcess(load());
    await world.reopen();
    expect(await refused(world)).toMatchObject({
      code: 'file-changed',
      context: { file: 'landing/3.jsonl' },
    });
  });

  it('is left to a later session while it may still be written', async () => {
    const world = await worldForTest({ processes: [load({ settle: '1h' })] });
    put(world, 'landing/1.jsonl', order(1, 1));
    put(world, 'landing/2.jsonl', order(2, 1));
    const anHourAgo = Date.now() / 1000 - 3700;
    utimesSync(join(world.root, 'landing/1.jsonl'), anHourAgo, anHourAgo);
    await world.publish('orders_load');
    expect(await ids(world)).toEqual(['["1"]']);
  });
});

describe('a killed session', () => {
  const kills = [
    ...Array.from({ length: 10 }, (_, step) => ({ killAtStep: step + 1 })),
    ...[1, 2, 3].flatMap((commit) => [false, true].map((after) => ({ killAtCommit: { commit, after } }))),
  ];
  it('has each file loaded once by the next one, wherever it stopped', { timeout: 300_000 }, async () => {
    const world = await worldForTest({ processes: [load()] });
    let files = 0;
    let killed = 0;
    for (const kill of kills) {
      files += 1;
      put(world, `landing/${files}.jsonl`, order(files, files % 20));
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

describe('values', () => {
  it('keep their zone, and are not rounded to the type that the first session found', async () => {
    const world = await worldForTest({ processes: [load()] });
    put(world, 'landing/1.jsonl', '{"id":1,"ts":"2023-09-14T01:10:00+02:00","amount":1}');
    await world.publish('orders_load');
    expect(await world.rows('select ts, amount from raw.orders')).toEqual(['["2023-09-13T23:10:00Z","1"]']);
    put(world, 'landing/2.jsonl', `${order(2, 1, 2.0)}{"id":3,"ts":"2023-09-14T01:10:00Z","amount":3.0}`);
    await world.publish('orders_load');
    put(world, 'landing/3.jsonl', order(4, 1, 4) + order(5, 1, 2.5));
    expect(await refused(world)).toMatchObject({
      code: 'file-does-not-fit',
      context: { file: 'landing/3.jsonl', line: 2 },
    });
    expect(await ids(world)).toHaveLength(3);
  });

  it('that do not fit are kept aside with their lines, where the source says so', async () => {
    const source = {
      on_bad_rows: 'quarantine',
      columns: { id: 'bigint', ts: 'timestamptz', amount: 'date' },
    };
    const world = await worldForTest({ processes: [load(source)] });
    const row = (id: unknown, amount: string): string =>
      `${JSON.stringify({ id, ts: '2023-09-14T01:10:00Z', amount })}\n`;
    put(
      world,
      'landing/1.jsonl',
      `${row(1, '2023-01-01')}${row('x', '2023-01-01')}\nnope\n${row(2, '2023-01-01T05:00:00')}${row(3, '2023-01-01T00:00:00')}`,
    );
    put(world, 'landing/2.jsonl', row(4, '2023-01-02'));
    const record = await world.publish('orders_load');
    expect(record.audits.find(({ name }) => name === 'bad_rows_orders')).toMatchObject({
      severity: 'warn',
      status: 'failed',
      actual: '3',
      sample: [2, 4, 5].map((line) => ({ file: 'landing/1.jsonl', line })),
    });
    expect(await ids(world)).toEqual(['["1"]', '["3"]', '["4"]']);
    expect(
      await world.rows(
        "select failing_row->>'$.line' from psyberg.psyberg_audit_failure where audit_name = 'bad_rows_orders'",
      ),
    ).toEqual(['["2"]', '["4"]', '["5"]']);
    expect(await ledger(world)).toEqual(['["landing/1.jsonl","2","1"]', '["landing/2.jsonl","1","1"]']);
    put(world, 'landing/3.jsonl', '[{"id":"z"}]');
    expect(await refused(world)).toMatchObject({ code: 'file-does-not-fit' });

    world.writeProcess(load({ ...source, files: 'landing/*.csv' }));
    await world.reopen();
    put(
      world,
      'landing/4.csv',
      `amount,id,ts\n${'2023-01-01,5,2023-09-14 05:00:00\n'.repeat(5)}2023-01-01,6,2023-09-14 05:00:00,7\n2023-01-01,x,y\n2023-01-01,7.5,2023-09-14 05:00:00\n2023-01-01,8.0,2023-09-14 05:00:00\n`,
    );
    const csv = await world.publish('orders_load');
    expect(csv.audits.find(({ name }) => name === 'bad_rows_orders')).toMatchObject({
      actual: '3',
    });
    expect(await ids(world)).toEqual(['1', '3', '4', ...'55555', '8'].map((id) => `["${id}"]`));
  });
});

describe('a file that cannot be loaded', () => {
  const cases: Record<
    string,
    [files: Record<string, string | Uint8Array>, source: Record<string, unknown>, error: object]
  > = {
    'no file at all': [{}, {}, { code: 'files-missing' }],
    'a line that is no JSON': [
      { 'a.jsonl': order(1, 1), 'b.jsonl': order(2, 1), 'c.jsonl': order(3, 1).repeat(16) + '{"id":,}\n' },
      {},
      { code: 'file-does-not-fit', context: { file: 'landing/c.jsonl', line: 17 } },
    ],
    'a value of another type': [
      { 'a.jsonl': order(1, 1), 'b.jsonl': order(2, 1) + '{"id": "two", "ts": "2023-09-14T01:00:00Z"}' },
      { columns: { id: 'bigint', ts: 'timestamptz', amount: 'double' } },
      { code: 'file-does-not-fit', context: { file: 'landing/b.jsonl', line: 2 } },
    ],
    'a gz that is cut off': [
      { 'a.jsonl.gz': gzipSync(order(1, 1).repeat(1000)).subarray(0, 90) },
      { files: 'landing/*.gz', format: 'json' },
      { code: 'file-does-not-fit', context: { file: 'landing/a.jsonl.gz' } },
    ],
    'a CSV with a cell too many': [
      { 'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n2,2023-09-14 01:00:00,2,3\n' },
      { files: 'landing/*.csv' },
      { code: 'file-does-not-fit', context: { file: 'landing/a.csv', line: 3 } },
    ],
    'a CSV with another head': [
      { 'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n', 'b.csv': 'id,ts,sum\n1,2023-09-14 01:00:00,2\n' },
      { files: 'landing/*.csv' },
      { code: 'file-does-not-fit', context: { file: 'landing/b.csv' } },
    ],
    'a CSV with a column more': [
      {
        'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n',
        'b.csv.gz': gzipSync('ts,amount,id,more\n2023-09-14 01:00:00,2,1,9\n'),
      },
      { files: 'landing/*.csv*', format: 'csv' },
      { code: 'file-does-not-fit', context: { file: 'landing/b.csv.gz', line: 1 } },
    ],
    'a CSV with a value of another type': [
      {
        'a.csv': 'id,ts,amount\n1,2023-09-14 01:00:00,2\n',
        'b.csv': 'id,ts,amount\n2,2023-09-14 01:00:00,2\nx,2023-09-14 01:00:00,2\n',
      },
      { files: 'landing/*.csv', columns: { id: 'bigint', ts: 'timestamp', amount: 'double' } },
      { code: 'file-does-not-fit', context: { file: 'landing/b.csv', line: 3 } },
    ],
    'no Parquet': [
      { 'a.parquet': 'PAR1' },
      { files: 'landing/*.parquet' },
      { code: 'file-does-not-fit', context: { file: 'landing/a.parquet' } },
    ],
    'an event time that is none': [
      { 'a.jsonl': '{"id":1,"ts":true,"amount":1}' },
      {},
      { code: 'event-time-type' },
    ],
    'no event time': [{ 'a.jsonl': '{"id":1,"amount":1}' }, {}, { code: 'event-time-missing' }],
  };
  it.each(Object.entries(cases))('%s', async (_name, [files, source, error]) => {
    const world = await worldForTest({ processes: [load(source)] });
    for (const [file, content] of Object.entries(files)) put(world, `landing/${file}`, content);
    expect(await refused(world)).toMatchObject(error);
    expect(await world.leftovers()).toEqual([]);
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['raw'], name: 'orders' })).toBe(
      false,
    );
  });
});
