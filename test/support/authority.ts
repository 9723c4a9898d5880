/** An authority for certificates, and what it signs, made by openssl in a folder that goes with the tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Authority {
  /** The path of its own certificate. */
  readonly caFile: string;
  readonly ca: Buffer;
  /**
   * A certificate and its key. `names`: as OpenSSL takes them; default: this machine. `days`: how long it
   * holds from now on; one that is negative holds no longer.
   */
  sign(
    name: string,
    options?: { readonly names?: string; readonly days?: number },
  ): { readonly cert: Buffer; readonly key: Buffer; readonly certFile: string; readonly keyFile: string };
  close(): void;
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-tls-'));
  const openssl = (...words: string[]): void =>
    void execFileSync('openssl', words, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=tests');
  const caFile = join(folder, 'ca.pem');
  return {
    caFile,
    ca: readFileSync(caFile),
    sign(name, { names = 'DNS:localhost,IP:127.0.0.1', days = 2 } = {}) {
      writeFileSync(join(folder, 'names'), `subjectAltName=${names}`);
      openssl('req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(days)];
      openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-out', `${name}.pem`, '-extfile', 'names');
      const [certFile, keyFile] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
      return { cert: readFileSync(certFile), key: readFileSync(keyFile), certFile, keyFile };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
