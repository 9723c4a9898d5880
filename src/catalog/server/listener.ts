/** Receives HTTP requests: checks the token before anything else, and answers every error. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { PsybergError } from '../../model/errors.ts';
import type { AroundRequest } from '../around-request.ts';
import { answerError } from '../protocol/error-body.ts';
import type { Answer } from './answers.ts';
import { type Connections, limitConnections } from './connections.ts';
import type { CatalogHandler } from './handler.ts';
import { isAuthorized, readCatalogRequest } from './http-request.ts';

export interface Listening {
  /** Opened by the first request, if not earlier. */
  readonly handler: () => Promise<CatalogHandler>;
  readonly token: string;
  readonly maxConnections: number;
  readonly aroundRequest: AroundRequest;
}

/** Answers a server's requests. */
export function listenToCatalog(
  server: Server,
  { handler, token, maxConnections, aroundRequest }: Listening,
): void {
  const connections = limitConnections(server, maxConnections);
  const answered = (message: IncomingMessage): Promise<Answer> =>
    answerMessage(message, { handler, token, connections }).catch((error: unknown): Answer => {
      const { status, body } = answerError(error);
      return { status, text: JSON.stringify(body) };
    });
  server.on('request', (message: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url = '/' } = message;
    const [path = '/'] = url.split('?', 1);
    aroundRequest({ side: 'served', method, path }, () => answered(message))
      .then((answer) => send(message, response, answer))
      .catch(() => response.destroy());
  });
}

interface Answering extends Pick<Listening, 'handler' | 'token'> {
  readonly connections: Connections;
}

async function answerMessage(
  message: IncomingMessage,
  { handler, token, connections }: Answering,
): Promise<Answer> {
  if (!isAuthorized(message, token))
    throw new PsybergError('unauthorized', 'Not authorized: a bearer token is needed');
  connections.prove(message.socket);
  return await (await handler()).answer(readCatalogRequest(message));
}

function send(message: IncomingMessage, response: ServerResponse, { status, text, headers }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (!message.complete) {
    // Nobody read the body: a small one is discarded, a refused one is not even received.
    if (status === 401 || status === 413) response.setHeader('connection', 'close');
    else message.resume();
  }
  if (text === undefined || message.method === 'HEAD') {
    response.end();
    return;
  }
  const bytes = Buffer.from(text);
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', bytes.length);
  response.end(bytes);
}
