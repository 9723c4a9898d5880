// Goal: Spark reaches the catalog of a session through a proxy with TLS, under the advertised address alone; and one
// whose certificate is for another name is told as a catalog that it does not reach. Method: a proxy before the
// catalog, and a Spark whose Java trusts the authority of its certificate.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orphans } from '../support/orphans.ts';
import { processFile, worldForTest } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { type SparkConnectServer, startSparkConnect } from './spark/connect.ts';
import { makeCertificates } from './spark/tls-proxy.ts';
import { COUNTED, events } from './spark-twins.ts';

const missing = await missingJava();
let spark: SparkConnectServer;
let folder: string;
let proxy: Server;
/** Where it passes to. */
let target = 0;
let passed = 0;
beforeAll(async () => {
  if (missing !== undefined) return;
  folder = mkdtempSync(join(tmpdir(), 'psyberg-catalog-tls-'));
  makeCertificates(folder);
  const store = join(folder, 'trusted.p12');
  const named = ['-alias', 'tests', '-file', join(folder, 'ca.pem'), '-keystore', store];
  execFileSync('keytool', [
    ...['-importcert', '-noprompt', ...named, '-storetype', 'PKCS12', '-storepass', 'trusted'],
  ]);
  spark = await startSparkConnect({
    settings: {
      'javax.net.ssl.trustStore': store,
      'javax.net.ssl.trustStoreType': 'PKCS12',
      'javax.net.ssl.trustStorePassword': 'trusted',
    },
  });
  const own = {
    key: readFileSync(join(folder, 'server.key')),
    cert: readFileSync(join(folder, 'server.pem')),
  };
  proxy = createServer(own, (client) => {
    passed += 1;
    const inner = connect(target, '127.0.0.1');
    for (const socket of [client, inner]) socket.on('error', () => undefined);
    client.pipe(inner).pipe(client);
  });
  // Who does not trust it breaks off.
  proxy.on('tlsClientError', () => undefined).listen(0, '0.0.0.0');
  await once(proxy, 'listening');
}, 600_000);
afterAll(async () => {
  proxy?.close();
  await spark?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missing !== undefined)('a catalog behind TLS', () => {
  it('is found under the address that is advertised', { timeout: 300_000 }, async () => {
    const { header } = COUNTED;
    const written = { ...(header['target'] as object), table: 'facts.counted' };
    const world = await worldForTest({
      catalog: { warehouse: 'warehouse' },
      processes: [
        processFile({ ...header, process_name: 'counted', engine: 'spark', target: written }, COUNTED.duckdb),
      ],
    });
    const session = async (host: string) => {
      const { port } = proxy.address() as AddressInfo;
      const engines = JSON.stringify({
        spark: { remote: spark.remote, catalog_uri: `https://${host}:${port}` },
      });
      world.write('psyberg.yaml', `name: world\ncatalog: { warehouse: warehouse }\nengines: ${engines}\n`);
      await world.reopen();
      target = Number(new URL(world.psyberg.internals.endpoint.uri).port);
      return (await world.run(['counted']))[0];
    };
    await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint');
    await world.land('raw.events', events(0, 5, 0));
    // Its certificate is for 127.0.0.1.
    expect(await session('127.0.0.2')).toMatchObject({
      error: { code: 'spark-catalog-unreachable', message: expect.stringContaining('https://127.0.0.2:') },
    });
    const before = passed;
    expect(await session('127.0.0.1')).toMatchObject({ status: 'published', error: null });
    expect(passed).toBeGreaterThan(before);
    expect(await world.rows('select n from facts.counted')).toEqual(['["5"]']);
    expect(await world.leftovers()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
  });
});
