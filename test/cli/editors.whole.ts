// Goal: an editor completes and validates the files of a new project. Method: yaml-language-server, which is what
// VS Code's YAML extension and other editors run, is driven over LSP in a project that `psyberg new` wrote; no
// settings but the modeline of the files. And the problem matcher of tasks.json reads what the command line prints.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, removeFolders, startCli, temporaryFolder } from './fixture.ts';

const SERVER = join(
  dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json')),
  'bin/yaml-language-server',
);

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly uri?: string;
    readonly diagnostics?: readonly Diagnostic[];
    readonly items?: readonly { readonly section?: string }[];
  };
  readonly result?: unknown;
}
interface Diagnostic {
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

let server: ChildProcess;
let root: string;
const messages: Message[] = [];
let lastId = 0;
/** By section; the server asks for them. */
const settings: Record<string, object> = {
  yaml: { schemaStore: { enable: false }, validate: true, completion: true, hover: true },
};

function send(message: object): void {
  const text = JSON.stringify({ jsonrpc: '2.0', ...message });
  server.stdin?.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}
async function until<T>(look: () => T | undefined, what: string): Promise<T> {
  for (let time = 0; time < 600; time += 1) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: nothing came, of ${JSON.stringify(messages).slice(0, 2000)}`);
}
async function ask(method: string, params: object): Promise<unknown> {
  lastId += 1;
  const id = lastId;
  send({ id, method, params });
  return (await until(() => messages.find((each) => each.id === id && each.method === undefined), method))
    .result;
}
const uriOf = (file: string): string => pathToFileURL(join(root, file)).href;
let version = 0;

/** Opens a text in place of a file; returns what is wrong with it, each with its line (from 1). */
async function problemsOf(file: string, text: string): Promise<string[]> {
  const before = messages.length;
  version += 1;
  send({ method: 'textDocument/didClose', params: { textDocument: { uri: uriOf(file) } } });
  send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri: uriOf(file), languageId: 'yaml', version, text } },
  });
  const isOf = (each: Message, at: number): boolean =>
    at >= before && each.method === 'textDocument/publishDiagnostics' && each.params?.uri === uriOf(file);
  // Closing a text publishes, too: that none of its problems are left.
  await until(() => messages.find((each, at) => isOf(each, at)), `diagnostics of ${file}`);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const last = messages.findLast((each, at) => isOf(each, at));
  return (last?.params?.diagnostics ?? []).map(({ message, range }) => `${range.start.line + 1}: ${message}`);
}
async function completionsAt(file: string, text: string): Promise<string[]> {
  const [before] = text.split('▮') as [string];
  await problemsOf(file, text.replace('▮', ''));
  const lines = before.split('\n');
  const position = { line: lines.length - 1, character: (lines.at(-1) as string).length };
  const found = (await ask('textDocument/completion', { textDocument: { uri: uriOf(file) }, position })) as {
    readonly items: readonly { readonly label: string }[];
  };
  return found.items.map(({ label }) => label);
}

beforeAll(async () => {
  root = join(temporaryFolder(), 'lake');
  expect((await cli('new', 'project', root)).code).toBe(0);
  server = spawn(process.execPath, [SERVER, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let rest = Buffer.alloc(0);
  server.stdout?.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = rest.indexOf('\r\n\r\n');
      const length = Number(
        /Content-Length: (\d+)/.exec(rest.subarray(0, Math.max(0, head)).toString())?.[1],
      );
      if (head < 0 || rest.length < head + 4 + length) return;
      const message = JSON.parse(rest.subarray(head + 4, head + 4 + length).toString()) as Message;
      rest = rest.subarray(head + 4 + length);
      messages.push(message);
      // What the server asks for of itself: settings, and to be told of files.
      if (message.id !== undefined && message.method !== undefined)
        send({
          id: message.id,
          result: message.params?.items?.map(({ section }) => settings[section ?? ''] ?? null) ?? null,
        });
    }
  });
  await ask('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(root).href,
    capabilities: { textDocument: { completion: {}, publishDiagnostics: {} } },
    workspaceFolders: [{ uri: pathToFileURL(root).href, name: 'lake' }],
  });
  send({ method: 'initialized', params: {} });
}, 60_000);
afterAll(() => {
  server.kill();
  removeFolders();
});

const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('yaml-language-server', () => {
  it('finds nothing wrong in a new project', async () => {
    expect(await problemsOf('psyberg.yaml', textOf('psyberg.yaml'))).toEqual([]);
    expect(await problemsOf('tests/events.yaml', textOf('tests/events.yaml'))).toEqual([]);
  });
  it('marks a wrong key and a wrong value, at their lines', async () => {
    const yaml = textOf('psyberg.yaml').replace('processes:', 'proceses:');
    const line = yaml.split('\n').findIndex((each) => each.startsWith('proceses')) + 1;
    expect(await problemsOf('psyberg.yaml', yaml)).toEqual([`${line}: Property proceses is not allowed.`]);
    const tests = textOf('tests/events.yaml').replace('status: published', 'status: publishd');
    expect(await problemsOf('tests/events.yaml', tests)).toEqual([
      expect.stringMatching(/^\d+: Value is not accepted\. Valid values: "published"/),
    ]);
  });
  it('completes keys and values', async () => {
    expect(await completionsAt('psyberg.yaml', `${textOf('psyberg.yaml')}▮\n`)).toEqual(
      expect.arrayContaining(['tables', 'audit_failure_rows', 'window_key_limit']),
    );
    const tests = textOf('tests/events.yaml').replace('          status: published', '          status: ▮');
    expect(await completionsAt('tests/events.yaml', tests)).toEqual(
      expect.arrayContaining(['published', 'audit-failed']),
    );
  });
  it('says what a key means, in the words of the reference', async () => {
    await problemsOf('psyberg.yaml', textOf('psyberg.yaml'));
    const line = textOf('psyberg.yaml')
      .split('\n')
      .findIndex((each) => each.startsWith('processes'));
    const hover = await ask('textDocument/hover', {
      textDocument: { uri: uriOf('psyberg.yaml') },
      position: { line, character: 3 },
    });
    expect(JSON.stringify(hover)).toContain('The folder of the process files.');
  });
  it('takes a header for YAML where an editor hands it over as such, and only there', async () => {
    const sql = textOf('processes/event_fact_load.sql');
    const header = /\/\*---\n([\s\S]*?)---\*\//.exec(sql)?.[1] as string;
    const yaml = `# yaml-language-server: $schema=../.psyberg/schema/process.json\n${header}`;
    expect(await problemsOf('processes/header.yaml', yaml)).toEqual([]);
    expect(await problemsOf('processes/header.yaml', yaml.replace('event_time:', 'event_tme:'))).toEqual([
      '6: Property event_tme is not allowed.',
    ]);
  });
  it('finds the schema by .vscode/settings.json alone, in a file that does not name it', async () => {
    const own = JSON.parse(textOf('.vscode/settings.json')) as Record<string, unknown>;
    settings['yaml'] = { ...settings['yaml'], schemas: own['yaml.schemas'] };
    send({ method: 'workspace/didChangeConfiguration', params: { settings: null } });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const [, ...project] = textOf('psyberg.yaml').replace('processes:', 'proceses:').split('\n');
    expect(await problemsOf('psyberg.yaml', project.join('\n'))).toEqual([
      expect.stringMatching(/Property proceses is not allowed/),
    ]);
    const [, ...tests] = textOf('tests/events.yaml').replace('arrivals:', 'arivals:').split('\n');
    expect(await problemsOf('tests/deep/events.yaml', tests.join('\n'))).toEqual(
      expect.arrayContaining([expect.stringMatching(/Property arivals is not allowed/)]),
    );
  });
}, 120_000);

describe('the task of VS Code', () => {
  it('has a problem matcher that reads what the command line prints', async () => {
    const { tasks } = JSON.parse(textOf('.vscode/tasks.json')) as {
      tasks: { label: string; problemMatcher: { pattern: Record<string, number> & { regexp: string } } }[];
    };
    const pattern = tasks.find(({ label }) => label === 'psyberg check')?.problemMatcher.pattern;
    writeFileSync(join(root, 'processes/broken.sql'), 'select )\n');
    const { stdout } = await startCli(['fmt'], { cwd: root }).done;
    const found = stdout.split('\n').flatMap((line) => {
      const match = new RegExp(pattern?.regexp ?? '').exec(line);
      return match === null
        ? []
        : [['file', 'line', 'column', 'severity', 'code'].map((key) => match[pattern?.[key] ?? 0])];
    });
    expect(found).toEqual([['processes/broken.sql', '1', '8', 'error', 'text-not-parsed']]);
  });
});
