/**
 * Azure's store for tests: Azurite (npm) on loopback, installed once, into `.cache`. It answers as Azure's Blob
 * Storage does, and knows nothing of Data Lake Storage, by which DuckDB writes and lists what is named
 * `abfss:`. Those four requests are answered here, over blobs; all others are its own, signatures included.
 */
import { execFile, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  duckdbVersion,
  EXTENSION_NAMES,
  extensionDirectory,
  extensionFile,
  installExtensions,
  missingExtensions,
} from '../../src/setup/extensions.mjs';
import { freePort } from '../support/free-port.ts';
import { CACHE, installOnce, PROJECT } from './install-once.ts';

const run = promisify(execFile);
const VERSION = '3.37.0';
const folder = join(CACHE, 'azurite', VERSION);
const program = join(folder, 'node_modules/azurite/dist/src/blob/main.js');
/** npm writes it last. */
const mark = join(folder, 'node_modules/.package-lock.json');

/** What every Azurite has; both are public. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const API_VERSION = '2023-11-03';

export interface AzureStore {
  /** For DuckDB's secret; whatever is below `localhost` is this machine to it. */
  readonly connectionString: string;
  /** Parts of it: by Iceberg's names the same is said with these. */
  readonly account: { readonly name: string; readonly key: string; readonly suffix: string };
  /** A signature that lets its bearer read, write, list and delete for an hour. */
  readonly sas: () => string;
  /** `abfss://CONTAINER@HOST` */
  readonly location: (container: string) => string;
  makeContainer(name: string): Promise<void>;
  /** Names of all blobs of a container. */
  list(container: string): Promise<string[]>;
  close(): Promise<void>;
}

/** A folder of DuckDB's extensions with those that psyberg brings and `azure`, filled once. */
export async function extensionsWithAzure(): Promise<string> {
  const version = duckdbVersion(PROJECT);
  const directory = join(CACHE, 'extensions-with-azure');
  await installOnce({
    isInstalled: () => missingExtensions(directory, version, NAMES).length === 0,
    name: 'extensions-with-azure',
    async install() {
      for (const name of EXTENSION_NAMES) {
        const file = extensionFile(directory, version, name);
        mkdirSync(dirname(file), { recursive: true });
        copyFileSync(extensionFile(extensionDirectory(), version, name), file);
      }
      const { missing, tried } = await installExtensions({ directory, version, names: ['azure'] });
      if (missing.length > 0)
        throw new Error(`DuckDB's extension azure is not to be had: ${tried.join('; ')}`);
    },
  });
  return directory;
}
const NAMES = [...EXTENSION_NAMES, 'azure'];

export async function startAzurite(): Promise<AzureStore> {
  await installOnce({
    isInstalled: () => existsSync(mark) && existsSync(program),
    name: 'azurite',
    async install() {
      mkdirSync(folder, { recursive: true });
      await run('npm', [
        'install',
        '--prefix',
        folder,
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        `azurite@${VERSION}`,
      ]);
    },
  });
  const port = await freePort();
  const kept = mkdtempSync(join(tmpdir(), 'psyberg-azurite-'));
  const child = spawn(
    process.execPath,
    [
      program,
      '--silent',
      '--blobHost',
      '127.0.0.1',
      '--blobPort',
      String(port),
      '-l',
      kept,
      '--skipApiVersionCheck',
    ],
    { stdio: 'ignore' },
  );
  const blobs = blobClient(`http://127.0.0.1:${port}`);
  const endMs = Date.now() + 60_000;
  while (
    !(await blobs('GET', '', { comp: 'list' }).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > endMs) throw new Error('Azurite did not start');
    await sleep(100);
  }
  const list = async (container: string, prefix = ''): Promise<{ name: string; bytes: number }[]> => {
    const answer = await blobs('GET', container, { restype: 'container', comp: 'list', prefix });
    return [...(await answer.text()).matchAll(/<Blob><Name>([^<]*)<\/Name>.*?<Content-Length>(\d+)</gs)].map(
      ([, name, bytes]) => ({ name: name as string, bytes: Number(bytes) }),
    );
  };
  const lake = createServer(lakeOver({ blobs, list, blobPort: port }));
  await new Promise<void>((ready) => lake.listen(0, '127.0.0.1', ready));
  const suffix = `localhost:${(lake.address() as AddressInfo).port}`;
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};EndpointSuffix=${suffix}`,
    account: { name: ACCOUNT, key: KEY, suffix },
    sas: accountSas,
    location: (container) => `abfss://${container}@${ACCOUNT}.dfs.core.windows.net`,
    async makeContainer(name) {
      const { status } = await blobs('PUT', name, { restype: 'container' });
      if (status !== 201) throw new Error(`the container ${name} was not made: ${status}`);
    },
    list: async (container) => (await list(container)).map(({ name }) => name),
    async close() {
      lake.closeAllConnections();
      await new Promise((closed) => lake.close(closed));
      const gone = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGKILL');
      await gone;
      rmSync(kept, { recursive: true, force: true });
    },
  };
}

