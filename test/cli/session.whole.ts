// Goal: the five steps, each in a process of its own, leave what one `run` leaves. Method: two projects with
// the same rows, one run, one stepped.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planDocument, runDocument } from './contract-schemas.ts';
import {
  cancels,
  cli,
  cliJson,
  makeProject,
  PROCESSES,
  type Project,
  removeFolders,
  requests,
  STACK_TRACE,
  signups,
  TABLES,
} from './fixture.ts';

afterAll(removeFolders);

const ID = '20230914061501';
const STEPS = ['init', 'load', 'audit', 'publish', 'commit'] as const;

function stepper(project: Project, processName: string) {
  const options = (id: string): string[] => [
    `--process_name=${processName}`,
    `--psyberg_session_id=${id}`,
    '--project',
    project.root,
  ];
  return {
    step: (step: (typeof STEPS)[number], id = ID, ...more: string[]) =>
      cli('session', step, ...options(id), ...more),
    json: (step: (typeof STEPS)[number], id = ID, ...more: string[]) =>
      cliJson('session', step, ...options(id), ...more),
  };
}

/** The one record of a step's JSON: a step has more states than a run. */
function recordOf(json: unknown): { readonly status: string; readonly published_snapshot_id: string | null } {
  const [record] = (json as { runs: { status: string; published_snapshot_id: string | null }[] }).runs;
  if (record === undefined) throw new Error('no record');
  return record;
}

