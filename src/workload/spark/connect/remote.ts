/** The address of a Spark Connect server, as Spark's own clients write it. Text -> parts. Pure. */
import { usageError } from '../../../model/errors.ts';

export interface SparkRemote {
  readonly host: string;
  readonly port: number;
  readonly usesTls: boolean;
  /** A bearer token. */
  readonly token?: string;
  readonly userId?: string;
  /** What else the address names: sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 15002;
const ADDRESS = /^sc:\/\/([^/:;[\]]+|\[[^\]]+\])(?::(\d+))?\/?(?:;(.*))?$/;

/**
 * `sc://host:port/;token=…;use_ssl=true;user_id=…;x-header=…`. A token is sent over TLS alone, as Spark's
 * clients do. Throws `spark-remote-invalid`, without the address: a token may be in it.
 */
export function parseRemote(text: string): SparkRemote {
  const match = ADDRESS.exec(text.trim());
  if (match === null)
    throw usageError('spark-remote-invalid', 'engines.spark.remote is no address of a Spark Connect server', {
      hint: 'write it as sc://host:15002, with parameters as sc://host:15002/;use_ssl=true;token=…',
    });
  const [, host = '', port, parameters = ''] = match;
  const given = new Map(
    parameters.split(';').flatMap((each) => {
      const at = each.indexOf('=');
      return at < 0 ? [] : [[each.slice(0, at).trim(), decodeURIComponent(each.slice(at + 1))] as const];
    }),
  );
  const taken = new Set(['token', 'use_ssl', 'user_id', 'user_agent', 'session_id']);
  const token = given.get('token');
  const userId = given.get('user_id');
  return {
    host,
    port: port === undefined ? DEFAULT_PORT : Number(port),
    usesTls: given.get('use_ssl') === 'true' || token !== undefined,
    ...(token === undefined ? {} : { token }),
    ...(userId === undefined ? {} : { userId }),
    headers: Object.fromEntries([...given].filter(([name]) => !taken.has(name))),
  };
}

const THIS_MACHINE = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * The address with a token from elsewhere, where it names none itself. It leaves this machine over TLS alone.
 */
export const withToken = (remote: SparkRemote, token: string | undefined): SparkRemote =>
  token === undefined || remote.token !== undefined
    ? remote
    : { ...remote, token, usesTls: remote.usesTls || !THIS_MACHINE.test(remote.host) };
