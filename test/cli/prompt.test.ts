// Goal: the prompt shows what was asked, and nothing that is typed ends it but its own end. Method: readline
// over streams, as a terminal, on a project of its own; and once a real terminal, by Python's pty.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { completeDotCommand, completeSql, type Names } from '../../src/cli/prompt/completion.ts';
import { DOT_COMMANDS } from '../../src/cli/prompt/dot-commands.ts';
import { historyFile, keepInHistory, keptHistory } from '../../src/cli/prompt/history.ts';
import { startPrompt } from '../../src/cli/prompt/run-prompt.ts';
import { asOneLine, typedStatements } from '../../src/cli/prompt/typed-statements.ts';
import { PLAIN } from '../../src/report/style.ts';
import { COMMAND_FILE } from '../support/command-file.ts';
import { open } from '../support/open-project.ts';
import { makeProject, type Project, removeFolders, temporaryFolder } from './fixture.ts';

afterAll(removeFolders);

let project: Project;
beforeAll(async () => {
  project = makeProject({});
  await project.sql(
    'create schema raw',
    'create table raw.events (event_id bigint, "Odd name" varchar, ts timestamptz) partitioned by (hour(ts))',
    "insert into raw.events values (1, 'x', timestamptz '2023-09-14 05:10:00Z'), (2, null, null)",
  );
});

