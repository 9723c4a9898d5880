// Goal: what `plan` and `run` promise programs: exit codes, and one JSON document. Method: the real command
// over one project, in the order of its life.
import { readFileSync, writeFileSync } from 'node:fs';
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

describe('plan and run', () => {
  let project: Project;
  beforeAll(async () => {
    project = makeProject(PROCESSES);
    await project.sql(...TABLES, signups(0, 10), cancels(4, 5), cancels(5, 5), requests(5, 1));
  });

  it('prints plans in the shape that programs rely on, and writes nothing', async () => {
    const { code, json } = await cliJson('plan', '--project', project.root);
    expect(code).toBe(0);
    const { plans } = planDocument.parse(json);
    expect(plans.map((plan) => [plan.process_name, plan.status, plan.target.exists])).toEqual([
      ['cancel_load', 'work', false],
      ['signup_load', 'work', false],
    ]);
    expect(plans[0]?.range).toEqual({
      first_hour: '2023-09-14T04:00:00Z',
      last_hour: '2023-09-14T05:00:00Z',
    });
    expect(
      await project.sql(
        "select count(*) as tables from (show all tables) where schema in ('facts', 'psyberg')",
      ),
    ).toEqual([{ tables: 0n }]);
  });

  it('shows a plan to people: table, and with --explain hours, causes and statements', async () => {
    const table = await cli('plan', '--project', project.root);
    expect(table.stdout).toMatch(/cancel_load\s+work\s+11\s+overwrite facts.cancel, 2023-09-14 04h..05h/);
    const { stdout } = await cli('plan', 'cancel_load', '--explain', '--project', project.root);
    expect(stdout).toContain('first load: everything the source holds');
    expect(stdout).toMatch(/2023-09-14 04h {2}raw.cancels: snapshot \d+/);
    expect(stdout).toMatch(/^cancel_load +N N$/m);
    expect(stdout).toMatch(/^ {4}with "cancels" as not materialized/m);
    expect(stdout).toMatch(/^ +\d+ +load +insert +writes the rows as data files$/m);
    expect(stdout).not.toContain('copy (');
    const steps = await cli('plan', 'cancel_load', '--steps', '--project', project.root);
    expect(steps.stdout).toMatch(/copy \(\s+with "cancels" as not materialized/);
    const markdown = await cli('plan', '--explain', '--format', 'markdown', '--project', project.root);
    expect(markdown.stdout).toContain('<details><summary>cancel_load  stateful  work</summary>');
    expect(stdout).not.toContain('\u001b[');
  });

  it('runs with exit code 0 and records in the shape that programs rely on; progress is not on stdout', async () => {
    const { code, json, stderr } = await cliJson('run', '--verbose', '--project', project.root);
    expect(code).toBe(0);
    const { runs } = runDocument.parse(json);
    expect(runs.map((run) => [run.process_name, run.status, run.operation, run.rows_written])).toEqual([
      ['cancel_load', 'published', 'overwrite', '10'],
      ['signup_load', 'published', 'append', '10'],
    ]);
    expect(runs[1]?.audits.map((audit) => [audit.name, audit.status])).toEqual([
      ['source_to_target_count', 'passed'],
      ['not_null', 'passed'],
    ]);
    expect(stderr).toContain('signup_load: load insert');
  });

  it('exits 0 with nothing new, and plans still list every source with its watermark', async () => {
    const { code, json } = await cliJson('run', '--project', project.root);
    expect([code, runDocument.parse(json).runs.map((run) => run.status)]).toEqual([
      0,
      ['nothing-new', 'nothing-new'],
    ]);
    const { plans } = planDocument.parse(
      (await cliJson('plan', 'cancel_load', '--project', project.root)).json,
    );
    expect(
      plans[0]?.sources.map((source) => [
        source.table,
        source.watermark?.snapshot_id === source.head?.snapshot_id,
      ]),
    ).toEqual([
      ['raw.cancels', true],
      ['raw.requests', true],
    ]);
  });

  it('says nothing on success with --quiet', async () => {
    expect(await cli('run', 'signup_load', '--quiet', '--project', project.root)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('exits 6 with --require-complete while hours are owed, and 0 without it', async () => {
    await project.sql(cancels(5, 1, 5500), cancels(6, 3));
    const { code, json } = await cliJson(
      'run',
      'cancel_load',
      '--require-complete',
      '--project',
      project.root,
    );
    const [run] = runDocument.parse(json).runs;
    expect([code, run?.status, run?.owed_hours, run?.range?.last_hour]).toEqual([
      6,
      'published',
      ['2023-09-14T06:00:00Z'],
      '2023-09-14T05:00:00Z',
    ]);
    expect((await cli('run', 'cancel_load', '--project', project.root)).code).toBe(0);
    const plain = await cli('run', 'cancel_load', '--require-complete', '--project', project.root);
    expect([plain.code, plain.stdout]).toEqual([
      6,
      expect.stringContaining('owed: 2023-09-14 06h, until raw.requests is complete for it'),
    ]);
  });

  it('exits 3 when a blocking audit fails, names the rows, and publishes nothing', async () => {
    await project.sql("insert into raw.signups values (77, null, timestamptz '2023-09-14 01:30:00+00')");
    const { code, json } = await cliJson('run', 'signup_load', '--project', project.root);
    const [run] = runDocument.parse(json).runs;
    expect([code, run?.status, run?.error?.code, run?.published_snapshot_id]).toEqual([
      3,
      'audit-failed',
      'audit-failed',
      null,
    ]);
    expect(run?.audits[1]).toMatchObject({
      name: 'not_null',
      status: 'failed',
      expected: '0',
      actual: '1',
      sample: [{ event_id: '77' }],
    });
    const plain = await cli('run', 'signup_load', '--project', project.root);
    expect(plain.code).toBe(3);
    expect(plain.stdout).toMatch(/audit failed: not_null: expected 0, found 1\n\s+\{"event_id":"77"/);
    expect(await project.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 10n }]);
    expect(await project.branches('facts', 'signup')).toEqual([]);
  });

  it('keeps the branch of a failed session with --keep-branch, to be queried and dropped', {
    timeout: 240_000,
  }, async () => {
    const { json } = await cliJson('run', 'signup_load', '--keep-branch', '--project', project.root);
    const [kept] = runDocument.parse(json).runs;
    const branch = kept?.branch as string;
    expect(await project.branches('facts', 'signup')).toEqual([branch]);
    // The command is ready to be pasted, and so is the one that drops it.
    expect(kept?.error?.hint).toContain(`psyberg sql --branch ${branch} "select * from facts.signup"`);
    const status = (await cli('status', 'signup_load', '--project', project.root)).stdout;
    const drop = /psyberg (session abort .*)/.exec(status)?.[1]?.split(' ') ?? [];
    expect(drop).toEqual([
      'session',
      'abort',
      '--process_name=signup_load',
      `--psyberg_session_id=${kept?.psyberg_session_id}`,
    ]);
    const { json: rows } = await cliJson(
      'sql',
      'select event_id from facts.signup where account_id is null',
      '--branch',
      branch,
      '--project',
      project.root,
    );
    expect(rows).toEqual({
      columns: [{ name: 'event_id', type: 'BIGINT' }],
      rows: [{ event_id: '77' }],
      branches: { 'facts.signup': 'branch' },
    });
    expect((await cli(...drop, '--project', project.root)).stdout).toContain(
      `aborted; the branch ${branch} of facts.signup is gone`,
    );
    expect(await project.branches('facts', 'signup')).toEqual([]);
    await cli('run', 'signup_load', '--keep-branch', '--project', project.root);
    expect(await project.branches('facts', 'signup')).toHaveLength(1);
    project.write(
      'processes/signup_load.sql',
      PROCESSES['processes/signup_load.sql'].replace('  - not_null: { columns: [account_id] }\n', ''),
    );
    expect((await cli('run', 'signup_load', '--project', project.root)).code).toBe(0);
    expect(await project.branches('facts', 'signup')).toEqual([]);
  });

  it('runs exactly the plan of a file, and refuses it with exit 5 once it is stale', async () => {
    await project.sql(signups(2, 3));
    const file = join(project.root, 'plan.json');
    expect((await cli('plan', 'signup_load', '--out', file, '--project', project.root)).code).toBe(0);
    const { plans } = planDocument.parse(JSON.parse(readFileSync(file, 'utf8')));
    const { code, json } = await cliJson('run', '--plan', file, '--project', project.root);
    const { runs } = runDocument.parse(json);
    expect([code, runs.length, runs[0]?.psyberg_session_id, runs[0]?.rows_written]).toEqual([
      0,
      1,
      plans[0]?.psyberg_session_id,
      '3',
    ]);
    const again = await cliJson('run', '--plan', file, '--project', project.root);
    const [refused] = runDocument.parse(again.json).runs;
    expect([again.code, refused?.status, refused?.error?.code]).toEqual([5, 'refused', 'plan-stale']);
  });

  it('refuses a plan of other SQL', async () => {
    await project.sql(signups(3, 3));
    const file = join(project.root, 'plan.json');
    await cli('plan', 'signup_load', '--out', file, '--project', project.root);
    const plan = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      plan.replace(/"process_sha256": "[0-9a-f]+"/, `"process_sha256": "${'0'.repeat(64)}"`),
    );
    const { code, stdout } = await cli('run', '--plan', file, '--project', project.root);
    expect([code, stdout]).toEqual([5, expect.stringContaining('the SQL of the process changed')]);
    expect(stdout).not.toMatch(STACK_TRACE);
  });

  it('exits with the highest code of several processes', async () => {
    project.write(
      'processes/cancel_load.sql',
      PROCESSES['processes/cancel_load.sql'].replace('c.event_id, c.account_id', 'c.event_idx, c.account_id'),
    );
    await project.sql(cancels(5, 1, 5600));
    const { code, json } = await cliJson('run', '--project', project.root);
    expect(runDocument.parse(json).runs.map((run) => run.status)).toEqual(['failed', 'published']);
    expect(code).toBe(2);
  });
});
