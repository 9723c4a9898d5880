// Goal: bad input gets one clear error with its remedy, the right exit code and no stack trace. Method: the
// real command over broken projects.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorDocument, runDocument } from './contract-schemas.ts';
import {
  cli,
  cliJson,
  makeProject,
  PROCESSES,
  type Project,
  removeFolders,
  STACK_TRACE,
  signups,
  TABLES,
  temporaryFolder,
} from './fixture.ts';

afterAll(removeFolders);

/** One error, as `error: …` with a hint below it, on stderr alone. */
async function expectError(
  argv: readonly string[],
  { code, error, hint }: { readonly code: number; readonly error: RegExp; readonly hint: RegExp },
): Promise<void> {
  const plain = await cli(...argv);
  expect(plain.stderr).toMatch(error);
  expect(plain.stderr).toMatch(hint);
  expect(plain.stderr.match(/^error: /gm)).toHaveLength(1);
  expect([plain.code, plain.stdout]).toEqual([code, '']);
  expect(plain.stderr).not.toMatch(STACK_TRACE);
  const { code: jsonCode, json } = await cliJson(...argv);
  expect(jsonCode).toBe(code);
  const { error: found } = errorDocument.parse(json);
  expect(`error: ${found.message}`).toMatch(error);
}

describe('errors outside any process', () => {
  let project: Project;
  beforeAll(() => {
    project = makeProject(PROCESSES);
  });

  it('suggests the option that was meant', () =>
    expectError(['plan', '--explan'], {
      code: 2,
      error: /^error: unknown option '--explan'$/m,
      hint: /hint: Did you mean --explain\?/,
    }));

  it('suggests the command that was meant', () =>
    expectError(['statsu'], {
      code: 2,
      error: /^error: unknown command 'statsu'$/m,
      hint: /hint: Did you mean status\?/,
    }));

  it('suggests the process that was meant', () =>
    expectError(['run', 'signup_lod', '--project', project.root], {
      code: 2,
      error: /^error: the project test has no process 'signup_lod'$/m,
      hint: /hint: did you mean 'signup_load'\?/,
    }));

  it('says which words an argument may be', () =>
    expectError(['schema', 'proces'], {
      code: 2,
      error: /^error: 'proces' is none of process, project, tests$/m,
      hint: /hint: run: psyberg schema --help/,
    }));

  it('says where it looked for a project', () =>
    expectError(['plan', '--project', temporaryFolder()], {
      code: 2,
      error: /^error: there is no psyberg.yaml in /m,
      hint: /hint: .*psyberg new project DIR/,
    }));

  it('names the option that is missing', () =>
    expectError(['session', 'load', '--process_name=x'], {
      code: 2,
      error: /'--psyberg_session_id <id>' not specified/,
      hint: /hint: run: psyberg session load --help/,
    }));

  it('shows every problem of a project at once, each with its place', async () => {
    const broken = makeProject({
      'processes/a.sql': '/*---\nprocess_name: a\npatern: stateless\n---*/\nselect 1\n',
      'processes/b.sql':
        '/*---\nprocess_name: b\npattern: stateless\nsources:\n  - table: raw.x\ntarget: { table: facts.b }\n---*/\nselect $frist_hour from x\n',
    });
    const { code, stderr } = await cli('plan', '--project', broken.root);
    expect(code).toBe(2);
    expect(stderr).toMatch(/processes\/a.sql:3:1 .*patern/);
    expect(stderr).toMatch(/processes\/b.sql:8:8 .*\$frist_hour/);
    expect(stderr).not.toMatch(STACK_TRACE);
  });

  it('rejects a file that is no plan', async () => {
    const file = join(project.root, 'plan.json');
    for (const [text, place] of [
      ['{"plans": [', /it is no JSON/],
      ['{"plans": [{"plan_version": 1}]}', /at plans\[0\]\.process_name/],
      ['[]', /at the top/],
    ] as const) {
      writeFileSync(file, text);
      await expectError(['run', '--plan', file, '--project', project.root], {
        code: 2,
        error: place,
        hint: /hint: make one: psyberg plan --out plan.json/,
      });
    }
  });

  it('says which file is not there, and which cannot be written', async () => {
    const at = ['--project', project.root];
    for (const argv of [
      ['run', '--plan', 'absent.json', ...at],
      ['plan', 'diff', 'absent.json', 'x'],
    ])
      await expectError(argv, {
        code: 2,
        error: /^error: absent\.json is no plan file: it cannot be read: there is no such file$/m,
        hint: /hint: make one: psyberg plan --out plan.json/,
      });
    const inFile = join(project.root, 'psyberg.yaml', 'x');
    for (const argv of [
      ['schema', '--out', inFile],
      ['report', '--out', inFile, ...at],
    ])
      await expectError(argv, {
        code: 2,
        error: /psyberg\.yaml\/x.* cannot be written: its folder is a file$/m,
        hint: /hint: name a (file|folder)/,
      });
  });

  it('says that the warehouse cannot be written to', async () => {
    const blocked = makeProject({ ...PROCESSES, warehouse: 'a file in place of the folder' });
    await expectError(['plan', '--project', blocked.root], { code: 2, error: /warehouse/i, hint: /hint: / });
  });

  it('says that a query is wrong', async () => {
    await expectError(['sql', 'select * fro x', '--project', project.root], {
      code: 2,
      error: /Parser Error: syntax error at or near/,
      hint: /hint: correct the query/,
    });
    await expectError(['sql', 'select * from facts.nothing', '--project', project.root], {
      code: 2,
      error: /Catalog Error: Table with name/,
      hint: /show all tables/,
    });
  });

  it('takes an address with one slash for no folder', async () => {
    await expectError(['relocate', '--to', 's3:/bucket/lake', '--project', project.root], {
      code: 2,
      error: /--to s3:\/bucket\/lake is no place for a warehouse/,
      hint: /s3:\/\/BUCKET\/PREFIX/,
    });
    const slip = makeProject({
      ...PROCESSES,
      'psyberg.yaml': 'name: test\ncatalog: { warehouse: "s3:/bucket/lake" }\n',
    });
    await expectError(['plan', '--project', slip.root], {
      code: 2,
      error: /psyberg\.yaml:2:23 the embedded catalog keeps tables in a folder/,
      hint: /s3:\/\/bucket\/prefix/,
    });
  });

  it('checks numbers and names before it starts anything', async () => {
    await expectError(['history', '--limit', 'many', '--project', project.root], {
      code: 2,
      error: /--limit must be a whole number/,
      hint: /--limit 20/,
    });
    for (const [argv, error, hint] of [
      [['run', '--jobs', '0'], /--jobs must be a whole number from 1 on/, /--jobs 4/],
      [['maintain', '--older-than', '5'], /--older-than must be a duration/, /--older-than 36h/],
      [['maintain', '--target-file-size', 'big'], /must be a size/, /--target-file-size 128MB/],
      [['maintain', '--only', 'all'], /--only knows compact/, /--only expire,orphans/],
    ] as const)
      await expectError([...argv, '--project', project.root], { code: 2, error, hint });
    await expectError(['catalog', 'serve', '--token', '', '--project', project.root], {
      code: 2,
      error: /token must be printable characters/,
      hint: /get a random one/,
    });
    await expectError(['catalog', 'serve', '--port', '99999', '--project', project.root], {
      code: 2,
      error: /--port must be a number/,
      hint: /any free port/,
    });
    await expectError(
      [
        'session',
        'init',
        '--process_name=signup_load',
        '--psyberg_session_id=today',
        '--project',
        project.root,
      ],
      {
        code: 2,
        error: /14 digits, found 'today'/,
        hint: /for example \d{14}/,
      },
    );
  });

  it('shows the chain of causes with --verbose, and no stack trace', async () => {
    const { stderr } = await cli(
      'run',
      '--plan',
      join(project.root, 'absent.json'),
      '--verbose',
      '--project',
      project.root,
    );
    expect(stderr).toMatch(/caused by ENOENT/);
    expect(stderr).not.toMatch(STACK_TRACE);
  });
});

