/** A project whose sessions are observed, and sinks for what they tell. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askedObserver } from '../../src/observe/asked.ts';
import type { ObserveOptions } from '../../src/observe/request.ts';
import { readProject } from '../../src/project/read-project.ts';
import { type Psyberg, psybergOver } from '../../src/psyberg.ts';
import { openWorkspace } from '../../src/workspace/open-workspace.ts';

export interface Observed {
  readonly psyberg: Psyberg;
  /** What it warned of, so far. */
  readonly warnings: readonly string[];
}

/** Opens the project in `root` with this environment alone. */
export async function openObserved(
  root: string,
  { environment = {}, ...options }: ObserveOptions & { readonly environment?: NodeJS.ProcessEnv },
): Promise<Observed> {
  const project = readProject({ root, variables: {} });
  const warnings: string[] = [];
  const observer = askedObserver(options, { root, environment, warn: (text) => warnings.push(text) });
  const psyberg = psybergOver(await openWorkspace(project, { observer }));
  return { psyberg, warnings };
}

export interface Sink {
  readonly url: string;
  /** Bodies as they came. */
  readonly bodies: Buffer[];
  readonly paths: string[];
  close(): Promise<void>;
}

/** A server that takes everything, and answers as it is told; by `undefined` never. */
export async function openSink(status: number | undefined): Promise<Sink> {
  const bodies: Buffer[] = [];
  const paths: string[] = [];
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts));
      paths.push(request.url ?? '');
      if (status === undefined) return;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{}');
    });
  };
  const server = createServer(take);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    paths,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