describe('a stepwise session', () => {
  let stepped: Project;
  let whole: Project;
  const seed = [...TABLES, cancels(4, 5), cancels(5, 5), cancels(6, 5), requests(5, 1)];
  beforeAll(async () => {
    [stepped, whole] = [makeProject(PROCESSES), makeProject(PROCESSES)];
    for (const project of [stepped, whole]) await project.sql(...seed);
  });

  it("takes Psyberg's options word for word, and records the session with its plan", async () => {
    const { code, json } = await cliJson(
      'session',
      'init',
      '--process_name=cancel_load',
      '--src_tables=raw.cancels|cancel_ts,raw.requests',
      `--psyberg_session_id=${ID}`,
      '--psyberg_hwm_table=high_water_mark_table',
      '--psyberg_session_table=psyberg.psyberg_session_f',
      '--etl_pattern_id=2',
      '--project',
      stepped.root,
    );
    expect([code, (json as { status: string }).status]).toEqual([0, 'initialized']);
    const { plans } = planDocument.parse({ plans: (json as { plans: unknown }).plans });
    expect(plans[0]).toMatchObject({
      psyberg_session_id: ID,
      range: { first_hour: '2023-09-14T04:00:00Z', last_hour: '2023-09-14T05:00:00Z' },
      owed_hours: ['2023-09-14T06:00:00Z'],
    });
    expect(await stepped.sql('select src_table, status from psyberg.psyberg_session_f order by 1')).toEqual([
      { src_table: 'raw.cancels', status: 'initialized' },
      { src_table: 'raw.requests', status: 'initialized' },
    ]);
  });

  it('names the step that is missing when one is out of order', async () => {
    const { step } = stepper(stepped, 'cancel_load');
    for (const early of ['audit', 'publish', 'commit'] as const) {
      const { code, stderr } = await step(early);
      expect([code, stderr]).toEqual([
        5,
        expect.stringMatching(
          /is 'initialized'\nhint: run first: psyberg session load --process_name=cancel_load/,
        ),
      ]);
    }
  });

  it('ends in the same rows, watermarks, signals and session as a run; a source that grew meanwhile does not matter', async () => {
    const { json } = stepper(stepped, 'cancel_load');
    await stepped.sql(cancels(5, 1, 5900));
    const states: string[] = [];
    for (const step of ['load', 'audit', 'publish', 'commit'] as const) {
      const { code, json: document } = await json(step);
      expect(code).toBe(0);
      states.push(recordOf(document).status);
    }
    expect(states).toEqual(['loaded', 'audited', 'published', 'published']);
    expect((await cli('run', 'cancel_load', '--project', whole.root)).code).toBe(0);
    for (const query of [
      'select * from facts.cancel order by all',
      'select process_name, src_table, sequence_number, owed_hours, newest_hour, complete_to_hour from psyberg.high_water_mark_table order by all',
      'select process_name, etl_pattern_id, pattern, status, src_table, from_event_date, from_event_hour, to_event_date, to_event_hour, target_table, rows_read, rows_written from psyberg.psyberg_session_f order by all',
      'select process_name, signal_name, vtts_utc_dateint, vtts_utc_hour, kind from psyberg.psyberg_signal order by all',
    ])
      expect(await stepped.sql(query), query).toEqual(await whole.sql(query));
    expect(await stepped.branches('facts', 'cancel')).toEqual([]);
  });

  it('does nothing when a step is repeated after success', async () => {
    const { json } = stepper(stepped, 'cancel_load');
    const before = await stepped.sql(
      'select count(*) as rows, count(distinct event_id) as events from facts.cancel',
    );
    for (const step of STEPS) expect((await json(step)).code, step).toBe(0);
    // As Psyberg's workflows write it: tables by their names alone.
    expect((await json('init', ID, '--src_tables=cancels|cancel_ts,REQUESTS')).code).toBe(0);
    expect(
      await stepped.sql('select count(*) as rows, count(distinct event_id) as events from facts.cancel'),
    ).toEqual(before);
    expect(await stepped.sql('select distinct status from psyberg.psyberg_session_f')).toEqual([
      { status: 'published' },
    ]);
  });

  it('continues from what a stepwise session published, by a run', async () => {
    const { json } = await cliJson('run', 'cancel_load', '--project', stepped.root);
    expect(runDocument.parse(json).runs[0]).toMatchObject({
      status: 'published',
      rows_written: '6',
      range: { first_hour: '2023-09-14T05:00:00Z', last_hour: '2023-09-14T05:00:00Z' },
    });
    expect(await stepped.sql('select count(*) as rows from facts.cancel')).toEqual([{ rows: 11n }]);
  });

  it('repairs the watermark table from the summary of the target', async () => {
    const { json } = stepper(stepped, 'cancel_load');
    const query =
      'select src_table, snapshot_id, sequence_number, owed_hours, psyberg_session_id, newest_hour from psyberg.high_water_mark_table order by all';
    const before = await stepped.sql(query);
    await stepped.sql("delete from psyberg.high_water_mark_table where process_name = 'cancel_load'");
    const { code, json: document } = await json('commit');
    expect([code, (document as { repaired: boolean }).repaired]).toEqual([0, true]);
    expect(await stepped.sql(query)).toEqual(before);
    expect((await json('commit')).json).toMatchObject({ repaired: false });
  });

  it('records nothing when nothing is new, and every later step says so with exit code 0', async () => {
    const { json, step } = stepper(whole, 'cancel_load');
    const id = '20230914070000';
    const count = 'select count(*) as rows from psyberg.psyberg_session_f';
    const before = await whole.sql(count);
    expect((await json('init', id)).json).toMatchObject({
      status: 'waiting',
      plans: [{ status: 'waiting' }],
    });
    for (const each of ['load', 'audit', 'publish', 'commit'] as const) {
      const { code, json: document } = await json(each, id);
      expect([code, recordOf(document).status]).toEqual([0, 'waiting']);
    }
    expect(await whole.sql(count)).toEqual(before);
    const unknown = await step('load', '20230914070001');
    expect([unknown.code, unknown.stderr]).toEqual([
      2,
      expect.stringContaining('there is no session 20230914070001 of cancel_load'),
    ]);
  });

  it('rejects options that contradict the process file', async () => {
    const contradicting = (option: string) =>
      cli('session', 'init', '--process_name=cancel_load', option, '--project', whole.root);
    for (const [option, message] of [
      ['--etl_pattern_id=1', /--etl_pattern_id says 1, but .*cancel_load.sql says 2 \(stateful\)/],
      [
        '--src_tables=raw.cancels|cancel_ts',
        /--src_tables says raw.cancels, but .* says that raw.requests is a source as well/,
      ],
      ['--src_tables=cancels', /--src_tables says raw.cancels, but .* says that raw.requests is a source/],
      ['--src_tables=cancel', /--src_tables: a table is named namespace.table, found 'cancel'/],
      [
        '--src_tables=raw.cancels|landed_at,raw.requests',
        /--src_tables says raw.cancels\|landed_at, but .* says event_time: cancel_ts/,
      ],
    ] as const) {
      const { code, stderr } = await contradicting(option);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
      expect(stderr).not.toMatch(STACK_TRACE);
    }
  });
});

