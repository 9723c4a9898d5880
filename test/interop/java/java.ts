/**
 * Java with Apache Iceberg for the interop tests: a classpath that Maven makes of `pom.xml` once, and
 * programs that run on it. Machines without Java 17 and Maven skip what needs them, and say so; where both
 * are there, a failing download is a failure.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE, installOnce } from '../install-once.ts';

const run = promisify(execFile);

const JAVA_VERSION_MIN = 17;
export const DEPENDENCY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
const pom = join(import.meta.dirname, 'pom.xml');

/** Why Java programs cannot run here, for `describe.skipIf` and a message; `undefined` when they can. */
export async function missingJava(): Promise<string | undefined> {
  try {
    const { stderr } = await run('java', ['-version']);
    const version = Number(/version "(\d+)/.exec(stderr)?.[1]);
    if (!(version >= JAVA_VERSION_MIN))
      return `Java ${JAVA_VERSION_MIN} or newer is needed, found ${version}`;
  } catch {
    return `Java is not installed (${JAVA_VERSION_MIN} or newer is needed)`;
  }
  try {
    await run('mvn', ['-version']);
    return undefined;
  } catch {
    return 'Maven (mvn) is not installed';
  }
}

/**
 * The classpath of everything in `pom.xml`. @throws Error with Maven's own words when it cannot be fetched.
 */
export async function javaClasspath(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16);
  const mark = join(CACHE, 'java', `classpath-${digest}`);
  // The jars lie in Maven's own store, which somebody may have cleaned.
  const isInstalled = (): boolean =>
    existsSync(mark) && readFileSync(mark, 'utf8').trim().split(':').every(existsSync);
  await installOnce({ isInstalled, name: 'java', install: () => fetchJars(mark) });
  return readFileSync(mark, 'utf8').trim();
}

async function fetchJars(mark: string): Promise<void> {
  mkdirSync(dirname(mark), { recursive: true });
  const unfinished = `${mark}.tmp`;
  try {
    await run(
      'mvn',
      ['-q', '-B', '-f', pom, `${DEPENDENCY_PLUGIN}:build-classpath`, `-Dmdep.outputFile=${unfinished}`],
      { maxBuffer: 64 * 1024 * 1024 },
    );
    renameSync(unfinished, mark);
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string };
    throw new Error(
      `Maven could not fetch what ${pom} names:\n${(stdout || message).trim().split('\n').slice(0, 5).join('\n')}`,
      { cause: error },
    );
  }
}

export interface JavaProgram {
  readonly mainClass: string;
  readonly arguments?: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a program; its streams are piped, and whoever starts it ends it. */
export async function startJava({
  mainClass,
  arguments: given = [],
  properties = {},
  environment = {},
}: JavaProgram): Promise<ChildProcess> {
  const defined = Object.entries({ 'org.slf4j.simpleLogger.defaultLogLevel': 'warn', ...properties }).map(
    ([name, value]) => `-D${name}=${value}`,
  );
  // The serial collector: a JVM that lives for seconds gains nothing from more threads, and the tests run
  // beside others.
  return spawn('java', ['-XX:+UseSerialGC', '-cp', await javaClasspath(), ...defined, mainClass, ...given], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a program to its end. */
export async function runJava(
  program: JavaProgram,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = await startJava(program);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  return await new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, output }));
  });
}
