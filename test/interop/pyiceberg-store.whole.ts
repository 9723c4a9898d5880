// Goal: whoever has the token of a served catalog has its files in a store with --vend keys, and without it has
// the tables alone. Method: PyIceberg, which is told nothing but address and token, and with its own keys.
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startProjectCatalog } from '../../src/workspace/project-catalog.ts';
import { expectRecomputed, FOREIGN_FILES, FOREIGN_PROCESSES } from '../support/foreign-scenario.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { createWorld, hourAt, type World } from '../support/world.ts';
import { preparePython, runPython } from './python.ts';

describe('PyIceberg and a warehouse in a store', { timeout: 300_000 }, () => {
  let store: ObjectStore;
  let world: World;
  beforeAll(async () => {
    await preparePython();
    store = await startObjectStore();
    await store.makeBucket('lake');
    const warehouse = 's3://lake/w';
    world = await createWorld({
      catalog: { warehouse, state: '.psyberg', storage: store.settings },
      warehouse,
      processes: FOREIGN_PROCESSES,
      files: FOREIGN_FILES,
    });
    await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', {
      partitionedBy: 'hour(ts)',
    });
    await world.land(
      'raw.events',
      `select i, i % 5, timestamptz '${hourAt(1)}' + to_seconds(i) from range(10) as t(i)`,
    );
  }, 600_000);
  afterAll(async () => {
    await world?.close();
    await store?.close();
  });

  async function append(vendsStorage: boolean, own: Readonly<Record<string, string>>) {
    const served = await startProjectCatalog(world.psyberg.project, { vendsStorage });
    onTestFinished(() => served.close());
    return runPython<{ rows?: number; error?: string }>(
      `
import datetime
import pyarrow as pa
from pyiceberg.catalog import load_catalog
catalog = load_catalog('rest', **{'type': 'rest', 'uri': argument['uri'], 'token': argument['token'], **argument['own']})
table = catalog.load_table('raw.events')
try:
  ts = datetime.datetime(2023, 9, 14, 0, 30, tzinfo=datetime.timezone.utc)
  table.append(pa.table({'id': pa.array([100], pa.int64()), 'entity': pa.array([1], pa.int64()), 'ts': pa.array([ts], pa.timestamp('us', 'UTC'))}))
  print(json.dumps({'rows': len(catalog.load_table('raw.events').scan().to_arrow())}))
except Exception as error:
  print(json.dumps({'error': str(error)}))
`,
      { uri: served.uri, token: served.token, own },
    );
  }

  it('writes and reads with the keys that are handed out, and with its own', async () => {
    expect(await append(true, {})).toEqual({ rows: 11 });
    expect(await append(false, store.settings)).toEqual({ rows: 12 });
    expect((await world.run()).map(({ error }) => error)).toEqual([null, null, null]);
    await expectRecomputed(world);
  });

  it('reaches nothing without', async () => {
    const found = await append(false, { 's3.endpoint': store.endpoint, 's3.region': 'us-east-1' });
    expect(found.rows).toBeUndefined();
    expect(found.error).toBeDefined();
    const served = await startProjectCatalog(world.psyberg.project);
    onTestFinished(() => served.close());
    const answer = await fetch(`${served.uri}/v1/psyberg/namespaces/raw/tables/events`, {
      headers: { authorization: `Bearer ${served.token}` },
    });
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('test-secret');
  });
});
