// Goal: adopting a target, beginning somewhere and asking for all causes, as a person types it. Method: the
// real command line over a small project.
import { afterAll, describe, expect, it } from 'vitest';
import {
  cli,
  cliJson,
  makeProject,
  PROCESSES,
  removeFolders,
  STACK_TRACE,
  signups,
  TABLES,
} from './fixture.ts';

afterAll(removeFolders);
const SIGNUP = PROCESSES['processes/signup_load.sql'];

describe('psyberg adopt', () => {
  it('sets the watermarks, says where they are, and is refused a second time with exit 5', {
    timeout: 240_000,
  }, async () => {
    const project = makeProject({ 'processes/signup_load.sql': SIGNUP });
    await project.sql(...TABLES, signups(0, 5), 'create schema facts');
    const at = ['--project', project.root];
    const early = await cli('adopt', 'signup_load', ...at);
    expect([early.code, early.stderr]).toEqual([
      2,
      expect.stringContaining('does not exist: there is nothing to adopt'),
    ]);
    await project.sql(
      "create table facts.signup with ('format-version' = '2') as from raw.signups",
      signups(1, 5),
    );
    const wrong = await cliJson('adopt', 'signup_load', '--at', 'yesterday', ...at);
    expect([wrong.code, wrong.json]).toEqual([
      2,
      { error: expect.objectContaining({ code: 'usage', hint: expect.stringContaining('a snapshot id') }) },
    ]);
    const adopted = await cliJson('adopt', 'signup_load', '--at', 'raw.signups=now', ...at);
    expect(adopted).toMatchObject({
      code: 0,
      json: {
        adopted: {
          process_name: 'signup_load',
          rows_written: '0',
          sources: [{ table: 'raw.signups', watermark: { snapshot_id: expect.any(String) } }],
        },
      },
    });
    const again = await cli('adopt', 'signup_load', ...at);
    expect([again.code, again.stderr]).toEqual([
      5,
      expect.stringContaining('has watermarks of signup_load already'),
    ]);
    expect(again.stderr).not.toMatch(STACK_TRACE);
    await project.sql(signups(2, 3));
    const plan = await cli('plan', 'signup_load', '--all-causes', ...at);
    expect(plan.stdout).toMatch(
      /Causes\n +2023-09-14 02h\n +raw\.signups added by append \d+\n +\S+\.parquet/,
    );
    expect((await cliJson('run', ...at)).json).toMatchObject({
      runs: [{ status: 'published', rows_read: '3' }],
    });
    const doctor = await cliJson('doctor', ...at);
    expect(JSON.stringify(doctor.json)).not.toContain('no tag psyberg_signup_load');
  });

  it('--from goes on where another name stopped; a renamed process is refused before, with that command', {
    timeout: 240_000,
  }, async () => {
    const project = makeProject({ 'processes/signup_load.sql': SIGNUP });
    const at = ['--project', project.root];
    await project.sql(...TABLES, signups(0, 5));
    await cli('run', ...at);
    project.write('processes/signup_load.sql', SIGNUP.replace('signup_load', 'sign_load'));
    await project.sql(signups(1, 3));
    const refused = await cli('run', ...at);
    expect([refused.code, refused.stdout]).toEqual([
      5,
      expect.stringContaining('run "psyberg adopt sign_load --from signup_load"'),
    ]);
    const doctor = (await cliJson('doctor', ...at)).json;
    expect(doctor).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({
          name: 'raw.signups',
          status: 'warn',
          message: expect.stringContaining('the tag psyberg_signup_load is of signup_load'),
          hint: expect.stringContaining('psyberg maintain --drop-tag signup_load'),
        }),
      ]),
    });
    const both = await cli('adopt', 'sign_load', '--from', 'signup_load', '--at', 'now', ...at);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('leave --at out')]);
    const adopted = await cliJson('adopt', 'sign_load', '--from', 'signup_load', ...at);
    expect(adopted).toMatchObject({ code: 0, json: { adopted: { adopted_from: 'signup_load' } } });
    expect((await cliJson('run', ...at)).json).toMatchObject({
      runs: [{ process_name: 'sign_load', status: 'published', rows_read: '3' }],
    });
    expect(await project.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 8n }]);
    const history = await cli('history', 'sign_load', ...at);
    expect(history.stdout).toMatch(
      /sign_load +published[\s\S]*sign_load +adopted[\s\S]*refused \(target-not-empty\)/,
    );
    const well = (await cliJson('doctor', ...at)).json as { checks: { status: string }[] };
    expect(well.checks.filter((check) => check.status !== 'ok')).toEqual([]);
  });
});

describe('start', () => {
  it('without quotes around a snapshot id, or with anything else, is an error of the header with its place', async () => {
    const project = makeProject({
      'processes/signup_load.sql': SIGNUP.replace(
        '    event_time: signup_ts\n',
        '    event_time: signup_ts\n    start: 8160943478014935151\n',
      ),
    });
    const number = await cli('plan', '--project', project.root);
    expect([number.code, number.stderr]).toEqual([2, expect.stringContaining('a snapshot id in quotes')]);
    expect(number.stderr).toContain('signup_load.sql:7');
    project.write(
      'processes/signup_load.sql',
      SIGNUP.replace(
        '    event_time: signup_ts\n',
        '    event_time: signup_ts\n    start: soon\n    protect: maybe\n',
      ),
    );
    const soon = await cli('plan', '--project', project.root);
    expect([soon.code, soon.stderr]).toEqual([
      2,
      expect.stringContaining(
        "must be beginning, now, a snapshot id in quotes, or a timestamp such as '2023-09-14T05:00:00Z'",
      ),
    ]);
    expect(soon.stderr).toContain('protect');
  });
});
