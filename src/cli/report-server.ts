/**
 * `psyberg report --serve`: the page on this machine, made anew when the warehouse or the project changed. A
 * browser that shows it hears of that and loads it again.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { unexpected, usageError } from '../model/errors.ts';
import type { WarehouseReport } from '../report/page/report-document.ts';
import { failureHtml, reportHtml } from '../report/page/report-html.ts';
import { EXIT } from './exit-code.ts';
import { stopSignal } from './interruption.ts';
import { writeAll } from './output.ts';
import { stateOfProject } from './report-state.ts';
import type { Shell } from './shell.ts';

export interface ServedReport {
  readonly port: number;
  readonly gather: () => Promise<WarehouseReport>;
  readonly onReady: (address: string) => Promise<void>;
}

const HOST = '127.0.0.1';
/** How often it is looked for changes while somebody looks at the page, ms: a few file times each. */
const LOOK_EVERY_MS = 1000;

/** Serves until it is stopped. Throws `usage` where the port is taken. */
export async function serveReport(shell: Shell, { port, gather, onReady }: ServedReport): Promise<number> {
  const stopped = stopSignal();
  const state = (): string => stateOfProject(shell.options.project ?? '.', Date.now());
  const page = freshPage(gather, state);
  const watchers = new Set<ServerResponse>();
  // Other users of this machine do not know it, and neither do pages from elsewhere.
  const secret = randomBytes(12).toString('base64url');
  const server = createServer((request, response) => {
    const [place, query] = (request.url ?? '').split('?', 2) as [string, string | undefined];
    if (!isFromHere(request) || request.method !== 'GET') refuse(response, 403);
    else if (place === `/${secret}/`)
      void page().then((text) => {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
        response.end(text);
      });
    else if (place === `/${secret}/changes`)
      watch(response, { seen: new URLSearchParams(query).get('seen') ?? '', state, watchers });
    else refuse(response, 404);
  });
  await listening(server, port);
  const address = `http://${HOST}:${(server.address() as AddressInfo).port}/${secret}/`;
  writeAll(1, `${shell.options.json === true ? JSON.stringify({ uri: address }) : address}\n`);
  shell.note('serving; stop with Ctrl-C');
  await onReady(address);
  await stopped;
  for (const watcher of watchers) watcher.end();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  return EXIT.done;
}

/** Made when it is asked for and something changed; whoever asks meanwhile waits for the same one. */
function freshPage(gather: () => Promise<WarehouseReport>, state: () => string): () => Promise<string> {
  let made: { readonly seen: string; readonly page: Promise<string> } | undefined;
  return () => {
    const seen = state();
    if (made?.seen !== seen)
      made = {
        seen,
        page: gather().then(
          (report) => reportHtml(report, { seen }),
          (error: unknown) => failureHtml(unexpected(error).toJSON(), { seen }),
        ),
      };
    return made.page;
  };
}

/** A page of another site could have a browser ask this one under a name of its own. */
const isFromHere = ({ headers }: IncomingMessage): boolean =>
  /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '');

function refuse(response: ServerResponse, status: 403 | 404): void {
  response.writeHead(status, { 'content-type': 'text/plain' });
  response.end(status === 404 ? 'not found\n' : 'refused\n');
}

/** Tells once, as server-sent events do, that what was seen is no longer how things are. */
function watch(
  response: ServerResponse,
  {
    seen,
    state,
    watchers,
  }: { readonly seen: string; readonly state: () => string; readonly watchers: Set<ServerResponse> },
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write('retry: 2000\n\n');
  watchers.add(response);
  const timer = setInterval(() => {
    if (state() === seen) return;
    clearInterval(timer);
    response.write('data: changed\n\n');
  }, LOOK_EVERY_MS);
  response.on('close', () => {
    clearInterval(timer);
    watchers.delete(response);
  });
}

async function listening(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  await new Promise<void>((done, failed) => {
    server.once('error', (error) =>
      failed(
        usageError('usage', `the report cannot be served on port ${port}: ${error.message}`, {
          hint: 'leave --port out to take any free port',
          cause: error,
        }),
      ),
    );
    server.listen(port, HOST, done);
  });
}
