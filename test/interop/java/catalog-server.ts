/**
 * Apache Iceberg's own REST catalog server (its test fixtures), over a JDBC catalog in memory and a warehouse
 * folder.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../support/free-port.ts';
import { startJava } from './java.ts';

export interface JavaCatalogServer {
  readonly uri: string;
  readonly warehouse: string;
  close(): Promise<void>;
}

/**
 * `configuration`: properties of the catalog, as in Apache Iceberg's documentation. @throws Error with what
 * the server printed when it does not start.
 */
export async function startJavaCatalog(
  configuration: Readonly<Record<string, string>> = {},
): Promise<JavaCatalogServer> {
  const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-java-'));
  const port = await freePort();
  const properties: Record<string, string> = {
    'rest.port': String(port),
    warehouse: `file:${join(warehouse, 'tables')}`,
    uri: `jdbc:sqlite:${join(warehouse, 'catalog.db')}`,
    ...configuration,
  };
  const child = await startJava({
    mainClass: 'org.apache.iceberg.rest.RESTCatalogServer',
    environment: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [
        `CATALOG_${key.toUpperCase().replaceAll('-', '__').replaceAll('.', '_')}`,
        value,
      ]),
    ),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  const uri = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    child.kill();
    await gone;
    rmSync(warehouse, { recursive: true, force: true });
  };
  const endMs = Date.now() + 60_000;
  while (!(await answers(uri))) {
    if (child.exitCode !== null || Date.now() > endMs) {
      await close();
      throw new Error(`Apache Iceberg's REST catalog server did not start:\n${output}`);
    }
    await sleep(100);
  }
  return { uri, warehouse, close };
}

async function answers(uri: string): Promise<boolean> {
  try {
    return (await fetch(`${uri}/v1/config`)).ok;
  } catch {
    return false;
  }
}
