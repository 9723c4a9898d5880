// Goal: other clients read a warehouse that was copied and relocated. Method: PyIceberg reads every table through
// the catalog, row-level deletes applied, while the original is away; and it appends to one.
import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { readProject } from '../../src/project/read-project.ts';
import { relocateProject } from '../../src/workspace/relocate-project.ts';
import { movableWorld, TABLES } from '../support/movable-world.ts';
import { open } from '../support/open-project.ts';
import { preparePython, runPython } from './python.ts';

const READ = `
import pyarrow as pa
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token']})
table = catalog.load_table(('raw', 'events'))
table.append(pa.table({'id': pa.array([900], pa.int64()), 'ts': pa.array([0], pa.timestamp('us', 'UTC'))}))
found, paths = {}, set()
for name in argument['tables']:
  table = catalog.load_table(tuple(name.replace('"', '').split('.')))
  found[name] = sorted(table.scan().to_arrow()['id'].to_pylist())
  for snapshot in table.snapshots():
    for manifest in snapshot.manifests(table.io):
      paths.add(manifest.manifest_path)
      paths.update(entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False))
print(json.dumps({'found': found, 'strange': sorted(path for path in paths if argument['root'] not in path)}))
`;

beforeAll(preparePython, 600_000);

it('PyIceberg reads and writes the tables of a relocated copy', async () => {
  const world = await movableWorld();
  const copy = join(mkdtempSync(join(tmpdir(), 'psyberg-moved-')), 'copy');
  const away = `${world.root}-away`;
  try {
    await world.psyberg.close();
    cpSync(world.root, copy, { recursive: true });
    renameSync(world.root, away);
    await relocateProject(readProject({ root: copy }), { interrupted: () => false });
    const psyberg = await open({ project: copy });
    try {
      const { uri, token } = psyberg.internals.catalog;
      const answer = await runPython<{ found: Record<string, number[]>; strange: string[] }>(READ, {
        uri,
        token,
        root: copy,
        tables: TABLES,
      });
      expect(answer.strange).toEqual([]);
      for (const table of TABLES) {
        const { rows } = await psyberg.sql(`select id from ${table} order by id`);
        expect(answer.found[table], table).toEqual(rows.map(([id]) => Number(id)));
        expect(rows.length, table).toBeGreaterThan(10);
      }
    } finally {
      await psyberg.close();
    }
  } finally {
    renameSync(away, world.root);
    await world.close();
    rmSync(join(copy, '..'), { recursive: true, force: true });
  }
}, 120_000);
