/**
 * An object store for tests that looks at signatures: versitygw, over a folder. It is built by Go, once, into
 * `.cache`. What lies in it are plain files: `FOLDER/bucket/key`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { CACHE, installOnce } from './install-once.ts';

const run = promisify(execFile);
const VERSION = '1.8.0';
const folder = join(CACHE, 'versitygw');
const program = join(folder, `versitygw-${VERSION}`);
/** Some 80 packages are compiled. */
const BUILD_MS_MAX = 900_000;

/** Builds it where it is not there. Returns why that is not possible; undefined: it is there. */
export async function missingVersitygw(): Promise<string | undefined> {
  try {
    await installOnce({ isInstalled: () => existsSync(program), name: 'versitygw', install });
    return undefined;
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') return 'there is no Go to build versitygw with';
    return `versitygw cannot be built: ${(stderr || message).trim().split('\n').at(-1)}`;
  }
}

async function install(): Promise<void> {
  const built = join(folder, 'built');
  mkdirSync(built, { recursive: true });
  await run('go', ['install', `github.com/versity/versitygw/cmd/versitygw@v${VERSION}`], {
    env: { ...process.env, GOBIN: built },
    timeout: BUILD_MS_MAX,
    maxBuffer: 64 * 1024 * 1024,
  });
  renameSync(join(built, 'versitygw'), program);
  rmSync(built, { recursive: true });
}

export interface SigningStore {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Iceberg's settings with which its files are reached. */
  readonly settings: Readonly<Record<string, string>>;
  makeBucket(name: string): void;
  /** Keys of a bucket that begin with `prefix`. */
  list(bucket: string, prefix?: string): Promise<string[]>;
  /** Ends it, and keeps its folder. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** `words`: further options, such as `--readonly`. `root`: the folder of another one, which then stays. */
export async function startVersitygw({
  words = [],
  root = mkdtempSync(join(tmpdir(), 'psyberg-versitygw-')),
}: {
  readonly words?: readonly string[];
  readonly root?: string;
} = {}): Promise<SigningStore & { readonly root: string }> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const secret = 'secret-of-versitygw';
  const child = spawn(
    program,
    // Without `--keep-alive`: with it some clients now and then get 400 for a whole request.
    ['--port', `127.0.0.1:${port}`, '--quiet', ...words, 'posix', root],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ROOT_ACCESS_KEY: 'key-of-versitygw', ROOT_SECRET_KEY: secret },
    },
  );
  await answering(endpoint, child);
  const stop = async (): Promise<void> => {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill();
    await gone;
  };
  return {
    endpoint,
    root,
    settings: {
      's3.endpoint': endpoint,
      's3.path-style-access': 'true',
      's3.access-key-id': 'key-of-versitygw',
      's3.secret-access-key': secret,
      'client.region': 'us-east-1',
    },
    makeBucket: (name) => mkdirSync(join(root, name)),
    async list(bucket, prefix = '') {
      return filesBelow(join(root, bucket))
        .map((path) => path.slice(join(root, bucket).length + 1))
        .filter((key) => key.startsWith(prefix) && !key.startsWith('.sgwtmp'));
    },
    stop,
    async close() {
      await stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const filesBelow = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(path, entry.name)) : [join(path, entry.name)],
  );

async function answering(endpoint: string, child: ChildProcess): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  const endMs = Date.now() + 30_000;
  while (
    !(await fetch(endpoint).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > endMs) throw new Error(`versitygw did not start: ${said}`);
    await sleep(50);
  }
}
