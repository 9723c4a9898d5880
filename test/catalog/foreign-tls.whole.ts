// Goal: a catalog behind TLS of its own is reached with the certificates that the project names, and without
// them the error says which setting. Method: an authority made by openssl, a server that wants to know its
// clients.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import type { CatalogTls } from '../../src/model/process-spec.ts';
import { type Authority, makeAuthority } from '../support/authority.ts';

let authority: Authority;
let server: Signed;
let client: Signed;
type Signed = ReturnType<Authority['sign']>;
beforeAll(() => {
  authority = makeAuthority();
  server = authority.sign('server');
  client = authority.sign('client');
});
afterAll(() => authority.close());

async function catalogBehindTls(
  wantsClient: boolean,
): Promise<{ readonly uri: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const listener = createServer(
    {
      cert: server.cert,
      key: server.key,
      ca: authority.ca,
      requestCert: wantsClient,
      rejectUnauthorized: wantsClient,
    },
    async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      asked.push(`${request.method} ${request.url} ${text}`);
      const token = JSON.stringify({ access_token: 'bought' });
      response.end(
        request.url?.endsWith('/tokens') ? token : '{"defaults":{},"overrides":{},"namespaces":[]}',
      );
    },
  );
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    listener.closeAllConnections();
    listener.close();
  });
  return { uri: `https://localhost:${(listener.address() as AddressInfo).port}`, asked };
}

const connect = async (uri: string, tls?: CatalogTls): Promise<unknown> =>
  (
    await connectForeignCatalog({ uri, credential: 'id:secret', ...(tls === undefined ? {} : { tls }) })
  ).listNamespaces([]);

it('with its authority named, tokens too', async () => {
  const { uri, asked } = await catalogBehindTls(false);
  expect(await connect(uri, { caFile: authority.caFile })).toEqual([]);
  expect(asked.map((each) => each.split(' ', 2).join(' '))).toEqual([
    'POST /v1/oauth/tokens',
    'GET /v1/config',
    'GET /v1/namespaces',
  ]);
  expect(asked[0]).toContain('client_secret=secret');
});

it('with our certificate, where it wants one', async () => {
  const { uri, asked } = await catalogBehindTls(true);
  const tls = { caFile: authority.caFile, certFile: client.certFile, keyFile: client.keyFile };
  expect(await connect(uri, tls)).toEqual([]);
  expect(asked).toHaveLength(3);
});

it.each([
  ['whose authority nobody named', false, undefined, 'catalog.ca_file'],
  [
    'that does not get our certificate',
    true,
    () => ({ caFile: authority.caFile }),
    'catalog.client_cert_file',
  ],
  [
    'for which a file is named that is not there',
    false,
    () => ({ caFile: `${authority.caFile}.none` }),
    'PEM',
  ],
] as const)('and one %s is refused at once', async (_what, wantsClient, tls, hint) => {
  const { uri, asked } = await catalogBehindTls(wantsClient);
  await expect(connect(uri, tls?.())).rejects.toMatchObject({
    retryable: false,
    hint: expect.stringContaining(hint),
  });
  expect(asked).toEqual([]);
});
