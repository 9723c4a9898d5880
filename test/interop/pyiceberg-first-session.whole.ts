// Goal: another engine finds a target empty until its first session is published, and its branch by name.
// Method: sessions that failed their audit and kept their branch; PyIceberg reads them.
import { expect, it } from 'vitest';
import { processFile, worldForTest } from '../support/world.ts';
import { runPython } from './python.ts';

const READ = `
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
found = {}
for name in argument['tables']:
  table = catalog.load_table(name)
  branch = next((ref for ref, found_ref in table.refs().items() if ref != 'main'), None)
  found[name] = {
    'main': table.scan().to_arrow().num_rows,
    'manifests': len(table.current_snapshot().manifests(table.io)) if table.current_snapshot() else None,
    'branch': table.scan().use_ref(branch).to_arrow().num_rows if branch else None,
  }
print(json.dumps(found))`;

it('what is staged is on the branch, and main is empty', { timeout: 240_000 }, async () => {
  const processes = ['2', '3'].map((version) =>
    processFile(
      {
        process_name: `v${version}`,
        pattern: 'stateless',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: `facts.v${version}`, event_time: 'ts', properties: { 'format-version': version } },
        audits: [{ unique: { columns: ['one'] } }],
      },
      'select 1 as one, ts from e',
    ),
  );
  const world = await worldForTest({ processes });
  await world.create('raw.events', 'ts timestamptz');
  await world.land('raw.events', "select timestamptz '2023-09-14T01:00:00Z' from range(2)");
  const records = await world.run(undefined, { keepBranch: true });
  expect(records.map(({ status }) => status)).toEqual(['audit-failed', 'audit-failed']);
  // A table of another client, with a branch and no main.
  await world.create('raw.only_branch', 'id bigint');
  await world.land('raw.only_branch', 'select 1');
  await world.commit('raw.only_branch', [
    {
      action: 'set-snapshot-ref',
      'ref-name': 'work',
      type: 'branch',
      'snapshot-id': (await world.metadata('raw.only_branch'))['current-snapshot-id'] as bigint,
    },
    { action: 'remove-snapshot-ref', 'ref-name': 'main' },
  ]);
  const { uri, token } = world.psyberg.internals.catalog;
  expect(await runPython(READ, { uri, token, tables: ['facts.v2', 'facts.v3', 'raw.only_branch'] })).toEqual({
    'facts.v2': { main: 0, manifests: 0, branch: 2 },
    'facts.v3': { main: 0, manifests: 0, branch: 2 },
    'raw.only_branch': { main: 0, manifests: null, branch: 1 },
  });
});
