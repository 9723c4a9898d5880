/**
 * A Spark Connect server for tests and benchmarks: jars that Maven fetches once (350 MB), and `java`. Started
 * by whoever needs it, on a port of this machine alone. `PSYBERG_SPARK_VERSION` chooses another Spark than
 * the one that is tested always.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openSparkSession } from '../../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../../src/workload/spark/connect/remote.ts';
import { freePort } from '../../support/free-port.ts';
import { CACHE, installOnce } from '../install-once.ts';
import { DEPENDENCY_PLUGIN } from '../java/java.ts';

const run = promisify(execFile);

/** Scala's version and Iceberg's runtime for each line of Spark. */
const LINES: Readonly<Record<string, { readonly scala: string; readonly runtime: string }>> = {
  '3.5': { scala: '2.12', runtime: '3.5_2.12:1.11.0' },
  '4.0': { scala: '2.13', runtime: '4.0_2.13:1.11.0' },
  '4.1': { scala: '2.13', runtime: '4.1_2.13:1.12.0' },
  // There is none for it: that of the line before is what somebody would try.
  '4.2': { scala: '2.13', runtime: '4.1_2.13:1.12.0' },
};

/** The Spark that is started where nothing else is asked for; PySpark's client has the same. */
export const SPARK_VERSION = process.env['PSYBERG_SPARK_VERSION'] ?? '4.1.2';

/** What Maven is to put into the pom. Throws for a line of Spark that is not known here. */
function artifacts(version: string): Readonly<Record<'spark' | 'scala' | 'line' | 'iceberg', string>> {
  const found = LINES[version.split('.').slice(0, 2).join('.')];
  if (found === undefined)
    throw new Error(`PSYBERG_SPARK_VERSION is ${version}, expected one of ${Object.keys(LINES).join(', ')}`);
  const [line = '', iceberg = ''] = found.runtime.split(':');
  return { spark: version, scala: found.scala, line, iceberg };
}

/** Spark with Iceberg's runtime. */
const sparkJars = (version: string): Promise<string> =>
  jarsOf('pom.xml', `connect-${version}`, artifacts(version));

/** What it needs besides for tables in S3. */
const storeJars = (version: string): Promise<string> => {
  const { iceberg } = artifacts(version);
  return jarsOf('pom-aws.xml', `aws-${iceberg}`, { iceberg });
};

/** The folder of jars. @throws Error with Maven's own words when they cannot be fetched. */
async function jarsOf(file: string, name: string, values: Readonly<Record<string, string>>): Promise<string> {
  const pom = join(import.meta.dirname, file);
  const chosen = Object.entries(values).map(([key, value]) => `-D${key}=${value}`);
  const digest = createHash('sha256').update(readFileSync(pom)).update(chosen.join()).digest('hex');
  const jars = join(CACHE, 'spark', `${name}-${digest.slice(0, 16)}`);
  await installOnce({
    isInstalled: () => existsSync(jars),
    name: `spark-${name}`,
    async install() {
      const fetched = `${jars}.tmp`;
      rmSync(fetched, { recursive: true, force: true });
      mkdirSync(join(CACHE, 'spark'), { recursive: true });
      const copy = `${DEPENDENCY_PLUGIN}:copy-dependencies`;
      await run('mvn', ['-q', '-B', '-f', pom, copy, `-DoutputDirectory=${fetched}`, ...chosen], {
        maxBuffer: 64 * 1024 * 1024,
      }).catch((error: { stdout?: string; message: string }) => {
        throw new Error(`Maven could not fetch what ${pom} names:\n${error.stdout || error.message}`);
      });
      renameSync(fetched, jars);
    },
  });
  return jars;
}

/** What Spark's own launcher gives to Java 17. */
const OPENED = [
  'java.base/java.lang',
  'java.base/java.lang.invoke',
  'java.base/java.lang.reflect',
  'java.base/java.io',
  'java.base/java.net',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.base/sun.nio.cs',
  'java.base/sun.security.action',
  'java.base/sun.util.calendar',
];

/** Java's first compiler alone. */
const QUICK = '-XX:TieredStopAtLevel=1';
/** Tables of a few rows: compiling a plan to bytecode takes longer than running it. */
const UNCOMPILED = {
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
  'spark.sql.adaptive.enabled': 'false',
  'spark.executor.extraJavaOptions': `${QUICK} -XX:+UseSerialGC`,
};

