// Goal: a client that we did not write finds a catalog like any other. Method: PyIceberg against the running
// catalog.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFixture, openCatalog, SCHEMA } from '../catalog/fixture.ts';
import { preparePython, runPython } from './python.ts';

let fixture: CatalogFixture;
beforeAll(async () => {
  await preparePython();
  fixture = await openCatalog();
}, 600_000);
afterAll(() => fixture.close());

const connection = (warehouse?: string) => ({
  uri: fixture.catalog.uri,
  token: fixture.catalog.token,
  warehouse,
});
const OPEN = `
import pyarrow as pa
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token'], **({'warehouse': argument['warehouse']} if argument.get('warehouse') else {})})
`;

describe('PyIceberg through REST', () => {
  it('creates, appends, evolves, lists, renames and drops', { timeout: 60_000 }, async () => {
    const result = await runPython<Record<string, unknown>>(
      `${OPEN}
from pyiceberg.exceptions import *
from pyiceberg.transforms import DayTransform
from pyiceberg.types import StringType
found = {}
catalog.create_namespace('py', {'owner': 'me'})
catalog.create_namespace_if_not_exists('py')
rows = pa.table({'id': pa.array([1, 2, 3], pa.int64()), 'ts': pa.array([0, 1, 86400000000], pa.timestamp('us'))})
table = catalog.create_table('py.t', schema=rows.schema, properties={'format-version': '2'})
table.append(rows)
with table.update_spec() as update: update.add_field('ts', DayTransform(), 'ts_day')
with table.update_schema() as update: update.add_column('note', StringType())
table.append(pa.table({'id': pa.array([4], pa.int64()), 'ts': pa.array([5], pa.timestamp('us')), 'note': ['x']}))
table.overwrite(rows.slice(0, 1), overwrite_filter='id == 4')
table.delete('id == 2')
with table.manage_snapshots() as snapshots: snapshots.create_tag(table.current_snapshot().snapshot_id, 'release').create_branch(table.current_snapshot().snapshot_id, 'side')
with table.transaction() as transaction: transaction.set_properties({'a': '1'}); transaction.remove_properties('a')
found['rows'] = sorted(catalog.load_table('py.t').scan().to_arrow()['id'].to_pylist())
found['refs'] = sorted(catalog.load_table('py.t').refs().keys())
found['exists'] = [catalog.table_exists('py.t'), catalog.table_exists('py.nothing'), catalog.namespace_exists('py'), catalog.namespace_exists('no')]
found['properties'] = catalog.load_namespace_properties('py')
found['updated'] = list(catalog.update_namespace_properties('py', {'owner'}, {'b': '2'}).removed)
errors = []
for attempt in [lambda: catalog.create_table('py.t', schema=rows.schema), lambda: catalog.load_table('py.nothing'), lambda: catalog.create_namespace('py'), lambda: catalog.drop_namespace('py'), lambda: catalog.create_table('no.t', schema=rows.schema), lambda: catalog.drop_namespace('no')]:
  try: attempt(); errors.append(None)
  except Exception as error: errors.append(type(error).__name__)
found['errors'] = errors
with catalog.create_table_transaction('py.staged', schema=rows.schema) as transaction: transaction.append(rows)
found['staged'] = len(catalog.load_table('py.staged').scan().to_arrow())
catalog.rename_table('py.t', 'py.u')
found['tables'] = sorted(catalog.list_tables('py'))
catalog.drop_table('py.u'); catalog.purge_table('py.staged')
found['left'] = catalog.list_tables('py')
catalog.drop_namespace('py')
print(json.dumps(found))`,
      connection(),
    );
    expect(result).toEqual({
      rows: [1, 1, 3],
      refs: ['main', 'release', 'side'],
      exists: [true, false, true, false],
      properties: { owner: 'me' },
      updated: ['owner'],
      errors: [
        'TableAlreadyExistsError',
        'NoSuchTableError',
        'NamespaceAlreadyExistsError',
        'NamespaceNotEmptyError',
        'NoSuchNamespaceError',
        'NoSuchNamespaceError',
      ],
      staged: 3,
      tables: [
        ['py', 'staged'],
        ['py', 'u'],
      ],
      left: [],
    });
  });
  it('creates, loads, lists and drops views', { timeout: 60_000 }, async () => {
    const result = await runPython<Record<string, unknown>>(
      `${OPEN}
from pyiceberg.schema import Schema
from pyiceberg.types import NestedField, LongType
from pyiceberg.view.metadata import ViewVersion, SQLViewRepresentation
found = {}
catalog.create_namespace('pyviews')
version = ViewVersion(version_id=1, schema_id=0, representations=[SQLViewRepresentation(type='sql', sql='select 1 as id', dialect='duckdb')], default_namespace=('pyviews',))
view = catalog.create_view('pyviews.v', schema=Schema(NestedField(1, 'id', LongType(), required=False)), view_version=version, properties={'owner': 'me'})
for name in ['w', 'x']: catalog.create_view(('pyviews', name), schema=Schema(NestedField(1, 'id', LongType(), required=False)), view_version=version)
loaded = catalog.load_view('pyviews.v')
found['sql'] = [each.root.sql for each in loaded.current_version().representations]
found['properties'] = loaded.properties
found['listed'] = sorted(catalog.list_views('pyviews'))
found['tables'] = catalog.list_tables('pyviews')
found['exists'] = [catalog.view_exists('pyviews.v'), catalog.view_exists('pyviews.nothing')]
errors = []
for attempt in [lambda: catalog.create_view('pyviews.v', schema=Schema(NestedField(1, 'id', LongType(), required=False)), view_version=version), lambda: catalog.load_view('pyviews.nothing'), lambda: catalog.drop_view('pyviews.nothing'), lambda: catalog.load_table('pyviews.v')]:
  try: attempt(); errors.append(None)
  except Exception as error: errors.append(type(error).__name__)
found['errors'] = errors
for name in ['v', 'w', 'x']: catalog.drop_view(('pyviews', name))
found['left'] = catalog.list_views('pyviews')
catalog.drop_namespace('pyviews')
print(json.dumps(found))`,
      connection(),
    );
    expect(result).toEqual({
      sql: ['select 1 as id'],
      properties: { owner: 'me' },
      listed: ['v', 'w', 'x'].map((name) => ['pyviews', name]),
      tables: [],
      exists: [true, false],
      errors: ['ViewAlreadyExistsError', 'NoSuchViewError', 'NoSuchViewError', 'NoSuchTableError'],
      left: [],
    });
  });
  it('makes tables of any name, reads and purges them', { timeout: 60_000 }, async () => {
    const names = ['a..b %2F c', '..%2f..%5c', 'größe', 'x'.repeat(255), '..\\\\..'.replaceAll('\\\\', '\\')];
    const found = await runPython<{ rows: number[]; decoded: string[] }>(
      `${OPEN}
from urllib.parse import unquote
catalog.create_namespace('odd names')
rows = pa.table({'id': pa.array([1, 2, 3], pa.int64())})
found = {'rows': [], 'decoded': []}
for name in argument['names']:
  table = catalog.create_table(('odd names', name), schema=rows.schema)
  table.append(rows)
  found['rows'].append(len(catalog.load_table(('odd names', name)).scan().to_arrow()))
  found['decoded'].append(unquote(table.location()))
  catalog.purge_table(('odd names', name))
print(json.dumps(found))
`,
      { ...connection(), names },
    );
    expect(found.rows).toEqual(names.map(() => 3));
    for (const location of found.decoded)
      expect(location).toMatch(new RegExp(`^${fixture.warehouse}/odd names/[^/\\\\]+$`));
    expect(readdirSync(join(fixture.warehouse, 'odd names'))).toEqual([]);
  });
  it('writes to a branch through a session view and leaves main', { timeout: 60_000 }, async () => {
    const table = { namespace: ['sources'], name: 'viewed' };
    await fixture.client.createNamespace(['sources']);
    await fixture.client.createTable(table, { schema: SCHEMA });
    fixture.catalog.views.open({
      name: 'py-session',
      tables: [{ identifier: table, table, show: { kind: 'branch', branch: 'staging' } }],
    });
    const count = await runPython<number>(
      `${OPEN}
table = catalog.load_table('sources.viewed')
for _ in range(2): table.append(pa.table({'id': pa.array([1, 2], pa.int64()), 'ts': pa.array([0, 1], pa.timestamp('us'))}))
print(json.dumps(len(catalog.load_table('sources.viewed').scan().to_arrow())))`,
      connection('py-session'),
    );
    expect(count).toBe(4);
    const metadata = (await fixture.client.loadTable(table))?.metadata;
    expect(metadata?.['current-snapshot-id']).toBeUndefined();
    expect(Object.keys(metadata?.refs ?? {})).toEqual(['staging']);
  });
});