/** Azure, "Create an account SAS". */
function accountSas(): string {
  const se = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, '');
  const said = { sv: '2021-12-02', ss: 'b', srt: 'sco', sp: 'rwdlac', se, spr: 'https,http' };
  const { sv, ss, srt, sp, spr } = said;
  const text = [ACCOUNT, sp, ss, srt, '', se, '', spr, sv, '', ''].join('\n');
  const sig = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest('base64');
  return new URLSearchParams({ ...said, sig }).toString();
}

type Blobs = (
  method: string,
  path: string,
  query: Readonly<Record<string, string>>,
  body?: Buffer,
) => Promise<Response>;

/** Requests to the Blob service, signed by its Shared Key scheme. `path`: without the account. */
function blobClient(origin: string): Blobs {
  return async (method, path, query, body) => {
    const headers: Record<string, string> = {
      'x-ms-date': new Date().toUTCString(),
      'x-ms-version': API_VERSION,
      ...(body === undefined ? {} : { 'x-ms-blob-type': 'BlockBlob' }),
    };
    const length = body === undefined || body.length === 0 ? '' : String(body.length);
    const named = Object.entries(headers)
      .sort()
      .map(([key, value]) => `${key}:${value}`);
    const asked = Object.entries(query)
      .sort()
      .map(([key, value]) => `\n${key}:${value}`);
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    const text = [
      [method, '', '', length, '', '', '', '', '', '', '', ''].join('\n'),
      ...named,
      `/${ACCOUNT}/${ACCOUNT}/${encoded}${asked.join('')}`,
    ].join('\n');
    const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(text).digest('base64');
    return fetch(`${origin}/${ACCOUNT}/${encoded}?${new URLSearchParams(query)}`, {
      method,
      headers: { ...headers, authorization: `SharedKey ${ACCOUNT}:${signature}` },
      ...(body === undefined ? {} : { body }),
    });
  };
}

interface Behind {
  readonly blobs: Blobs;
  readonly list: (container: string, prefix: string) => Promise<{ name: string; bytes: number }[]>;
  readonly blobPort: number;
}

/** Data Lake Storage's requests that DuckDB 1.5.5 sends: create, append, flush, list. */
function lakeOver({ blobs, list, blobPort }: Behind) {
  const begun = new Map<string, Buffer[]>();

  /** The status of what changes something. `path`: with the container. */
  async function change(action: string | null, path: string, body: Buffer): Promise<number> {
    switch (action) {
      case 'directory':
      case 'file': {
        begun.set(path, []);
        const container = await blobs('GET', path.split('/')[0] as string, { restype: 'container' });
        return container.ok ? 201 : container.status;
      }
      case 'append':
        begun.get(path)?.push(body);
        return 202;
      case 'flush': {
        const written = await blobs('PUT', path, {}, Buffer.concat(begun.get(path) ?? []));
        return written.ok ? 200 : written.status;
      }
      default:
        return 400;
    }
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const { pathname, searchParams: query } = new URL(incoming.url ?? '', 'http://host');
    if (!(incoming.headers.host ?? '').includes('.dfs.')) return passOn(incoming, body, response);
    const path = decodeURIComponent(pathname.slice(1));
    const action = query.get('resource') ?? query.get('action');
    const isList = action === 'filesystem';
    const status = isList ? 200 : await change(action, path, body);
    const missing = status === 404 ? { error: { code: 'FilesystemNotFound', message: 'not found' } } : {};
    const content = isList ? { paths: await listed(path, query.get('directory') ?? '') } : missing;
    const text = isList || status === 404 ? JSON.stringify(content) : '';
    response.writeHead(status, {
      'x-ms-version': API_VERSION,
      'x-ms-request-server-encrypted': 'true',
      ...(status === 404 ? { 'x-ms-error-code': 'FilesystemNotFound' } : {}),
      // Without a body no client may look for JSON in it.
      ...(text === '' ? {} : { 'content-type': 'application/json' }),
      'content-length': Buffer.byteLength(text),
      etag: '"0x1"',
      'last-modified': new Date().toUTCString(),
    });
    response.end(text);
  }

  async function listed(container: string, folder: string) {
    return (await list(container, folder === '' ? '' : `${folder}/`)).map(({ name, bytes }) => ({
      name,
      contentLength: String(bytes),
      lastModified: new Date().toUTCString(),
      etag: '0x1',
    }));
  }

  function passOn(incoming: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { method, url, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port: blobPort, method, path: url, headers }, (reply) => {
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  }

  return (incoming: IncomingMessage, response: ServerResponse): void => {
    answer(incoming, response).catch(() => response.destroy());
  };
}
