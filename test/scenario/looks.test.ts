// Goal: what `show` and `compile` give of a process is what its session loads, and neither leaves a trace. Method:
// three processes on real tables; before each session its rows are shown, its SQL is compiled and run by another
// DuckDB over the served catalog, and all three are compared with what the session then publishes.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CompiledProcess, Shown } from '../../src/index.ts';
import { type ForeignShell, foreignShell } from '../support/foreign-shell.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const signupLoad = processFile(
  {
    process_name: 'signup_load',
    pattern: 'stateless',
    sources: [{ table: 'raw.signups', event_time: 'ts' }],
    target: { table: 'facts.signup', event_time: 'ts' },
    audits: [
      'source_to_target_count',
      { unique: { columns: ['id'], over: 'target' } },
      { accepted_values: { column: 'account_id', values: [7, 8] }, severity: 'warn' },
      { among: { others: [7, 9], start: '2023-09-14' }, severity: 'warn' },
      { expression: { sql: "made_by = tagged('signup_load', $suffix) and $values = 'no list'" } },
    ],
  },
  "select id, account_id, ts, tagged($process_name, $suffix) as made_by from at_least('signups', $least) where ts >= $since -- $nobody, '$nobody'",
);
const PROJECT = `name: world
catalog: { warehouse: warehouse }
vars: { suffix: it's, least: 1, since: 2023-09-14, values: no list }
`;
const MACROS = `create macro tagged(name, suffix) as joined(name, suffix);
create macro joined(a, b) as a || '-' || b;
create macro at_least(rows, n) as table select * from query_table(rows) where id >= n;`;
const cancelLoad = processFile(
  {
    process_name: 'cancel_load',
    pattern: 'stateful',
    sources: [
      { table: 'raw.cancels', event_time: 'ts' },
      { table: 'facts.signup', event_time: 'ts', window: { before: '2h' } },
      { table: 'ref.accounts', alias: 'accounts', lookup: true },
    ],
    target: { table: 'facts.cancel', event_time: 'ts', partition_by: ['hour(ts)'] },
    audits: [
      { unique: { columns: ['id'], over: 'target' } },
      { no_missing_events: { source: 'cancels', key: 'id' } },
      { sql: 'audits/no_early_cancel.sql' },
    ],
  },
  'select c.id, c.account_id, c.ts, s.id as signup_id, a.name, $least as least from cancels c left join accounts a using (account_id) left join signup s on s.account_id = c.account_id and s.ts <= c.ts and s.ts > c.ts - interval 2 hour',
);
const accountLoad = processFile(
  {
    process_name: 'account_load',
    pattern: 'dimension',
    sources: [{ table: 'facts.signup', event_time: 'ts' }],
    target: { table: 'dims.account', event_time: 'hour', partition_by: ['hour(hour)'] },
    audits: [{ unique: { columns: ['hour', 'account_id'] } }],
  },
  `select $first_hour::timestamptz as hour, account_id, sum(signups)::bigint * $least as signups
from (select account_id, 1 as signups from signup union all select account_id, signups from previous)
group by account_id`,
);

/** Ids, each of an account and an hour. */
const rows = (...values: readonly (readonly [id: number, account: number, hour: number])[]): string =>
  `select * from (values ${values.map(([id, account, hour]) => `(${id}, ${account}, timestamptz '${hourAt(hour)}' + interval ${id % 60} minute)`).join(', ')})`;

let world: World;
let shell: ForeignShell;
beforeAll(async () => {
  world = await createWorld({
    processes: [signupLoad, cancelLoad, accountLoad],
    files: {
      'psyberg.yaml': PROJECT,
      'macros/all.sql': MACROS,
      'audits/among.sql':
        '-- @param others BIGINT[]\n-- @param start DATE\nselect id from staged where account_id not in (select unnest($others)) and ts >= $start and id >= $least',
      'audits/no_early_cancel.sql':
        "select staged.id from staged join target using (id) where staged.ts < $range_start or staged.ts < timestamptz '2023-01-01'",
    },
  });
  await world.create('raw.signups', 'id integer, account_id integer, ts timestamptz');
  await world.create('raw.cancels', 'id integer, account_id integer, ts timestamptz');
  await world.create('ref.accounts', 'account_id integer, name varchar');
  await world.land('ref.accounts', "select * from (values (7, 'seven'), (8, 'eight'))");
  shell = await foreignShell();
});
afterAll(async () => {
  shell.close();
  await world.close();
});

const sorted = (found: readonly (readonly unknown[])[]): string[] =>
  found
    .map((row) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? String(value) : value)))
    .sort();