/** A prompt on streams. `type` sends keys and waits until `until` is on the screen after them. */
async function promptOver({ isTerminal = true } = {}) {
  const psyberg = await open({ project: project.root });
  onTestFinished(() => psyberg.close());
  const input = new PassThrough();
  const screen = new PassThrough();
  let text = '';
  screen.on('data', (part) => (text += String(part)));
  const history = `${temporaryFolder()}/history`;
  const prompt = startPrompt(psyberg, {
    input,
    output: screen,
    errors: screen,
    isTerminal,
    style: PLAIN,
    historyFile: history,
    settings: { branch: undefined, format: 'box', limit: 100, timing: false },
  });
  return {
    prompt,
    psyberg,
    input,
    history: () => readFileSync(history, 'utf8').trimEnd().split('\n'),
    shown: () => text,
    async type(keys: string, until: string | RegExp = 'psyberg> '): Promise<string> {
      text = '';
      input.write(keys);
      const seen = (): boolean => (typeof until === 'string' ? text.includes(until) : until.test(text));
      while (!seen()) await new Promise((done) => setTimeout(done, 10));
      // Without what readline moves the cursor with.
      return text.replaceAll(/\x1b\[\d*[A-Za-z]/g, '');
    },
  };
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ENDLESS = 'select count(*) from range(9000000) a, range(9000000) b where a.range + b.range = 7;\n';

describe('the prompt', () => {
  it('runs statements of several lines, shows errors, and goes on', async () => {
    const { type, prompt, input, history } = await promptOver();
    expect(await type("select event_id,\n  'a;b' as text\nfrom raw.events order by 1;\n", '2 rows')).toMatch(
      /│ +1 │ a;b +│/,
    );
    expect(await type('selec 1;\n', 'hint: ')).toContain(
      'error: Parser Error: syntax error at or near "selec"',
    );
    expect(await type('from nowhere;\n', 'hint: ')).toContain('hint: .tables lists the tables');
    expect(await type('create temp table mine as select 1 as one; from mine;\n', '1 row')).toContain('done');
    input.write(CTRL_D);
    expect(await prompt.ended).toBe(0);
    expect(history()[0]).toBe("select event_id, 'a;b' as text from raw.events order by 1;");
  });
  it('stops a statement by Ctrl-C and not itself; twice at the empty prompt ends it', async () => {
    // What was printed is not the end of a statement: the prompt that comes after it is.
    const { type, prompt, input } = await promptOver();
    await type(ENDLESS, '\n');
    await new Promise((done) => setTimeout(done, 300));
    await type(CTRL_C, /stopped.*psyberg> /s);
    expect(await type('select 41 + 1 as answer;\n', /1 row.*psyberg> /s)).toContain('42');
    await type('select 1, -- half', 'half');
    await type(CTRL_C);
    expect(await type('select 43 as next;\n', /1 row.*psyberg> /s)).toContain('43');
    await type(CTRL_C, 'Ctrl-C again');
    await new Promise((done) => setTimeout(done, 300));
    input.write(CTRL_C);
    expect(await prompt.ended).toBe(0);
  });
  it('takes half a line away by Ctrl-C on a terminal without keys of its own', async () => {
    vi.stubEnv('TERM', 'dumb');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { type, prompt, input } = await promptOver();
    await type('select 1, -- half', 'half');
    await type(CTRL_C);
    expect(await type('select 43 as next;\n', /1 row.*psyberg> /s)).toContain('43');
    input.write(CTRL_D);
    expect(await prompt.ended).toBe(0);
  });
  it('may be left while a statement runs, which is waited for or stopped', async () => {
    const { type, prompt, input } = await promptOver();
    await type('select count(*) as n from range(30000000) where range % 7 = 3;\n', '\n');
    input.write(CTRL_D);
    expect(await prompt.ended).toBe(0);
    const other = await promptOver();
    await other.type(ENDLESS, '\n');
    other.input.write(CTRL_D);
    await new Promise((done) => setTimeout(done, 100));
    other.prompt.interrupt();
    expect(await other.prompt.ended).toBe(0);
  });
  it('may be closed as soon as a result is on the screen, when its statement has not ended', async () => {
    const turn = () => new Promise((done) => setImmediate(done));
    for (let round = 0; round < 15; round += 1) {
      const { psyberg, input, shown } = await promptOver();
      input.write('select count(*) as n from range(3);\n');
      while (!shown().includes('1 row')) await turn();
      for (const untilMs = performance.now() + (round % 8) * 0.2; performance.now() < untilMs; ) await turn();
      await psyberg.close();
    }
  });
  it('has commands of its own', async () => {
    const { type, prompt, input } = await promptOver();
    expect(await type('.tables\n', '14 05h')).toMatch(/raw\.events +2 +/);
    expect(await type('.schema RAW.events\n', ');')).toMatch(
      /create table raw\.events \(\r?\n {2}event_id bigint,\r?\n {2}"Odd name" varchar,\r?\n {2}ts timestamptz\r?\n\) partitioned by \(hour\("ts"\)\) with \('format-version' = '2'/,
    );
    expect(await type('.schema raw.event\n', 'hint')).toContain('did you mean raw.events?');
    await type('.mode csv\n');
    expect(await type('select null as a, 1 as b;\n', '1\n')).toContain('a,b\n,1\n');
    expect(await type('.format parquet\n', 'hint')).toContain('Parquet is written to a file');
    await type('.mode jsonl\n');
    await type('.limit 1\n');
    expect(await type('from range(3);\n', 'there are more')).toContain('{"range":"0"}\n');
    expect(await type('.timing\n', 'timing on')).not.toContain('error');
    expect(await type('select 1 as n;\n', / s\n/)).toMatch(/\d+\.\d\d s\n/);
    expect(await type('.branch nope\n', 'hint')).toContain('no table has a branch or tag "nope"');
    expect(await type('.branch\n', 'main')).toMatch(/\* +main/);
    expect(await type('.tabels\n', 'hint')).toContain('did you mean .tables?');
    expect(await type('.help\n', '.quit')).toContain('.schema [TABLE]');
    input.write('exit\n');
    expect(await prompt.ended).toBe(0);
  });
  it('shows a branch where a table has it', async () => {
    const { type } = await promptOver();
    await project.sql('create table raw.tagged (id bigint)', 'insert into raw.tagged values (1)');
    const psyberg = await open({ project: project.root });
    const id = { namespace: ['raw'], name: 'tagged' };
    const metadata = (await psyberg.internals.client.loadTable(id))?.metadata;
    await psyberg.internals.client.commitTable(id, {
      requirements: [],
      updates: [
        {
          action: 'set-snapshot-ref',
          'ref-name': 'before',
          type: 'tag',
          'snapshot-id': metadata?.['current-snapshot-id'] as bigint,
        },
      ],
    });
    await psyberg.close();
    await project.sql('insert into raw.tagged values (2)');
    expect(await type('.branch\n', 'before')).toMatch(/before +tag +raw\.tagged/);
    await type('.branch before\n', 'psyberg before> ');
    const text = await type(
      'select count(*) as n from raw.tagged; select count(*) as n from raw.events;\n',
      'read from main: raw.events',
    );
    expect(text).toMatch(/│ +1 │/);
    await type('.branch main\n', 'psyberg> ');
    expect(await type('select count(*) as n from raw.tagged;\n', '1 row')).toMatch(/│ +2 │/);
  });
  it('takes lines from a pipe: each is tried, and the exit code is the worst', async () => {
    const { prompt, input, type } = await promptOver({ isTerminal: false });
    await type('selec 1;\n', 'hint');
    await type('.mode csv\nselect 1 as a;\n', 'a\n1\n');
    const last = type('select 7 as unended', 'unended\n7\n');
    input.end();
    await last;
    expect(await prompt.ended).toBe(2);
  });
});

it('what was typed is cut where a statement ends', () => {
  expect(typedStatements("select ';' -- ;\n")).toEqual({ whole: undefined, rest: "select ';' -- ;\n" });
  expect(typedStatements('select 1; select')).toEqual({ whole: 'select 1;', rest: ' select' });
  expect(typedStatements('select 1; -- done')).toEqual({ whole: 'select 1;', rest: '' });
  expect(typedStatements('-- only this')).toEqual({ whole: undefined, rest: '' });
  expect(typedStatements('/* begun')).toEqual({ whole: undefined, rest: '/* begun' });
  expect(asOneLine(['select 1,', '  2;'])).toBe('select 1, 2;');
  expect(asOneLine(["select 'a", "b';"])).toBeUndefined();
  expect(asOneLine(['select 1 -- one', ';'])).toBeUndefined();
});

describe('the history', () => {
  it('is kept for its owner alone, newest first, without secrets', () => {
    const file = `${temporaryFolder()}/state/history`;
    expect(keptHistory(file)).toEqual([]);
    for (const entry of ['select 1;', '  ', "create secret s (type s3, secret 'x');", 'select 2;'])
      keepInHistory(file, entry);
    expect(keptHistory(file)).toEqual(['select 2;', 'select 1;']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
  it('lies where the environment says', () => {
    expect(historyFile({ PSYBERG_HISTORY: '' })).toBeUndefined();
    expect(historyFile({ PSYBERG_HISTORY: '/a/b' })).toBe('/a/b');
    expect(historyFile({ XDG_STATE_HOME: '/state' })).toBe('/state/psyberg/sql_history');
    expect(historyFile({})).toMatch(/\/\.local\/state\/psyberg\/sql_history$/);
  });
});

describe('completion', () => {
  const names: Names = {
    tables: async () => ['facts.cancel', 'raw.events', 'raw.requests'],
    columns: async (table) => (table === 'raw.events' ? ['event_id', 'Odd name'] : []),
    keywords: async () => ['select', 'selective', 'where'],
    branches: async () => ['main', 'before'],
  };
  const candidates = async (text: string): Promise<readonly string[]> =>
    (await completeSql(text, names)).candidates;
  it.each([
    ['keywords', 'sel', ['select', 'selective']],
    ['keywords in capitals', 'SELE', ['SELECT', 'SELECTIVE']],
    ['tables after from', 'select * from raw', ['raw.events', 'raw.requests']],
    ['tables of a schema', 'select * from raw.e', ['raw.events']],
    [
      'columns of a table by its alias',
      'select * from raw.events e where e.',
      ['e."Odd name"', 'e.event_id'],
    ],
    ['columns by the table', 'select * from raw.events where events.ev', ['events.event_id']],
    ['columns without a name before', 'select *\nfrom raw.events where eve', ['event_id']],
    ['nothing unknown', 'select * from raw.events where zzz', []],
  ])('knows %s', async (_what, text, expected) => {
    expect(await candidates(text)).toEqual(expected);
  });
  it('knows commands and what may follow them', async () => {
    const of = async (line: string) => (await completeDotCommand(line, names, DOT_COMMANDS)).candidates;
    expect(await of('.t')).toEqual(['.tables', '.timing']);
    expect(await of('.schema raw.r')).toEqual(['raw.requests']);
    expect(await of('.branch b')).toEqual(['before']);
    expect(await of('.mode j')).toEqual(['json', 'jsonl']);
  });
});

it('works on a real terminal: colours, completion, history, Ctrl-C, its width', async () => {
  const script = fileURLToPath(new URL('drive-terminal.py', import.meta.url));
  const history = `${temporaryFolder()}/history`;
  const steps = [
    ['psyberg> ', 'select eve'],
    ['select eve', '\b\b\b* from raw.ev'],
    ['raw.ev', '\t'],
    ['ents', ' where eve'],
    ['where eve', '\t'],
    // A keyword begins like it.
    ['nt', '_\t'],
    ['id', ' = 1;\n'],
    ['1 row', "select repeat('y', 300) as y, 1 as b;\n"],
    ['1 row', ENDLESS],
    ['7;', ''],
    ['PAUSE', '\u0003'],
    ['stopped', '\u001b[A\u001b[A'],
    ['as b;', '\n'],
    ['1 row', '\u0004'],
  ];
  const child = spawn(
    'python3',
    [script, JSON.stringify(steps), process.execPath, COMMAND_FILE, 'sql', '--project', project.root],
    { env: { ...process.env, NODE_NO_WARNINGS: '1', PSYBERG_HISTORY: history, TERM: 'xterm' } },
  );
  let screen = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
  const code = await new Promise((done) => child.on('close', done));
  expect({ code, screen }).toMatchObject({ code: 0, screen: expect.stringContaining('│ \u001b[1m') });
  expect(screen).toContain('y… │');
  expect(existsSync(history)).toBe(true);
  expect(readFileSync(history, 'utf8')).toContain('select * from raw.events where event_id = 1;\n');
}, 30_000);
