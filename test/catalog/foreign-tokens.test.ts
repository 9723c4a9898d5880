// Goal: tokens are exchanged, bought and renewed in time, and neither they nor secrets are in any message.
// Method: a token server, a catalog that wants tokens, and a clock that is moved.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BearerTokens, bearerTokens } from '../../src/catalog/foreign/bearer-tokens.ts';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import { httpSender } from '../../src/catalog/foreign/http.ts';
import { failureOf, serverForTest } from './foreign-fixture.ts';

/** A token server; the answers are taken one after the other, the last one again and again. */
async function tokenServer(
  ...answers: { readonly status?: number; readonly body: unknown }[]
): Promise<{ uri: string; asked: URLSearchParams[] }> {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    asked.push(new URLSearchParams(text));
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    response.statusCode = answer?.status ?? 200;
    response.end(JSON.stringify(answer?.body));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => void server.close());
  return { uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth`, asked };
}

describe('tokens', () => {
  it('are exchanged for those of another issuer, which are read anew each time', async () => {
    const { uri, asked } = await tokenServer(
      { body: { access_token: 'first', expires_in: 100 } },
      { status: 400, body: { error: 'invalid_grant', error_description: 'no, two-of-the-pod' } },
    );
    const file = join(mkdtempSync(join(tmpdir(), 'psyberg-subject-')), 'token');
    onTestFinished(() => rmSync(file));
    writeFileSync(file, 'one-of-the-pod\n');
    let nowMs = 1_000_000;
    const tokens = bearerTokens(
      {
        uri: 'http://nowhere',
        credential: 'id:secret',
        oauth2ServerUri: uri,
        subjectToken: { file },
        audience: 'lake',
      },
      { http: httpSender(undefined), nowMs: () => nowMs },
    );
    expect(await tokens.current()).toBe('first');
    expect(Object.fromEntries(asked[0] as URLSearchParams)).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: 'one-of-the-pod',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      client_id: 'id',
      client_secret: 'secret',
      scope: 'catalog',
      audience: 'lake',
    });
    writeFileSync(file, 'two-of-the-pod');
    nowMs += 100_000;
    const error = await failureOf(tokens.current());
    expect(asked[1]?.get('subject_token')).toBe('two-of-the-pod');
    expect(error).toMatchObject({ code: 'catalog-unauthorized' });
    expect(error.message).toContain('invalid_grant');
    expect(error.message).not.toContain('two-of-the-pod');
  });

  it('are bought with client credentials, once for many requests, and renewed before they expire', async () => {
    const { uri, asked } = await tokenServer(
      { body: { access_token: 'first', expires_in: 100 } },
      { body: { access_token: 'second' } },
    );
    let nowMs = 1_000_000;
    const tokens: BearerTokens = bearerTokens(
      { uri: 'http://nowhere', credential: 'id:se:cret', oauth2ServerUri: uri, scope: 'PRINCIPAL_ROLE:ALL' },
      { http: httpSender(undefined), nowMs: () => nowMs },
    );
    expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['first', 'first']);
    nowMs += 89_000;
    expect(await tokens.current()).toBe('first');
    expect(asked.map((form) => Object.fromEntries(form))).toEqual([
      {
        grant_type: 'client_credentials',
        client_id: 'id',
        client_secret: 'se:cret',
        scope: 'PRINCIPAL_ROLE:ALL',
      },
    ]);
    nowMs += 2_000;
    expect(await tokens.current()).toBe('second');
    nowMs += 3_600_000 - 300_001;
    expect(await tokens.current()).toBe('second');
    nowMs += 2;
    await tokens.current();
    expect(asked).toHaveLength(3);
  });
  it('that the catalog refuses are bought anew, and the request is sent again', async () => {
    const { uri, asked } = await tokenServer(
      { body: { access_token: 'one' } },
      { body: { access_token: 'two' } },
    );
    const server = await serverForTest({ tokens: new Set(['one']) });
    const catalog = await connectForeignCatalog({
      uri: server.uri,
      credential: 'id:secret',
      oauth2ServerUri: uri,
    });
    server.manners.tokens = new Set(['two']);
    expect(await catalog.listNamespaces([])).toEqual([]);
    expect(asked).toHaveLength(2);
    server.manners.tokens = new Set(['three']);
    expect(await failureOf(catalog.listNamespaces([]))).toMatchObject({
      code: 'catalog-unauthorized',
      kind: 'usage',
    });
  });
  it('and secrets are in no message, also where the server repeats them', async () => {
    const { uri } = await tokenServer({
      status: 400,
      body: { error: 'invalid_client', error_description: 'wrong: hush-hush for id:hush-hush' },
    });
    const refused = await failureOf(
      connectForeignCatalog({ uri: 'http://127.0.0.1:9', credential: 'id:hush-hush', oauth2ServerUri: uri }),
    );
    expect(refused).toMatchObject({
      code: 'catalog-unauthorized',
      message: expect.stringContaining('invalid_client'),
    });
    const server = await serverForTest({ tokens: new Set(['other']) });
    const unauthorized = await failureOf(connectForeignCatalog({ uri: server.uri, token: 'hush-hush' }));
    expect(unauthorized).toMatchObject({
      code: 'catalog-unauthorized',
      message: expect.stringContaining('not authorized: Bearer …'),
    });
    for (const error of [refused, unauthorized])
      expect(JSON.stringify([error, error.message, error.hint, error.context, error.stack])).not.toContain(
        'hush',
      );
  });
});
