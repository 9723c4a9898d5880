// Goal: a store behind TLS of its own is reached with the certificates that the settings name, and what is
// wrong with a certificate is one error that names the setting. Method: an authority made by openssl.
import { createServer } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PsybergError } from '../../src/model/errors.ts';
import type { StorageSettings } from '../../src/model/storage-settings.ts';
import { objectStore } from '../../src/objects/object-store.ts';
import { type Authority, makeAuthority } from '../support/authority.ts';
import { storeSettings } from '../support/small-store.ts';

let authority: Authority;
beforeAll(() => {
  authority = makeAuthority();
});
afterAll(() => authority.close());

type Signed = Parameters<Authority['sign']>[1];

async function storeBehind(signed: Signed, wantsClient = false): Promise<StorageSettings> {
  const { cert, key } = authority.sign('server', signed);
  const clients = { ca: authority.ca, requestCert: wantsClient, rejectUnauthorized: wantsClient };
  const server = createServer({ cert, key, ...clients }, (_request, response) => response.end('found'));
  const settings = await storeSettings(server);
  return {
    ...settings,
    's3.endpoint': `${settings['s3.endpoint']?.replace('http://127.0.0.1', 'https://localhost')}`,
  };
}

describe('a store behind TLS', () => {
  it('is reached with its authority named', async () => {
    const settings = { ...(await storeBehind({})), ca_file: authority.caFile };
    expect(String(await objectStore(() => settings).read('s3://lake/one'))).toBe('found');
  });

  it.each<readonly [string, Signed, StorageSettings, string, string]>([
    ['whose authority nobody named', {}, { ca_file: '' }, 'is not trusted', 'ca_file'],
    ['whose certificate has expired', { days: -1 }, {}, 'is of another time', 'renewed'],
    ['that names another host', { names: 'DNS:elsewhere.example' }, {}, 'names other hosts', 's3.endpoint'],
  ])('%s is one error', async (_what, signed, changed, said, hint) => {
    const { ca_file: caFile = authority.caFile, ...rest } = changed;
    const given = { ...(await storeBehind(signed)), ...rest };
    const settings = caFile === '' ? given : { ...given, ca_file: caFile };
    const error = await objectStore(() => settings)
      .read('s3://lake/one')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'storage-untrusted',
      retryable: false,
      message: expect.stringContaining(said),
      hint: expect.stringContaining(hint),
    });
  });

  it('that is asked by the bucket names the setting, whether that host is found or not', async () => {
    const { 's3.path-style-access': _left, ...given } = await storeBehind({});
    const settings = { ...given, ca_file: authority.caFile };
    const error = await objectStore(() => settings, { attempts: 1 })
      .read('s3://lake/one')
      .catch((thrown: unknown) => thrown as PsybergError);
    expect(['storage-untrusted', 'storage-unreachable']).toContain((error as PsybergError).code);
    expect((error as PsybergError).hint).toContain('s3.path-style-access: true');
  });

  it('that wants a certificate of its clients says that there is none', async () => {
    const settings = { ...(await storeBehind({}, true)), ca_file: authority.caFile };
    await expect(objectStore(() => settings).read('s3://lake/one')).rejects.toMatchObject({
      code: 'storage-untrusted',
      hint: expect.stringContaining('DuckDB shows none'),
    });
  });

  it.each([
    ['is not there', () => `${authority.caFile}.none`, 'cannot be read'],
    ['holds none', () => import.meta.filename, 'holds no certificate'],
  ])('with a file of certificates that %s says which setting', async (_what, file, said) => {
    const settings = { ...(await storeBehind({})), ca_file: file() };
    await expect(objectStore(() => settings).read('s3://lake/one')).rejects.toMatchObject({
      code: 'tls-file-unreadable',
      message: expect.stringContaining(said),
      hint: expect.stringContaining('AWS_CA_BUNDLE'),
    });
  });
});
