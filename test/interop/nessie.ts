/** Project Nessie's server, with tables in an object store; in memory, on loopback. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { CACHE, installOnce } from './install-once.ts';
import { DEPENDENCY_PLUGIN } from './java/java.ts';

const run = promisify(execFile);
const VERSION = '0.99.0';
/** Its class files are of version 65. */
const JAVA_VERSION_MIN = 21;
/** Of its own: Maven's may be anywhere. */
const repository = join(CACHE, 'maven');
const jar = join(
  repository,
  `org/projectnessie/nessie/nessie-quarkus/${VERSION}/nessie-quarkus-${VERSION}-runner.jar`,
);

/** A Java of this machine that is new enough; undefined where there is none. */
export async function javaOfNessie(): Promise<string | undefined> {
  const folder = '/usr/lib/jvm';
  const installed = existsSync(folder)
    ? readdirSync(folder)
        .map((name) => join(folder, name, 'bin/java'))
        .filter((path) => existsSync(path))
    : [];
  for (const java of ['java', ...installed]) {
    const version = await run(java, ['-version']).then(
      ({ stderr }) => Number(/version "(\d+)/.exec(stderr)?.[1]),
      () => 0,
    );
    if (version >= JAVA_VERSION_MIN) return java;
  }
  return undefined;
}

export interface Nessie {
  /** Of its Iceberg REST catalog. */
  readonly uri: string;
  close(): Promise<void>;
}

/** Fetches its jar once: 245 MB. */
export async function installNessie(): Promise<void> {
  await installOnce({
    isInstalled: () => existsSync(jar),
    name: 'nessie',
    install: async () => {
      await run('mvn', [
        '-q',
        '-B',
        `${DEPENDENCY_PLUGIN}:get`,
        `-Dartifact=org.projectnessie.nessie:nessie-quarkus:${VERSION}:jar:runner`,
        '-Dtransitive=false',
        `-Dmaven.repo.local=${repository}`,
      ]);
    },
  });
}

/** `settings`: Iceberg's, of the store below `warehouse`. @throws Error with what it printed. */
export async function startNessie(
  java: string,
  {
    warehouse,
    settings,
  }: { readonly warehouse: string; readonly settings: Readonly<Record<string, string>> },
): Promise<Nessie> {
  const port = await freePort();
  const s3 = 'nessie.catalog.service.s3.default-options';
  const properties: Record<string, string> = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': String(port),
    'quarkus.management.port': '0',
    'nessie.version.store.type': 'IN_MEMORY',
    'nessie.catalog.default-warehouse': 'warehouse',
    'nessie.catalog.warehouses.warehouse.location': warehouse,
    [`${s3}.endpoint`]: settings['s3.endpoint'] ?? '',
    [`${s3}.path-style-access`]: 'true',
    [`${s3}.region`]: settings['client.region'] ?? '',
    [`${s3}.access-key`]: 'urn:nessie-secret:quarkus:store-keys',
    // A secret whose name begins with `nessie.` stops its start.
    'store-keys.name': settings['s3.access-key-id'] ?? '',
    'store-keys.secret': settings['s3.secret-access-key'] ?? '',
  };
  const child = spawn(
    java,
    [
      '-XX:+UseSerialGC',
      ...Object.entries(properties).map(([key, value]) => `-D${key}=${value}`),
      '-jar',
      jar,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  const close = async (): Promise<void> => {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill('SIGKILL');
    await gone;
  };
  const uri = `http://127.0.0.1:${port}/iceberg/main`;
  const endMs = Date.now() + 120_000;
  while (
    !(await fetch(`${uri}/v1/config`).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > endMs) {
      await close();
      throw new Error(`Nessie did not start:\n${output}`);
    }
    await sleep(200);
  }
  return { uri, close };
}
