/** A temporary project, and the real command line over it as a child process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { COMMAND_FILE } from '../support/command-file.ts';
import { open } from '../support/open-project.ts';

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command; output is no terminal, so it must be plain. */
export function startCli(
  argv: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** What stands on stdin; otherwise there is none. */
    readonly input?: string;
  } = {},
): {
  readonly child: ChildProcess;
  readonly done: Promise<CliResult>;
  readonly stderr: () => string;
  readonly stdout: () => string;
} {
  const env = { ...process.env, NODE_NO_WARNINGS: '1', ...options.env };
  const child = spawn(process.execPath, [COMMAND_FILE, ...argv], {
    cwd: options.cwd,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env,
  });
  child.stdin?.end(options.input);
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<CliResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done, stderr: () => stderr, stdout: () => stdout };
}

export const cli = (...argv: readonly string[]): Promise<CliResult> => startCli(argv).done;

/** Runs with --json and reads the one document; anything else on stdout fails here. */
export async function cliJson(
  ...argv: readonly string[]
): Promise<{ readonly code: number | null; readonly json: unknown; readonly stderr: string }> {
  const { code, stdout, stderr } = await cli(...argv, '--json');
  try {
    return { code, json: JSON.parse(stdout) as unknown, stderr };
  } catch {
    throw new Error(`no JSON on stdout of ${argv.join(' ')}:\n${stdout}\n${stderr}`);
  }
}

const folders: string[] = [];

/** A new folder under the system's temporary one; all are removed by {@link removeFolders}. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-cli-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface Project {
  readonly root: string;
  /** Runs statements in this process. */
  sql(...statements: readonly string[]): Promise<Record<string, unknown>[]>;
  write(file: string, text: string): void;
  /** Branches of a table beside `main`. */
  branches(namespace: string, name: string): Promise<string[]>;
}

export function makeProject(files: Readonly<Record<string, string>>): Project {
  const root = temporaryFolder();
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  mkdirSync(join(root, 'processes'));
  for (const [file, text] of Object.entries({
    'psyberg.yaml': 'name: test\ncatalog:\n  warehouse: warehouse\n',
    ...files,
  }))
    write(file, text);
  return {
    root,
    write,
    async sql(...statements) {
      const psyberg = await open({ project: root });
      try {
        let rows: Record<string, unknown>[] = [];
        for (const statement of statements) rows = (await psyberg.sql(statement)).toObjects();
        return rows;
      } finally {
        await psyberg.close();
      }
    },
    async branches(namespace, name) {
      const psyberg = await open({ project: root });
      try {
        const loaded = await psyberg.internals.client.loadTable({ namespace: [namespace], name });
        return Object.entries(loaded?.metadata.refs ?? {}).flatMap(([ref, { type }]) =>
          ref !== 'main' && type === 'branch' ? [ref] : [],
        );
      } finally {
        await psyberg.close();
      }
    },
  };
}

/** A project of one process, which takes over the rows of one table. */
export const CANCEL_LOAD = {
  'processes/cancel_load.sql': `/*---
process_name: cancel_load
pattern: stateless
sources:
  - { table: raw.cancels, event_time: ts }
target: { table: facts.cancels }
---*/
select * from cancels
`,
};

/**
 * Sign-ups are appended; cancels and requests are joined over a range of hours, and a later hour waits for
 * both.
 */
export const PROCESSES = {
  'processes/signup_load.sql': `/*---
process_name: signup_load
pattern: stateless
sources:
  - table: raw.signups
    event_time: signup_ts
target:
  table: facts.signup
  event_time: signup_ts
  partition_by: [hour(signup_ts)]
audits:
  - source_to_target_count
  - not_null: { columns: [account_id] }
---*/
select event_id, account_id, signup_ts from signups
`,
  'processes/cancel_load.sql': `/*---
process_name: cancel_load
pattern: stateful
sources:
  - table: raw.cancels
    event_time: cancel_ts
  - table: raw.requests
    event_time: request_ts
target:
  table: facts.cancel
  event_time: cancel_ts
  partition_by: [hour(cancel_ts)]
audits:
  - unique: { columns: [event_id] }
---*/
select c.event_id, c.account_id, c.cancel_ts, r.account_id is not null as voluntary
from cancels c
left join requests r using (account_id)
`,
} as const;

export const TABLES = [
  'create schema raw',
  "create table raw.signups (event_id bigint, account_id bigint, signup_ts timestamptz) partitioned by (hour(signup_ts)) with ('format-version' = '2')",
  "create table raw.cancels (event_id bigint, account_id bigint, cancel_ts timestamptz) with ('format-version' = '2')",
  "create table raw.requests (account_id bigint, request_ts timestamptz) with ('format-version' = '2')",
];

/** `count` sign-ups in one hour of 2023-09-14. */
export const signups = (hour: number, count: number, firstId = hour * 1000): string =>
  `insert into raw.signups select ${firstId} + i, i, timestamptz '2023-09-14 00:00:00+00' + interval ${hour} hour + i * interval 1 second from range(${count}) each(i)`;
export const cancels = (hour: number, count: number, firstId = hour * 1000): string =>
  `insert into raw.cancels select ${firstId} + i, i, timestamptz '2023-09-14 00:00:00+00' + interval ${hour} hour + i * interval 1 second from range(${count}) each(i)`;
export const requests = (hour: number, account: number): string =>
  `insert into raw.requests select ${account}, timestamptz '2023-09-14 00:00:00+00' + interval ${hour} hour`;

/** A line of a stack trace. */
export const STACK_TRACE = /\n\s+at .+:\d+:\d+\)?/;
