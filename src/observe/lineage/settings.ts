/**
 * Reads where lineage is sent. OpenLineage's environment variables and `openlineage.yml` -> transports.
 * Follows OpenLineage's own clients: `OPENLINEAGE__TRANSPORT__…` overrides the file, and `OPENLINEAGE_URL`
 * counts if neither names a transport.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { withoutSlash } from '../../model/without-slash.ts';
import { lineageFile, type ObserverContext } from '../request.ts';

export type TransportSettings =
  | { readonly type: 'file'; readonly path: string; readonly append: boolean }
  | { readonly type: 'console' }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
      readonly gzip: boolean;
    };

type Config = Readonly<Record<string, unknown>>;
const USUAL_ENDPOINT = 'api/v1/lineage';
const USUAL_TIMEOUT_SECONDS = 5;

/** Throws an error in words if the settings are wrong. */
export function transportSettings(context: ObserverContext): TransportSettings[] {
  const { environment } = context;
  const file = lineageFile(context);
  const config = merged(file === undefined ? {} : readConfig(file), fromEnvironment(environment));
  const { transport } = config;
  if (isConfig(transport) && transport['type'] !== undefined) return transportsOf(transport);
  const { OPENLINEAGE_URL: url, OPENLINEAGE_ENDPOINT: endpoint, OPENLINEAGE_API_KEY: key } = environment;
  if (url === undefined || url === '')
    throw new Error(
      `lineage is not sent: ${file ?? 'OPENLINEAGE__TRANSPORT'} names no transport; write for example transport: { type: http, url: http://localhost:5000 }`,
    );
  return transportsOf({
    type: 'http',
    url,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(key === undefined ? {} : { auth: { type: 'api_key', apiKey: key } }),
  });
}

const isConfig = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readConfig(file: string): Config {
  try {
    const config: unknown = parse(readFileSync(file, 'utf8'));
    return isConfig(config) ? config : {};
  } catch (error) {
    throw new Error(`lineage is not sent: ${file} cannot be read: ${(error as Error).message}`);
  }
}

/** `OPENLINEAGE__TRANSPORT__URL` means `transport.url`; a value in JSON is parsed. */
function fromEnvironment(environment: NodeJS.ProcessEnv): Config {
  let config: Config = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('OPENLINEAGE__') || value === undefined || value === '') continue;
    const path = name.slice('OPENLINEAGE__'.length).toLowerCase().split('__');
    const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), jsonOr(value));
    config = merged(config, nested as Config);
  }
  return config;
}

function jsonOr(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function merged(under: Config, over: Config): Config {
  const all: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = all[key];
    all[key] = isConfig(before) && isConfig(value) ? merged(before, value) : value;
  }
  return all;
}

function transportsOf(config: Config): TransportSettings[] {
  const type = String(config['type']);
  switch (type) {
    case 'noop':
      return [];
    case 'console':
      return [{ type }];
    case 'file':
      return [{ type, path: required(config, 'log_file_path'), append: isTrue(config['append']) }];
    case 'http':
    case 'async_http':
      return [httpSettings(config)];
    case 'composite': {
      const { transports } = config;
      const each = Array.isArray(transports)
        ? transports
        : Object.values(isConfig(transports) ? transports : {});
      return each.filter(isConfig).flatMap(transportsOf);
    }
    default:
      throw new Error(
        `lineage is not sent: the transport '${type}' is not known here; use http, file, console or composite`,
      );
  }
}

const isTrue = (value: unknown): boolean => value === true || String(value).toLowerCase() === 'true';

function required(config: Config, key: string): string {
  const value = config[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`lineage is not sent: the transport ${String(config['type'])} has no ${key}`);
}

function httpSettings(config: Config): TransportSettings {
  const { endpoint = USUAL_ENDPOINT, timeout = USUAL_TIMEOUT_SECONDS, auth, compression } = config;
  const root = withoutSlash(required(config, 'url'));
  const url = `${root}/${String(endpoint).replace(/^\/+/, '')}`;
  if (!URL.canParse(url)) throw new Error(`lineage is not sent: '${root}' is no address`);
  const timeoutMs = Number(timeout) * 1000;
  const extra = config['headers'] ?? config['custom_headers'];
  return {
    type: 'http',
    url,
    headers: {
      ...(isConfig(extra) ? Object.fromEntries(Object.entries(extra).map(([k, v]) => [k, String(v)])) : {}),
      ...authorization(auth),
    },
    timeoutMs: Number.isFinite(timeoutMs) && timeoutMs > 0 ? timeoutMs : USUAL_TIMEOUT_SECONDS * 1000,
    gzip: compression === 'gzip',
  };
}

function authorization(auth: unknown): Readonly<Record<string, string>> {
  if (!isConfig(auth)) return {};
  const key = auth['apiKey'] ?? auth['apikey'] ?? auth['api_key'];
  return key === undefined || key === '' ? {} : { authorization: `Bearer ${String(key)}` };
}