/** Every file of the project with its time: what a look may not change. */
const files = (): string[] =>
  readdirSync(world.root, { recursive: true })
    .map(String)
    .filter((name) => !/catalog\.db/.test(name))
    .map((name) => `${name} ${statSync(join(world.root, name)).mtimeMs}`)
    .sort();

interface Seen {
  readonly shown: Shown;
  readonly compiled: CompiledProcess;
  /** What the compiled text gave elsewhere: the rows of its load, and the results of its audits. */
  readonly staged: readonly string[];
  readonly audits: readonly (readonly (readonly unknown[])[])[];
}

/** Looks at a process in every way there is, and at what that leaves. */
async function lookAt(name: string, hours?: string): Promise<Seen> {
  const before = [files(), await world.leftovers()];
  const request = hours === undefined ? {} : { hours };
  const shown = await world.psyberg.show(name, request);
  const [compiled] = (await world.psyberg.compile([name], request)) as [CompiledProcess];
  const served = await world.psyberg.serveSession(name, request);
  try {
    await shell.run(`${served.attach}\n`);
    const load = await shell.run(compiled.load);
    const audits = await shell.run(compiled.audit);
    const staged = load.at(-1)?.rows ?? [];
    // What it sets and defines gives nothing.
    const results = audits.filter(
      ({ columns }) => !['', 'Success', 'Count'].includes(columns[0]?.name ?? ''),
    );
    return { shown, compiled, staged: sorted(staged), audits: results.map((each) => each.rows) };
  } finally {
    await shell.run('detach database if exists psyberg_session');
    served.close();
    expect([files(), await world.leftovers()]).toEqual(before);
  }
}

describe('a look at the next session', () => {
  it('of a process whose source is not there says so, and has no row', async () => {
    const shown = await world.psyberg.show('cancel_load');
    expect(shown).toMatchObject({ status: 'waiting', columns: [], rows: [] });
    expect(shown.notes).toEqual([
      'cancel_load waits: the source facts.signup does not exist yet; psyberg run signup_load creates it',
    ]);
    const [compiled] = await world.psyberg.compile(['cancel_load']);
    expect(compiled?.load).toContain('facts.signup does not exist yet');
    await expect(world.psyberg.show('cancel_load', { hours: '2023-09-14' })).rejects.toMatchObject({
      code: 'source-missing',
      hint: 'psyberg run signup_load creates it',
    });
    await expect(world.psyberg.serveSession('cancel_load')).rejects.toMatchObject({ code: 'source-missing' });
  });

  it('before the target is there: what its first session publishes', async () => {
    await world.land('raw.signups', rows([1, 7, 0], [2, 8, 1], [3, 7, 2]));
    await world.land('raw.cancels', rows([11, 7, 1], [12, 8, 2]));
    const signups = await world.psyberg.show('signup_load');
    await world.publish('signup_load');
    expect(sorted(signups.rows)).toEqual(await world.rows('select * from facts.signup'));
    await world.publish('cancel_load');
    const { shown, staged } = await lookAt('account_load');
    await world.publish('account_load');
    const published = await world.rows('select * from dims.account');
    expect(published.length).toBe(5);
    expect([sorted(shown.rows), staged]).toEqual([published, published]);
  });

  it('later: the new files, the range, and the hours from the one before on', async () => {
    await world.land('raw.signups', rows([4, 9, 1], [5, 9, 3]));
    await world.land('raw.cancels', rows([13, 9, 3]));
    const added = await lookAt('signup_load');
    expect(sorted(added.shown.rows.map(([id]) => [id]))).toEqual(['[4]', '[5]']);
    expect(added.staged).toEqual(sorted(added.shown.rows));
    expect([added.audits[0], added.audits.map(({ length }) => length)]).toEqual([
      [[2n, 2n]],
      [1, 0, 2, 0, 0],
    ]);
    await world.publish('signup_load');
    for (const [name, table, time] of [
      ['cancel_load', 'facts.cancel', 'ts'],
      ['account_load', 'dims.account', 'hour'],
    ] as const) {
      const { shown, staged, audits } = await lookAt(name);
      expect(shown.range).toEqual({ first_hour: hourAt(1), last_hour: hourAt(3) });
      expect(shown.notes).toEqual([`the next session of ${name}: 2023-09-14T01..2023-09-14T03`]);
      expect(audits.flat(), name).toEqual([]);
      await world.publish(name);
      const published = await world.rows(
        `select * from ${table} where ${time} >= timestamptz '${hourAt(1)}'`,
      );
      expect([sorted(shown.rows), staged], name).toEqual([published, published]);
    }
  });

  it('with nothing new has no row, and names the hours to look at; its SQL is that of the last hour', async () => {
    const shown = await world.psyberg.show('cancel_load');
    expect([shown.status, shown.columns.length, shown.rows]).toEqual(['nothing-new', 6, []]);
    expect(shown.notes).toEqual([
      'nothing is new for cancel_load; for its last hour add --hours 2023-09-14T03',
    ]);
    const [compiled] = await world.psyberg.compile(['cancel_load']);
    expect(compiled).toMatchObject({
      range: { first_hour: hourAt(3), last_hour: hourAt(3) },
      load: expect.stringContaining("set variable range_start = timestamp '2023-09-14 03:00:00';"),
    });
    const appending = await world.psyberg.show('signup_load');
    expect([appending.status, appending.columns.length, appending.rows]).toEqual(['nothing-new', 4, []]);
  });
});

