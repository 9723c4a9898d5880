/**
 * Collects the certificates by which stores are trusted: those of this machine, and those of an additional
 * file. File -> file of all of them, since the file that DuckDB is given replaces what it trusts by itself.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usageError } from '../model/errors.ts';
import { CA_FILE, type StorageSettings } from '../model/storage-settings.ts';

/** Bundles by the file that is added; they lie in folders that nobody else may write to. */
const bundles = new Map<string, string>();

/**
 * Settings for a client that takes one file with all certificates. @throws PsybergError
 * `tls-file-unreadable`.
 */
export function withWholeBundle(settings: StorageSettings): StorageSettings {
  const caFile = settings[CA_FILE];
  return caFile === undefined ? settings : { ...settings, [CA_FILE]: bundleWith(caFile) };
}

/** @throws PsybergError `tls-file-unreadable`. */
export function bundleWith(caFile: string): string {
  const known = bundles.get(caFile);
  if (known !== undefined) return known;
  // Loading it takes 2 ms, which other commands are spared (2026-11-30).
  const tls = process.getBuiltinModule('node:tls');
  const certificates = new Set([...tls.rootCertificates, ...ofSystem(tls), certificatesIn(caFile)]);
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-certificates-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const bundle = join(folder, 'trusted.pem');
  writeFileSync(bundle, [...certificates].join('\n'));
  bundles.set(caFile, bundle);
  return bundle;
}

/** Certificates of the operating system and NODE_EXTRA_CA_CERTS; Node reveals them since 22.15. */
const ofSystem = (tls: typeof import('node:tls')): readonly string[] =>
  typeof tls.getCACertificates === 'function'
    ? [...tls.getCACertificates('system'), ...tls.getCACertificates('extra')]
    : [];

function certificatesIn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw unreadable(file, `cannot be read: ${file}`, error);
  }
  // OpenSSL takes a file without any certificate for an empty list.
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw unreadable(file, `holds no certificate: ${file}`);
  return text;
}

const unreadable = (file: string, what: string, cause?: unknown): Error =>
  usageError('tls-file-unreadable', `ca_file of catalog.storage ${what}`, {
    hint: 'name a file of PEM certificates, by its path from the folder of psyberg.yaml (or in AWS_CA_BUNDLE)',
    context: { file },
    cause,
  });
