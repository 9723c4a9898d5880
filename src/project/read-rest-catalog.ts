/** Reads a foreign catalog from psyberg.yaml. Written keys -> CatalogSpec. Every problem is reported. */
import path from 'node:path';
import { given } from '../model/given.ts';
import type { CatalogSpec, CatalogTls, ForeignCatalog, SubjectToken } from '../model/process-spec.ts';
import type { Reading, Written } from './written-catalog.ts';

/** Keys with texts, in which environment variables are replaced. */
export const REST_TEXTS = [
  'token',
  'credential',
  'oauth2_server_uri',
  'scope',
  'audience',
  'resource',
  'subject_token',
  'subject_token_file',
  'subject_token_type',
  'signing_name',
  'signing_region',
  'ca_file',
  'client_cert_file',
  'client_key_file',
] as const;
/** Keys that mean nothing for an embedded catalog. */
export const REST_KEYS: readonly string[] = [...REST_TEXTS, 'auth', 'access_delegation'];

type RestWritten = Written & { readonly uri: string } & Readonly<
    Partial<Record<(typeof REST_TEXTS)[number], string | undefined>>
  >;

export function restCatalog(written: RestWritten, reading: Reading): CatalogSpec {
  checkRestKeys(written, reading);
  checkAddresses(written, reading);
  checkWhoWeAre(written, reading);
  const { warehouse, uri, token, credential, scope, audience, resource, storage, storageChain } = written;
  return {
    kind: 'rest',
    uri,
    ...given<Partial<ForeignCatalog>>({
      warehouse,
      token,
      credential,
      oauth2ServerUri: written.oauth2_server_uri,
      scope,
      audience,
      resource,
      subjectToken: subjectTokenOf(written, reading),
      auth: written['auth'] as ForeignCatalog['auth'],
      signingName: written.signing_name,
      signingRegion: written.signing_region,
      tls: tlsOf(written, reading),
      storage,
      storageChain,
      accessDelegation: written.access_delegation,
    }),
  };
}

function subjectTokenOf(written: RestWritten, { root }: Reading): SubjectToken | undefined {
  const { subject_token: text, subject_token_file: file, subject_token_type: type } = written;
  if (text === undefined && file === undefined) return undefined;
  return {
    ...(file === undefined ? { text: text as string } : { file: path.resolve(root, file) }),
    ...(type === undefined ? {} : { type }),
  };
}

function tlsOf(written: RestWritten, { root }: Reading): CatalogTls | undefined {
  const files = {
    caFile: written.ca_file,
    certFile: written.client_cert_file,
    keyFile: written.client_key_file,
  };
  const named = Object.entries(files).flatMap(([key, file]) =>
    file === undefined ? [] : [[key, path.resolve(root, file)] as const],
  );
  return named.length === 0 ? undefined : Object.fromEntries(named);
}

function checkRestKeys(written: Written, { yaml, report }: Reading): void {
  if (written['allowed_locations'] !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'allowed_locations']),
      'allowed_locations is for the embedded catalog',
      'remove it, or remove uri',
    );
  for (const key of ['database', 'state'] as const)
    if (written[key] !== undefined)
      report(
        yaml.placeOfKey(['catalog', key]),
        `a catalog has uri or ${key}, not both`,
        `keep uri for an Iceberg REST catalog, ${key} for the embedded one`,
      );
}

function checkAddresses(written: RestWritten, { yaml, report }: Reading): void {
  if (!/^https?:\/\//.test(written.uri))
    report(yaml.placeOf(['catalog', 'uri']), 'uri must begin with http:// or https://');
  // Addresses are printed; tokens and credentials never are.
  for (const key of ['uri', 'oauth2_server_uri'] as const)
    if (/^https?:\/\/[^/]*@/.test(written[key] ?? ''))
      report(
        yaml.placeOf(['catalog', key]),
        `${key} must not hold a user or a password`,
        'use token or credential',
      );
}

/** Ways to authenticate, of which a catalog uses one; each with the keys that belong to it. */
function checkWhoWeAre(written: RestWritten, { yaml, report }: Reading): void {
  const has = (key: string): boolean => written[key] !== undefined;
  const ways = ['token', 'credential', 'auth'].filter(has);
  for (const way of ways.slice(1))
    report(
      yaml.placeOfKey(['catalog', way]),
      `a catalog has ${ways[0]} or ${way}, not both`,
      'keep one of them',
    );
  const bought = has('credential') || has('subject_token') || has('subject_token_file');
  for (const key of ['oauth2_server_uri', 'scope', 'audience', 'resource'].filter(has))
    if (!bought)
      report(
        yaml.placeOfKey(['catalog', key]),
        `${key} is for a catalog with credential`,
        'add credential or subject_token, or remove it',
      );
  for (const key of ['signing_name', 'signing_region'].filter(has))
    if (!has('auth'))
      report(
        yaml.placeOfKey(['catalog', key]),
        `${key} is for a catalog with auth: sigv4`,
        'add auth: sigv4, or remove it',
      );
  for (const [one, other] of PAIRS)
    if (has(one) && !has(other))
      report(yaml.placeOfKey(['catalog', one]), `${one} needs ${other}`, `add ${other}, or remove it`);
  checkSubject(written, { yaml, report });
}

const PAIRS = [
  ['client_cert_file', 'client_key_file'],
  ['client_key_file', 'client_cert_file'],
] as const;

function checkSubject(written: RestWritten, { yaml, report }: Pick<Reading, 'yaml' | 'report'>): void {
  const { subject_token: text, subject_token_file: file, subject_token_type: type } = written;
  if (text !== undefined && file !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'subject_token_file']),
      'a catalog has subject_token or subject_token_file, not both',
      'keep one of them',
    );
  const exchanged = text !== undefined || file !== undefined;
  if (type !== undefined && !exchanged)
    report(
      yaml.placeOfKey(['catalog', 'subject_token_type']),
      'subject_token_type is for a catalog with subject_token',
      'add subject_token or subject_token_file, or remove it',
    );
  if (exchanged && (written.token !== undefined || written['auth'] !== undefined))
    report(
      yaml.placeOfKey(['catalog', text === undefined ? 'subject_token_file' : 'subject_token']),
      `a token is exchanged in place of ${written.token === undefined ? 'auth: sigv4' : 'token'}`,
      'keep one of them',
    );
}
