// Goal: sessions run in front of a catalog that others wrote. Method: Apache Iceberg's own REST server over
// its JDBC catalog takes the whole story of three patterns; then the commands, the proxy and PyIceberg look
// at what it holds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson, startCli } from '../cli/fixture.ts';
import { catalogClient } from '../support/catalog-client.ts';
import { FOREIGN_FILES, FOREIGN_PROCESSES, playForeignScenario } from '../support/foreign-scenario.ts';
import { createWorld, type World } from '../support/world.ts';
import { type JavaCatalogServer, startJavaCatalog } from './java/catalog-server.ts';
import { missingJava } from './java/java.ts';
import { runPython } from './python.ts';

const missing = await missingJava();
if (missing !== undefined)
  console.warn(`skipped: Apache Iceberg's REST server as the foreign catalog: ${missing}`);

const SECRET = 'client:Zq-never-to-be-printed';
const READ = `
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument.get('token')})
found = {}
for namespace in catalog.list_namespaces():
  for identifier in catalog.list_tables(namespace):
    table = catalog.load_table(identifier)
    found['.'.join(identifier)] = [table.scan().to_arrow().num_rows, table.current_snapshot().summary['total-records']]
print(json.dumps(found))`;

describe.skipIf(missing !== undefined)("in front of Apache Iceberg's REST server", () => {
  let server: JavaCatalogServer;
  let world: World;
  beforeAll(async () => {
    server = await startJavaCatalog();
    world = await createWorld({
      catalog: { uri: server.uri, credential: SECRET },
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
  });
  afterAll(async () => {
    await world?.close();
    await server?.close();
  });

  it('a whole story of sessions runs', async () => {
    await playForeignScenario(world);
  });

  it('PyIceberg reads there what was written, and the totals in the summaries are right', async () => {
    const found = await runPython<Record<string, [number, string]>>(READ, { uri: server.uri });
    for (const table of [
      'raw.events',
      'facts.event_fact',
      'facts.count_fact',
      'dims.entity_state',
      'psyberg.psyberg_session_f',
      'psyberg.high_water_mark_table',
      'psyberg.psyberg_signal',
    ]) {
      const [row] = await world.sql(`select count(*) as rows from ${table}`);
      expect(found[table]?.[0], table).toBe(Number(row?.['rows']));
    }
    for (const table of ['facts.event_fact', 'facts.count_fact', 'dims.entity_state'])
      expect(Number(found[table]?.[1]), table).toBe(found[table]?.[0]);
  });

  it('every command works, and none of them prints the secret', async () => {
    const project = ['--project', world.root];
    const status = await cliJson('status', ...project);
    expect(status.json).toMatchObject({
      processes: [
        { process_name: 'event_load' },
        { process_name: 'count_load' },
        { process_name: 'state_load' },
      ],
    });
    const outputs = await Promise.all([
      cli('doctor', '--verbose', ...project),
      cli('history', 'count_load', ...project),
      cli('signals', ...project),
      cli('sql', 'select count(*) as n from facts.event_fact', ...project),
      cli('plan', '--explain', '--verbose', ...project),
    ]);
    expect(outputs.map((output) => output.code)).toEqual([0, 0, 0, 0, 0]);
    for (const { stdout, stderr } of outputs) expect(stdout + stderr).not.toContain('Zq-never');
    expect(outputs[0]?.stdout).toContain(server.uri);
    expect(outputs[1]?.stdout).toContain('20990101000000');
  });

  it('catalog serve is a proxy: other clients see the same tables under its address', async () => {
    const { child, done, stdout } = startCli(['catalog', 'serve', '--project', world.root]);
    try {
      while (!stdout().includes('\n')) await new Promise((ready) => setTimeout(ready, 50));
      const { uri, token } = JSON.parse(stdout()) as { uri: string; token: string };
      const there = await catalogClient({ uri, token }).loadTable({
        namespace: ['facts'],
        name: 'count_fact',
      });
      expect(there?.metadata['current-snapshot-id']).toBe(
        (await world.metadata('facts.count_fact'))['current-snapshot-id'],
      );
      expect(
        (await runPython<Record<string, [number, string]>>(READ, { uri, token }))['facts.event_fact']?.[0],
      ).toBe(181);
    } finally {
      child.kill('SIGINT');
      await done;
    }
  });
});
