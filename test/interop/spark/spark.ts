/**
 * Spark with Apache Iceberg's runtime for the interop tests: a venv and a jar of its own in `.cache`, and one
 * Spark process that answers statements. It needs Java 17 and Maven; 300 MB are downloaded once, so no test
 * of `npm test` uses it.
 */
import { execFile, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CACHE, installOnce } from '../install-once.ts';

const run = promisify(execFile);

/** Pinned: what another release writes is another test. */
const PYSPARK = 'pyspark==3.5.6';
const RUNTIME = {
  artifact: 'org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.0',
  file: 'iceberg-spark-runtime-3.5_2.12-1.10.0.jar',
};
const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

const venv = join(CACHE, 'spark-venv');
/** Python with PySpark, once it is prepared. */
export const python = join(venv, 'bin', 'python');
const jar = join(CACHE, 'spark', RUNTIME.file);
const mark = join(venv, `installed-${PYSPARK.replace(/[^a-z0-9.]+/gi, '-')}`);

/** Makes sure that PySpark and the jar are there. @throws Error with the words of pip or Maven. */
export async function prepareSpark(): Promise<void> {
  await installOnce({
    isInstalled: () => existsSync(mark) && existsSync(jar),
    name: 'spark',
    async install() {
      try {
        if (!existsSync(mark)) {
          rmSync(venv, { recursive: true, force: true });
          await run('python3', ['-m', 'venv', venv]);
          await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', PYSPARK], {
            maxBuffer: 64 * 1024 * 1024,
          });
          writeFileSync(mark, '');
        }
        mkdirSync(dirname(jar), { recursive: true });
        const fetched = mkdtempSync(join(tmpdir(), 'psyberg-spark-'));
        await run(
          'mvn',
          [
            '-q',
            '-B',
            `${DEPENDENCY_PLUGIN}:copy`,
            `-Dartifact=${RUNTIME.artifact}`,
            `-DoutputDirectory=${fetched}`,
          ],
          { maxBuffer: 64 * 1024 * 1024 },
        );
        copyFileSync(join(fetched, RUNTIME.file), jar);
        rmSync(fetched, { recursive: true, force: true });
      } catch (error) {
        const { stdout, stderr, message } = error as { stdout?: string; stderr?: string; message: string };
        throw new Error(
          `Spark could not be installed (python3 with venv and pip, Java 17 and Maven are needed): ${(stdout || stderr || message).trim().split('\n').slice(-5).join('\n')}`,
          {
            cause: error,
          },
        );
      }
    },
  });
}

export interface SparkRows {
  readonly columns: readonly string[];
  /** Values as text: timestamps in microseconds since 1970, structs and lists as JSON. */
  readonly rows: readonly (readonly unknown[])[];
}
export interface Spark {
  readonly version: string;
  /** Runs a statement. @throws Error with Spark's message. */
  sql(statement: string): Promise<SparkRows>;
  /** The first value of the first row. */
  value(statement: string): Promise<unknown>;
  /** Makes a REST catalog known under a name. */
  attach(name: string, catalog: { readonly uri: string; readonly token: string }): Promise<void>;
  configure(settings: Readonly<Record<string, string | null>>): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly ready?: string;
  readonly error?: string;
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly unknown[])[];
}

export async function startSpark(): Promise<Spark> {
  await prepareSpark();
  const home = mkdtempSync(join(tmpdir(), 'psyberg-spark-'));
  const settings = {
    'spark.jars': jar,
    'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
    'spark.sql.session.timeZone': 'UTC',
    // Tables of a few rows: compiling a plan to bytecode takes longer than running it.
    'spark.sql.shuffle.partitions': '1',
    'spark.sql.adaptive.enabled': 'false',
    'spark.sql.codegen.wholeStage': 'false',
    'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
    'spark.ui.enabled': 'false',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.host': '127.0.0.1',
    'spark.driver.memory': '1g',
    'spark.driver.extraJavaOptions': `-Duser.timezone=UTC -Dderby.system.home=${home}`,
    'spark.sql.warehouse.dir': join(home, 'warehouse'),
    'spark.local.dir': home,
  };
  const child = spawn(python, [join(import.meta.dirname, 'driver.py'), JSON.stringify(settings)], {
    cwd: home,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, TZ: 'UTC' },
  });
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => {
    printed = (printed + String(chunk)).slice(-8000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Answer> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Spark has ended:\n${printed}`);
    return JSON.parse(value) as Answer;
  };
  const { ready } = await next();
  let busy: Promise<unknown> = Promise.resolve();
  /** One request at a time: the answers come in the order of the requests. */
  const ask = (request: unknown): Promise<Answer> => {
    const answered = busy.then(async () => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return next();
    });
    busy = answered.catch(() => undefined);
    return answered;
  };
  const sql = async (statement: string): Promise<SparkRows> => {
    const { error, columns = [], rows = [] } = await ask({ sql: statement });
    if (error !== undefined) throw new Error(`${statement}\n${error.split('\n').slice(0, 12).join('\n')}`);
    return { columns, rows };
  };
  const configure = async (conf: Readonly<Record<string, string | null>>): Promise<void> => {
    const { error } = await ask({ conf });
    if (error !== undefined) throw new Error(error);
  };
  return {
    version: ready ?? '',
    sql,
    value: async (statement) => (await sql(statement)).rows[0]?.[0],
    configure,
    async attach(name, { uri, token }) {
      const prefix = `spark.sql.catalog.${name}`;
      await configure({
        [prefix]: 'org.apache.iceberg.spark.SparkCatalog',
        [`${prefix}.type`]: 'rest',
        [`${prefix}.uri`]: uri,
        [`${prefix}.token`]: token,
        [`${prefix}.cache-enabled`]: 'false',
      });
    },
    async close() {
      child.stdin.end();
      await new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done(undefined)));
      rmSync(home, { recursive: true, force: true });
    },
  };
}