describe('a look at hours', () => {
  it('gives what the target holds for them, whatever the pattern', async () => {
    const hours = '2023-09-14T01..2023-09-14T02';
    for (const [name, table, time] of [
      ['signup_load', 'facts.signup', 'ts'],
      ['cancel_load', 'facts.cancel', 'ts'],
      ['account_load', 'dims.account', 'hour'],
    ] as const) {
      const shown = await world.psyberg.show(name, { hours });
      const held = await world.rows(
        `select * from ${table} where ${time} >= timestamptz '${hourAt(1)}' and ${time} < timestamptz '${hourAt(3)}'`,
      );
      expect([sorted(shown.rows), shown.notes], name).toEqual([held, []]);
    }
  });

  it('shows of a source what the query would read: with its window, and no more', async () => {
    const of = (source: string) => world.psyberg.show('cancel_load', { hours: '2023-09-14T02', source });
    const signups = await of('SIGNUP');
    expect(signups).toMatchObject({ source: 'signup', notes: [] });
    expect(sorted(signups.rows.map(([id]) => [id]))).toEqual(['[1]', '[2]', '[3]', '[4]']);
    expect((await of('accounts')).rows.length).toBe(2);
    expect((await of('cancels')).toObjects().map(({ id }) => id)).toEqual([12]);
    await expect(of('cancel')).rejects.toMatchObject({
      code: 'source-missing',
      hint: "did you mean 'cancels'?",
    });
  });

  it('says which hours are not complete, which sources have no row, and that previous is empty', async () => {
    const { notes, rows: none } = await world.psyberg.show('account_load', { hours: '2023-09-14T06' });
    expect([none, notes]).toEqual([
      [],
      [
        `hours after ${hourAt(3)} are not complete for all sources: rows may still come`,
        `previous is empty in ${hourAt(6)}: dims.account was loaded up to ${hourAt(3)}`,
        'signup has no row in these hours (any more)',
      ],
    ]);
  });

  it('shows so many rows, and says that there are more', async () => {
    const limited = await world.psyberg.show('account_load', { hours: '2023-09-14', limit: 2 });
    expect([limited.rows.length, limited.toObjects().length, limited.has_more]).toEqual([2, 2, true]);
  });

  it('is refused for hours that are none', async () => {
    for (const hours of ['2023-09-14T07..2023-09-14T05', 'now'])
      await expect(world.psyberg.compile(['cancel_load'], { hours })).rejects.toMatchObject({
        code: 'hours-invalid',
        kind: 'usage',
      });
  });
});

describe('what a look serves', () => {
  it('is read-only, and gone when it is closed', async () => {
    // Without new files its source is shown as an empty table.
    for (const [name, tables] of [
      ['account_load', ['sources.signup', 'target.account', 'previous.account']],
      ['signup_load', ['sources.signups', 'target.signup']],
    ] as const) {
      const served = await world.psyberg.serveSession(name);
      await shell.run(served.attach);
      for (const table of tables)
        await expect(
          shell.run(
            `insert into psyberg_session.${table} by name select 1 as ${table.includes('signup') ? 'id' : 'signups'}`,
          ),
          table,
        ).rejects.toThrow(/read-only/);
      await expect(shell.run('create table psyberg_session.sources.mine (id int)')).rejects.toThrow();
      await shell.run('detach database if exists psyberg_session');
      served.close();
      await expect(shell.run(`${served.attach} from psyberg_session.target.account`)).rejects.toThrow();
      await shell.run('detach database if exists psyberg_session');
    }
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('SQL that is being changed', () => {
  it('is refused with its place where it is wrong', async () => {
    world.writeProcess({ ...cancelLoad, sql: 'select id,\n  nonsense from cancels' });
    await world.reopen();
    await expect(world.psyberg.show('cancel_load', { hours: '2023-09-14' })).rejects.toMatchObject({
      code: 'process-sql-failed',
      kind: 'usage',
      message: expect.stringMatching(/^processes\/cancel_load\.sql:\d+:3 /),
    });
  });
});
