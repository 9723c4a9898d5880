// Goal: keys of this machine are found where AWS's own tools find them, and no secret is in what is said when
// there are none. Method: environment, profiles and a container's address on loopback, one chain each.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { credentialChain } from '../../src/aws/credential-chain.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-aws-'));
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  writeFileSync(
    join(folder, 'config'),
    `[profile lake]\nregion = eu-west-1\ncredential_process = ${process.execPath} ${join(folder, 'keys.cjs')}\n[profile plain]\nregion = eu-north-1\n`,
  );
  writeFileSync(
    join(folder, 'credentials'),
    '[plain]\naws_access_key_id = AKPLAIN\naws_secret_access_key = plain-secret\n',
  );
  writeFileSync(
    join(folder, 'keys.cjs'),
    `console.log(JSON.stringify({ Version: 1, AccessKeyId: 'AKPROCESS', SecretAccessKey: 'process-secret', SessionToken: 'process-token', Expiration: '2099-01-01T00:00:00Z' }))`,
  );
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it('in a profile, in its keys or by its program, with its region', async () => {
  expect(await credentialChain({ profile: 'plain' }).settings()).toEqual({
    's3.access-key-id': 'AKPLAIN',
    's3.secret-access-key': 'plain-secret',
    'client.region': 'eu-north-1',
  });
  expect(await credentialChain({ profile: 'lake' }).settings()).toEqual({
    's3.access-key-id': 'AKPROCESS',
    's3.secret-access-key': 'process-secret',
    's3.session-token': 'process-token',
    's3.session-token-expires-at-ms': String(Date.UTC(2099, 0, 1)),
    'client.region': 'eu-west-1',
  });
});

it('and nowhere: one error, with what to do', async () => {
  await expect(credentialChain({ profile: 'nobody' }).settings()).rejects.toMatchObject({
    code: 'credentials-missing',
    message: expect.stringContaining('the profile nobody'),
    hint: expect.stringContaining('AWS_PROFILE'),
  });
});

it('in a container, anew before they expire', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    // The first ones have less than five minutes left.
    const Expiration = new Date(Date.now() + (asked === 1 ? 60_000 : 3_600_000)).toISOString();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ AccessKeyId: `AK${asked}`, SecretAccessKey: 'x', Token: 'y', Expiration }));
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  vi.stubEnv(
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
  );
  vi.stubEnv('AWS_REGION', 'us-east-2');
  try {
    const chain = credentialChain();
    const ids = [];
    for (let use = 0; use < 3; use += 1) ids.push((await chain.settings())['s3.access-key-id']);
    expect(ids).toEqual(['AK2', 'AK2', 'AK2']);
    expect((await chain.settings())['client.region']).toBe('us-east-2');
  } finally {
    server.close();
  }
});
