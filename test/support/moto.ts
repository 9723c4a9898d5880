/**
 * An object store for tests: moto's S3 server (PyPI) on loopback. It takes any keys and refuses requests
 * without, so it proves nothing of signatures. Installed once, into `.cache`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CACHE, installOnce } from '../interop/install-once.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);
/** Pinned: another release may answer otherwise. */
const REQUIREMENTS = ['moto[s3]==5.2.5', 'flask==3.1.3', 'flask-cors==6.0.5'];
const venv = join(CACHE, 'moto');
/** Written last. */
const mark = join(venv, `installed-${REQUIREMENTS.join(',').replace(/[^a-z0-9.]+/gi, '-')}`);

export interface ObjectStore {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  /** Iceberg's settings with which its files are reached. */
  readonly settings: Readonly<Record<string, string>>;
  makeBucket(name: string): Promise<void>;
  put(bucket: string, key: string, content: string): Promise<void>;
  /** Keys of a bucket that begin with `prefix`. */
  list(bucket: string, prefix?: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Runs a Python program with botocore that prints JSON. `argument` reaches it as `argument`, parsed. */
export async function runBotocore<T>(program: string, argument: unknown): Promise<T> {
  await installMoto();
  const preamble = 'import json, sys\nargument = json.loads(sys.argv[1])\n';
  const { stdout } = await run(join(venv, 'bin', 'python'), [
    '-c',
    preamble + program,
    JSON.stringify(argument),
  ]);
  return JSON.parse(stdout) as T;
}

const installMoto = (): Promise<void> =>
  installOnce({ isInstalled: () => existsSync(mark), name: 'moto', install });

export async function startObjectStore(): Promise<ObjectStore> {
  await installMoto();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(join(venv, 'bin', 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  await answering(endpoint, child);
  const ask = (method: string, path: string, body?: string): Promise<Response> =>
    fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: SIGNED },
      ...(body === undefined ? {} : { body }),
    });
  return {
    endpoint,
    settings: {
      's3.endpoint': endpoint,
      's3.path-style-access': 'true',
      's3.access-key-id': 'test',
      's3.secret-access-key': 'test-secret',
      'client.region': 'us-east-1',
    },
    async makeBucket(name) {
      const { status } = await ask('PUT', `/${name}`);
      if (status !== 200) throw new Error(`the bucket ${name} was not made: ${status}`);
    },
    async put(bucket, key, content) {
      const { status } = await ask('PUT', `/${bucket}/${key}`, content);
      if (status !== 200) throw new Error(`${key} was not written: ${status}`);
    },
    async list(bucket, prefix = '') {
      const keys: string[] = [];
      let next = '';
      do {
        const page = await (
          await ask('GET', `/${bucket}?list-type=2&prefix=${encodeURIComponent(prefix)}${next}`)
        ).text();
        for (const [, key] of page.matchAll(/<Key>([^<]*)<\/Key>/g)) keys.push(key as string);
        const token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1];
        next = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`;
      } while (next !== '');
      return keys;
    },
    async close() {
      const gone = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill();
      await gone;
    },
  };
}

/** It reads the key's name out of it and looks no further. */
const SIGNED =
  'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';

async function install(): Promise<void> {
  rmSync(venv, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', venv]);
  try {
    await run(
      join(venv, 'bin', 'python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...REQUIREMENTS],
      { maxBuffer: 64 * 1024 * 1024 },
    );
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`moto could not be installed: ${(stderr || message).trim().split('\n').at(-1)}`, {
      cause: error,
    });
  }
  writeFileSync(mark, '');
}

async function answering(endpoint: string, child: ChildProcess): Promise<void> {
  const endMs = Date.now() + 60_000;
  for (;;) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      return;
    if (child.exitCode !== null || Date.now() > endMs) throw new Error('moto did not start');
    await sleep(100);
  }
}