describe('errors of a process', () => {
  it('exits 2 for a source that does not exist', async () => {
    const project = makeProject({ 'processes/signup_load.sql': PROCESSES['processes/signup_load.sql'] });
    await expectError(['plan', '--project', project.root], {
      code: 2,
      error: /the source table raw.signups of signup_load does not exist/,
      hint: /hint: create it/,
    });
    const { code, json } = await cliJson('run', '--project', project.root);
    const [run] = runDocument.parse(json).runs;
    expect([code, run?.status, run?.error?.code]).toEqual([2, 'failed', 'source-missing']);
    // The session under which `history` has it.
    expect((await cliJson('history', '--project', project.root)).json).toMatchObject({
      sessions: [{ psyberg_session_id: run?.psyberg_session_id, error: { code: 'source-missing' } }],
    });
  });

  it('gives the place of an error in the SQL as file:line:column, for syntax and for names', async () => {
    const project = makeProject({
      'processes/signup_load.sql': PROCESSES['processes/signup_load.sql'].replace(
        'select event_id, account_id',
        'select event_id,\n  acount_id',
      ),
    });
    await project.sql(...TABLES, signups(0, 1));
    const unknown = await cli('run', '--project', project.root);
    expect([unknown.code, unknown.stdout]).toEqual([
      2,
      expect.stringMatching(/processes\/signup_load\.sql:16:3 Binder Error: .*acount_id/),
    ]);
    project.write(
      'processes/signup_load.sql',
      PROCESSES['processes/signup_load.sql'].replace('from signups', 'form signups'),
    );
    const syntax = await cli('run', '--project', project.root);
    expect([syntax.code, `${syntax.stdout}${syntax.stderr}`]).toEqual([
      2,
      expect.stringMatching(/processes\/signup_load\.sql:15:\d+ /),
    ]);
    expect(`${unknown.stdout}${unknown.stderr}${syntax.stdout}${syntax.stderr}`).not.toMatch(STACK_TRACE);
    expect(
      await project.sql("select count(*) as tables from (show all tables) where schema = 'facts'"),
    ).toEqual([{ tables: 0n }]);
  });
});
