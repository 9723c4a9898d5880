// Goal: requests to a catalog are signed as AWS wants them. Method: what a server was asked, signed once more
// by botocore; paths, queries and bodies with what has to be encoded.
import { expect, it, onTestFinished, vi } from 'vitest';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';
import type { ForeignCatalog } from '../../src/model/process-spec.ts';
import { startForeignServer } from '../support/foreign-server.ts';
import { runBotocore } from '../support/moto.ts';
import { SCHEMA } from './fixture.ts';

const KEYS = { 's3.access-key-id': 'AKEXAMPLE', 's3.secret-access-key': 'se/cr+et' };

const SIGN_AGAIN = `
import hashlib, re
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
answers = []
for call in argument['calls']:
  headers = call['headers']
  scope = re.match(r'AWS4-HMAC-SHA256 Credential=([^/]+)/(\\d+)/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=(\\w+)', headers['authorization'])
  key, _, region, service, names, signature = scope.groups()
  body = call['body'].encode()
  request = AWSRequest(call['method'], argument['uri'] + '/v1' + call['path'], data=body, headers={name: headers[name] for name in names.split(';') if name != 'host'})
  request.headers['Host'] = headers['host']
  request.context['timestamp'] = headers['x-amz-date']
  signer = SigV4Auth(Credentials(key, argument['secret'], headers.get('x-amz-security-token')), service, region)
  again = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
  answers.append([key, region, service, again == signature, headers['x-amz-content-sha256'] == hashlib.sha256(body).hexdigest(), 'x-amz-security-token' in names])
print(json.dumps(answers))`;

async function signedCalls(catalog: Partial<ForeignCatalog>, config?: Record<string, unknown>) {
  const server = await startForeignServer(config === undefined ? {} : { config });
  onTestFinished(() => server.close());
  const connected = await connectForeignCatalog({ uri: server.uri, auth: 'sigv4', ...catalog });
  await connected.createNamespace(['a b', 'ü/x'], {}).catch(() => undefined);
  await connected.createNamespace(['plain'], { comment: 'ä "quoted" ünd + more' });
  await connected.createTable({ namespace: ['plain'], name: 'of~this-name_x' }, { schema: SCHEMA });
  await connected.loadTable({ namespace: ['plain'], name: 'of~this-name_x' });
  await connected.listNamespaces([]);
  await connected.dropTable({ namespace: ['plain'], name: 'of~this-name_x' }, { purge: false });
  const answers = await runBotocore<(string | boolean)[][]>(SIGN_AGAIN, {
    uri: server.uri,
    calls: server.calls,
    secret: KEYS['s3.secret-access-key'],
  });
  expect(answers).toHaveLength(server.calls.length);
  expect(answers.length).toBeGreaterThan(6);
  return answers;
}

it('with the keys of the project', { timeout: 120_000 }, async () => {
  const storage = { ...KEYS, 'client.region': 'eu-west-1' };
  for (const answer of await signedCalls({ storage, warehouse: 'arn:aws:s3tables:x:1/bucket' }))
    expect(answer).toEqual(['AKEXAMPLE', 'eu-west-1', 'execute-api', true, true, false]);
});

it('with those of this machine, for a service and region that are named', { timeout: 120_000 }, async () => {
  vi.stubEnv('AWS_PROFILE', undefined);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKOFMACHINE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', KEYS['s3.secret-access-key']);
  vi.stubEnv('AWS_SESSION_TOKEN', 'passing');
  onTestFinished(() => void vi.unstubAllEnvs());
  for (const answer of await signedCalls({ signingName: 'glue', signingRegion: 'us-east-2' }))
    expect(answer).toEqual(['AKOFMACHINE', 'us-east-2', 'glue', true, true, true]);
});

it('for what the catalog says, once it has', { timeout: 120_000 }, async () => {
  const [first, ...others] = await signedCalls(
    { storage: { ...KEYS, 'client.region': 'eu-west-1' } },
    { overrides: { 'rest.signing-name': 's3tables', 'rest.signing-region': 'us-west-1' } },
  );
  expect(first).toEqual(['AKEXAMPLE', 'eu-west-1', 'execute-api', true, true, false]);
  for (const answer of others)
    expect(answer).toEqual(['AKEXAMPLE', 'us-west-1', 's3tables', true, true, false]);
});
