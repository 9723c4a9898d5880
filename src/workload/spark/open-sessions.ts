/**
 * Sessions of Spark Connect that this process has open: each may be stopped at any time, and of each it is
 * known whether it has ended. What psyberg.yaml says -> sessions.
 */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import type { SparkSpec } from '../../model/engines.ts';
import { usageError } from '../../model/errors.ts';
import { openSparkSession, type SparkSession } from './connect/client.ts';
import { parseRemote, withToken } from './connect/remote.ts';
import type { SparkTasks } from './connect/stall.ts';

export interface SparkOptions {
  /** What psyberg.yaml says of it; undefined: nothing. */
  readonly spark: SparkSpec | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly onProgress: (tasks: SparkTasks) => void;
  /** Called when tasks of a statement are left and none is at work. */
  readonly onWaiting: (tasks: SparkTasks) => void;
}

export interface OpenSessions {
  /** Throws `spark-remote-invalid`. */
  open(): SparkSession;
  close(session: SparkSession): Promise<void>;
  /**
   * Stops what a session still does: one of a process that died, or one of this process whose statement did
   * not end by Spark's own word. False where that Spark did not say so.
   */
  end(id: string): Promise<boolean>;
  interrupt(): void;
}

export function openSessions(options: SparkOptions): OpenSessions {
  const all = new Set<SparkSession>();
  /** Whether those that were closed have ended. */
  const closed = new Map<string, boolean>();
  const opened = (id?: string): SparkSession => {
    const session = openSession(options, id);
    all.add(session);
    return session;
  };
  const close = async (session: SparkSession): Promise<boolean> => {
    const isEnded = await session.close();
    all.delete(session);
    return isEnded;
  };
  return {
    open: () => opened(),
    async close(session) {
      closed.set(session.id, await close(session));
    },
    async end(id) {
      const told = closed.get(id);
      // Asked for again, it is tried again.
      closed.delete(id);
      return told ?? close(opened(id));
    },
    interrupt() {
      // A Spark that is away has stopped already.
      for (const session of all) void session.interrupt().catch(() => undefined);
    },
  };
}

function openSession(options: SparkOptions, id?: string): SparkSession {
  const { spark, environment, onProgress, onWaiting } = options;
  const address = spark?.remote ?? environment['SPARK_REMOTE'];
  if (address === undefined)
    throw usageError('spark-remote-invalid', 'a process runs on Spark, and no Spark is named', {
      hint: 'write engines: { spark: { remote: "sc://host:15002" } } in psyberg.yaml, or set SPARK_REMOTE',
    });
  const authority = authorities(spark?.caFile ?? environment['NODE_EXTRA_CA_CERTS']);
  return openSparkSession({
    remote: withToken(parseRemote(address), environment['SPARK_CONNECT_AUTHENTICATE_TOKEN']),
    ...(authority === undefined ? {} : { authority }),
    ...(spark?.timeoutMs === undefined ? {} : { timeoutMs: spark.timeoutMs }),
    onProgress,
    onWaiting,
    ...(id === undefined ? {} : { id }),
  });
}

/** Those of the file and those of Node: the library of gRPC takes the ones that it is given alone. */
function authorities(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return [readFileSync(file, 'utf8'), ...rootCertificates].join('\n');
  } catch (error) {
    throw usageError(
      'spark-remote-invalid',
      `the certificate authorities of Spark cannot be read: ${(error as Error).message}`,
      { hint: 'correct engines.spark.ca_file in psyberg.yaml, or NODE_EXTRA_CA_CERTS', cause: error },
    );
  }
}