export interface SparkConnectServer {
  /** `sc://127.0.0.1:port`. */
  readonly remote: string;
  /** Of the driver. */
  readonly pid: number;
  /** Its folder, which close removes. */
  readonly home: string;
  /** Of executors in processes of their own. */
  executors(): number[];
  /** As an accident would. */
  kill(): void;
  close(): Promise<void>;
}

export interface SparkStart {
  /** Default: {@link SPARK_VERSION}. */
  readonly version?: string;
  /** `local-cluster[…]` has its executors in processes of their own. Default: two threads of the driver. */
  readonly master?: string;
  readonly memory?: string;
  /**
   * True: Java compiles what is often run as far as it can, and Spark's plans to bytecode. A test is over before
   * that pays.
   */
  readonly optimizes?: boolean;
  /** True for one that reads and writes tables in S3. */
  readonly store?: boolean;
  /** In place of those of tests. */
  readonly settings?: Readonly<Record<string, string>>;
  /** It goes on when this process ends, for others. */
  readonly outlives?: boolean;
}

/** Resolves when it answers. @throws Error with the end of its log when it does not start. */
export async function startSparkConnect({
  version = SPARK_VERSION,
  master = 'local[2]',
  memory = '1g',
  optimizes = false,
  store = false,
  settings: more = {},
  outlives = false,
}: SparkStart = {}): Promise<SparkConnectServer> {
  const jars = await sparkJars(version);
  const folders = [jars, ...(store ? [await storeJars(version)] : [])];
  const home = mkdtempSync(join(tmpdir(), 'psyberg-spark-'));
  const port = await freePort();
  // Where executors in processes of their own look for the jars.
  symlinkSync(jars, join(home, 'jars'));
  const settings = {
    'spark.master': master,
    'spark.app.name': 'psyberg',
    'spark.connect.grpc.binding.address': '127.0.0.1',
    'spark.connect.grpc.binding.port': String(port),
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.local.dir': home,
    'spark.sql.catalogImplementation': 'in-memory',
    'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
    ...(optimizes ? {} : UNCOMPILED),
    'spark.sql.shuffle.partitions': '1',
    'spark.sql.warehouse.dir': join(home, 'warehouse'),
    'spark.ui.enabled': 'false',
    'user.timezone': 'UTC',
    'io.netty.tryReflectionSetAccessible': 'true',
    ...more,
  };
  const logFile = join(home, 'log.txt');
  const log = openSync(logFile, 'w');
  const child = spawn(
    'java',
    [
      `-Xmx${memory}`,
      '-XX:+UseSerialGC',
      ...(optimizes ? [] : [QUICK]),
      ...OPENED.map((each) => `--add-opens=${each}=ALL-UNNAMED`),
      ...Object.entries(settings).map(([key, value]) => `-D${key}=${value}`),
      '-cp',
      folders.map((folder) => `${folder}/*`).join(':'),
      'org.apache.spark.sql.connect.service.SparkConnectServer',
    ],
    {
      cwd: home,
      stdio: ['ignore', log, log],
      detached: outlives,
      env: {
        ...process.env,
        SPARK_HOME: home,
        SPARK_SCALA_VERSION: artifacts(version).scala,
        SPARK_LOCAL_IP: '127.0.0.1',
      },
    },
  );
  closeSync(log);
  if (outlives) child.unref();
  const remote = `sc://127.0.0.1:${port}`;
  try {
    await untilAnswering(child, remote);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`Spark Connect did not start:\n${readFileSync(logFile, 'utf8').slice(-8000)}`, {
      cause: error,
    });
  }
  return {
    remote,
    pid: child.pid as number,
    home,
    executors: () => childrenOf(child.pid as number),
    kill: () => void child.kill('SIGKILL'),
    async close() {
      for (const pid of childrenOf(child.pid as number)) process.kill(pid, 'SIGKILL');
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((done) => child.once('exit', done));
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Processes that a process has started, as Linux tells them; those of one that has ended are nobody's. */
function childrenOf(pid: number): number[] {
  if (!existsSync(`/proc/${pid}/task`)) return [];
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    const file = `/proc/${pid}/task/${thread}/children`;
    return existsSync(file) ? readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number) : [];
  });
}

async function untilAnswering(child: ChildProcess, remote: string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it has ended with ${child.exitCode}`);
    const session = openSparkSession({ remote: parseRemote(remote) });
    const isThere = await session.version().then(
      () => true,
      () => false,
    );
    await session.close();
    if (isThere) return;
    await sleep(500);
  }
}
