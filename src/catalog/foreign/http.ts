/**
 * One request over HTTP, and its answer as text: by Node's fetch, or, where the project names certificates,
 * by node:https, since fetch takes none. Both keep connections.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { usageError } from '../../model/errors.ts';
import type { CatalogTls } from '../../model/process-spec.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}
export interface HttpReply {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}
export type SendHttp = (request: HttpRequest) => Promise<HttpReply>;

/** @throws PsybergError `tls-file-unreadable`. */
export function httpSender(tls: CatalogTls | undefined): SendHttp {
  return tls === undefined ? sendByFetch : sendByNode(tls);
}

const sendByFetch: SendHttp = async ({ method, url, headers, body, timeoutMs }) => {
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
};

function sendByNode({ caFile, certFile, keyFile }: CatalogTls): SendHttp {
  const pem = {
    cert: readPem('client_cert_file', certFile),
    key: readPem('client_key_file', keyFile),
  };
  const own = readPem('ca_file', caFile);
  let agents: ReturnType<typeof makeAgents> | undefined;
  return async ({ method, url, headers, body, timeoutMs }) => {
    agents ??= makeAgents(own, pem);
    const { https, http, request } = await agents;
    const secure = url.startsWith('https:');
    const options: RequestOptions = {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: secure ? https : http,
      signal: AbortSignal.timeout(timeoutMs),
    };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(secure, url, options, resolve).on('error', reject).end(body);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const given = Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    return {
      status: response.statusCode ?? 0,
      text: Buffer.concat(chunks).toString(),
      headers: new Headers(given),
    };
  };
}

async function makeAgents(
  ca: string | undefined,
  pem: { readonly cert: string | undefined; readonly key: string | undefined },
) {
  const [http, https, { rootCertificates }] = await Promise.all([
    import('node:http'),
    import('node:https'),
    import('node:tls'),
  ]);
  return {
    http: new http.Agent({ keepAlive: true }),
    // `ca` takes the place of those that Node trusts by itself.
    https: new https.Agent({
      keepAlive: true,
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
      ...pem,
    }),
    request: (
      secure: boolean,
      url: string,
      options: RequestOptions,
      answered: (response: IncomingMessage) => void,
    ) => (secure ? https : http).request(url, options, answered),
  };
}

function readPem(key: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError('tls-file-unreadable', `catalog.${key} cannot be read: ${file}`, {
      hint: 'name a file of PEM, by its path from the folder of psyberg.yaml',
      context: { file },
      cause: error,
    });
  }
}

/** Codes of Node for a certificate that is not trusted, or that names another host. */
const UNTRUSTED =
  /^(?:SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|CERT_|ERR_TLS_CERT|INVALID_CA|HOSTNAME_MISMATCH)/;
/** The other side ends the handshake: it does not know us. */
const UNKNOWN_CLIENT = /^ERR_SSL_.*ALERT/;

/** What to do about an error of TLS; undefined for any other one. */
export function tlsHint(code: string): string | undefined {
  if (UNTRUSTED.test(code))
    return 'name the certificate of its issuer in catalog.ca_file of psyberg.yaml (or NODE_EXTRA_CA_CERTS), and check that the address is the one that its certificate names';
  return UNKNOWN_CLIENT.test(code)
    ? 'it wants another certificate of ours: check catalog.client_cert_file and catalog.client_key_file in psyberg.yaml'
    : undefined;
}