describe('a stepwise session that goes wrong', () => {
  let project: Project;
  beforeAll(async () => {
    project = makeProject(PROCESSES);
    await project.sql(
      ...TABLES,
      signups(0, 10),
      "insert into raw.signups values (77, null, timestamptz '2023-09-14 00:30:00+00')",
    );
  });

  it('is not published with audits that were changed after it was audited: they run again', async () => {
    const path = 'processes/signup_load.sql';
    const project = makeProject({
      ...PROCESSES,
      'audits/few.sql': 'select * from staged where false',
      [path]: PROCESSES[path].replace('audits:', 'audits:\n  - sql: audits/few.sql'),
    });
    await project.sql(...TABLES, signups(1, 3));
    const { step, json } = stepper(project, 'signup_load');
    for (const each of ['init', 'load', 'audit', 'audit'] as const)
      expect((await step(each)).code, each).toBe(0);
    project.write('audits/few.sql', 'select * from staged where account_id = 2');
    const refused = await json('publish');
    expect([refused.code, (refused.json as { error: { code: string } }).error.code]).toEqual([
      5,
      'audits-changed',
    ]);
    expect((await step('audit')).code).toBe(3);
    expect(
      await project.sql(
        "select audit_name, failing_row->>'account_id' as account from psyberg.psyberg_audit_failure",
      ),
    ).toEqual([{ audit_name: 'few', account: '2' }]);
  });

  it('exits 3 when an audit fails, drops the branch and the table it created; the same id can then be opened again', async () => {
    const { json, step } = stepper(project, 'signup_load');
    await step('init');
    await step('load');
    const { code, json: document } = await json('audit');
    expect([code, recordOf(document).status]).toEqual([3, 'audit-failed']);
    expect((await step('audit')).code).toBe(3);
    for (const each of ['load', 'publish', 'commit'] as const) {
      const ended = await step(each);
      expect([ended.code, ended.stderr]).toEqual([
        5,
        expect.stringContaining('\nhint: it has ended; open it again: psyberg session init --process_name='),
      ]);
    }
    expect(
      await project.sql("select count(*) as tables from (show all tables) where schema = 'facts'"),
    ).toEqual([{ tables: 0n }]);
    await project.sql('delete from raw.signups where account_id is null');
    for (const each of ['init', 'load', 'audit', 'publish'] as const)
      expect((await step(each)).code, each).toBe(0);
    expect(await project.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 10n }]);
  });

  it('refuses a session that became stale with exit code 5', async () => {
    const fresh = makeProject(PROCESSES);
    await fresh.sql(...TABLES, signups(0, 10));
    const { step } = stepper(fresh, 'signup_load');
    expect((await step('init')).code).toBe(0);
    expect((await cli('run', 'signup_load', '--project', fresh.root)).code).toBe(0);
    const stale = await step('load');
    expect([stale.code, stale.stderr]).toEqual([
      5,
      expect.stringContaining('the target facts.signup was changed since it was opened'),
    ]);
    expect(await fresh.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 10n }]);
  });

  it('never publishes a watermark without the rows: staging that is gone is refused', async () => {
    const fresh = makeProject(PROCESSES);
    await fresh.sql(...TABLES, signups(0, 10));
    const { step } = stepper(fresh, 'signup_load');
    for (const each of ['init', 'load', 'audit'] as const) expect((await step(each)).code).toBe(0);
    rmSync(join(fresh.root, 'warehouse', '.psyberg'), { recursive: true });
    const lost = await step('publish');
    expect([lost.code, lost.stderr]).toEqual([5, expect.stringContaining('is gone: its branch')]);
    expect((await cli('run', 'signup_load', '--project', fresh.root)).code).toBe(0);
    expect(await fresh.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 10n }]);
  });

  it('exits 4 when another session of the process published first, and leaves no branch', async () => {
    const fresh = makeProject(PROCESSES);
    await fresh.sql(...TABLES, signups(0, 10));
    await cli('run', 'signup_load', '--project', fresh.root);
    await fresh.sql(signups(1, 10));
    const { step } = stepper(fresh, 'signup_load');
    for (const each of ['init', 'load', 'audit'] as const) expect((await step(each)).code).toBe(0);
    expect((await cli('run', 'signup_load', '--project', fresh.root)).code).toBe(0);
    const overtaken = await step('publish');
    expect([overtaken.code, overtaken.stderr]).toEqual([
      4,
      expect.stringMatching(/another session of signup_load .* published/),
    ]);
    expect(await fresh.branches('facts', 'signup')).toEqual([]);
    expect(await fresh.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 20n }]);
  });
});
