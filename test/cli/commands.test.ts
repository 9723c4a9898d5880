// Goal: the commands that look and those that scaffold. Method: the real command over a new project, before
// and after its first run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cancels,
  cli,
  cliJson,
  makeProject,
  PROCESSES,
  removeFolders,
  requests,
  signups,
  TABLES,
  temporaryFolder,
} from './fixture.ts';

afterAll(removeFolders);

describe('looking', () => {
  it('status, history, signals and doctor work before the first run, and after it', async () => {
    const project = makeProject(PROCESSES);
    const at = ['--project', project.root];
    expect((await cliJson('status', ...at)).json).toMatchObject({
      processes: [
        {
          process_name: 'cancel_load',
          last_session: null,
          sources: [{ table: 'raw.cancels', exists: false }, {}],
        },
        {},
      ],
    });
    expect([(await cliJson('history', ...at)).json, (await cliJson('signals', ...at)).json]).toEqual([
      { sessions: [] },
      { signals: [] },
    ]);
    const sick = await cliJson('doctor', ...at);
    expect([sick.code, sick.json]).toEqual([
      1,
      {
        ok: false,
        checks: expect.arrayContaining([
          expect.objectContaining({
            name: 'signup_load < raw.signups',
            status: 'fail',
            hint: expect.stringContaining('create raw.signups'),
          }),
        ]),
      },
    ]);

    await project.sql(...TABLES, signups(0, 10), cancels(5, 5), cancels(6, 5), requests(5, 1));
    await cli('run', ...at);
    await project.sql(signups(1, 1), signups(2, 1));
    const status = (await cliJson('status', ...at)).json;
    expect(status).toMatchObject({
      processes: [
        {
          process_name: 'cancel_load',
          complete_to_hour: '2023-09-14T05:00:00Z',
          last_session: { status: 'published' },
          sources: [{ snapshots_behind: 0, owed_hours: ['2023-09-14T06:00:00Z'] }, {}],
        },
        { process_name: 'signup_load', sources: [{ table: 'raw.signups', snapshots_behind: 2 }] },
      ],
    });
    const text = await cli('status', ...at);
    expect(text.stdout).toMatch(
      /signup_load\s+2023-09-14 00h\s+published\s+raw.signups\s+\S+ \S+ UTC\s+2 snapshots/,
    );
    expect(text.stdout).toContain('cancel_load owes 2023-09-14 06h');
    expect((await cliJson('history', 'cancel_load', ...at)).json).toMatchObject({
      sessions: [
        {
          process_name: 'cancel_load',
          status: 'published',
          src_tables: 'raw.cancels, raw.requests',
          first_hour: '2023-09-14T05:00:00Z',
          rows_written: '5',
        },
      ],
    });
    expect((await cli('history', ...at)).stdout).toMatch(/cancel_load\s+published\s+2023-09-14 05h\s+6\s+5/);
    expect((await cliJson('signals', ...at)).json).toMatchObject({
      signals: expect.arrayContaining([
        expect.objectContaining({
          signal_name: 'facts.signup',
          hour: '2023-09-14T00:00:00Z',
          kind: 'complete',
        }),
      ]),
    });
    const well = await cli('doctor', ...at);
    expect([well.code, well.stdout]).toEqual([
      0,
      expect.stringMatching(
        /ok +signup_load < raw.signups\s+3 files, event time signup_ts known\s+from\s+metadata/,
      ),
    ]);
  });

  it('doctor asks for no statistics of event times that are not there', async () => {
    const project = makeProject(PROCESSES);
    // Such a file has no bounds, whatever its writer keeps.
    await project.sql(
      ...TABLES,
      signups(0, 1),
      'insert into raw.signups by name select 99::bigint as event_id',
    );
    const { stdout } = await cli('doctor', '--project', project.root);
    expect(stdout).toMatch(
      /warn\s+signup_load < raw.signups\s+in 1 file of 2 signup_ts is NULL in every\s+row: those rows belong to no hour/,
    );
    expect(stdout).not.toContain('write.metadata.metrics');
    // What is known of a source goes into the template of its process.
    const more = ['--pattern', 'stateless', '--source', 'raw.signups|signup_ts', '--target', 'facts.more'];
    expect((await cli('new', 'process', 'more_load', ...more, '--project', project.root)).code).toBe(0);
    expect(readFileSync(join(project.root, 'processes/more_load.sql'), 'utf8')).toContain(
      '\n  - unique: { columns: [event_id], over: target }',
    );
  });

  it('doctor says what is wrong with a project, and still looks at DuckDB', async () => {
    const { code, stdout } = await cli('doctor', '--project', temporaryFolder());
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/fail {2}project[^\n]*there is no psyberg.yaml[\s\S]*ok {4}DuckDB/),
    ]);
  });
});

describe('scaffolding', () => {
  it('creates a project and a process that plan', async () => {
    const folder = join(temporaryFolder(), 'lake');
    const made = await cli('new', 'project', folder);
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('psyberg.yaml')]);
    expect((await cli('new', 'project', folder)).code).toBe(2);
    const added = await cliJson(
      'new',
      'process',
      'cancel_load',
      '--pattern',
      'stateful',
      '--source',
      'raw.cancels|cancel_ts',
      '--source',
      'raw.requests|request_ts',
      '--target',
      'facts.cancel',
      '--project',
      folder,
    );
    expect([added.code, added.json]).toEqual([0, { file: join(folder, 'processes', 'cancel_load.sql') }]);
    expect(readFileSync(join(folder, 'processes', 'cancel_load.sql'), 'utf8')).toContain(
      'event_time: request_ts',
    );
    const wrong = await cli(
      'new',
      'process',
      'x',
      '--pattern',
      'statful',
      '--source',
      'raw.a|ts',
      '--target',
      'facts.x',
      '--project',
      folder,
    );
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("did you mean 'stateful'?")]);
  });
});

describe('help', () => {
  it.for([
    '',
    'new',
    'new project',
    'new process',
    'plan',
    'run',
    'session',
    'session init',
    'session load',
    'session audit',
    'session publish',
    'session commit',
    'adopt',
    'status',
    'history',
    'signals',
    'sql',
    'catalog',
    'catalog serve',
    'doctor',
  ])('psyberg %s --help has an example', async (command) => {
    const { code, stdout, stderr } = await cli(...command.split(' ').filter((word) => word !== ''), '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`  $ psyberg ${command}`);
  });
});
