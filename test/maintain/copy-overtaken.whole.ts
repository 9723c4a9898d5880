// Goal: a copy is of one moment, or there is none; what belongs to a table beside its rows comes along. Method:
// a warehouse that somebody writes to while it is copied, the same command again, and both beside each other.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { findProjectRoot, readProject } from '../../src/project/read-project.ts';
import { type CopyRequest, copyProject } from '../../src/workspace/copy-project.ts';
import { createNamespace, rowsFrom } from '../support/movable-world.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-overtaken-'));
  world = await createWorld({ processes: [] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { formatVersion: '3' });
  await world.land('raw.events', rowsFrom(0));
  await world.sql('delete from raw.events where id % 5 = 2');
  const { main } = (await metadataOf(world.psyberg)).refs ?? {};
  const id = main?.['snapshot-id'] ?? 0n;
  const file = join(world.warehouse, 'raw', 'events', 'metadata', 'some.stats');
  writeFileSync(file, 'PFA1PFA1');
  await world.commit('raw.events', [
    { action: 'set-snapshot-ref', 'ref-name': 'audit', type: 'branch', 'snapshot-id': id },
    {
      action: 'set-snapshot-ref',
      'ref-name': 'kept',
      type: 'tag',
      'snapshot-id': id,
      'max-ref-age-ms': 86_400_000,
    },
    {
      action: 'set-statistics',
      'snapshot-id': id,
      statistics: {
        'snapshot-id': id,
        'statistics-path': file,
        'file-size-in-bytes': 8,
        'file-footer-size-in-bytes': 4,
        'blob-metadata': [],
      } as never,
    },
  ]);
  await world.land('raw.events', rowsFrom(20));
}, 120_000);
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const TO = (): string => join(folder, 'copy');

const metadataOf = async ({ internals }: OpenedProject): Promise<TableMetadata> =>
  (await internals.client.loadTable({ namespace: ['raw'], name: 'events' }))?.metadata as TableMetadata;

const copy = (request: Partial<CopyRequest> = {}) =>
  copyProject(
    readProject({ root: findProjectRoot(world.root) }),
    { to: TO() },
    { interrupted: () => false, ...request },
  );

async function opened<Value>(look: (psyberg: OpenedProject) => Promise<Value>): Promise<Value> {
  const root = join(folder, 'project');
  mkdirSync(join(root, 'processes'), { recursive: true });
  writeFileSync(
    join(root, 'psyberg.yaml'),
    `name: copied\ncatalog: { warehouse: ${JSON.stringify(TO())} }\n`,
  );
  const psyberg = await open({ project: root });
  try {
    return await look(psyberg);
  } finally {
    await psyberg.close();
  }
}

it('is of no moment where somebody wrote meanwhile, and there is none', async () => {
  let isOvertaken = false;
  const overtaken = copy({
    // The copy stands still while another program commits.
    onStep() {
      if (isOvertaken) return;
      isOvertaken = true;
      const statement = `insert into raw.events ${rowsFrom(40)}`;
      execFileSync(process.execPath, [MAIN, 'sql', statement, '--project', world.root]);
    },
  });
  await expect(overtaken).rejects.toMatchObject({ code: 'relocate-overtaken' });
  expect(await opened((psyberg) => psyberg.tables())).toEqual([]);
}, 120_000);

it('goes on by the same command, with branches, tags, statistics, sequence numbers and namespaces', async () => {
  await createNamespace(world, 'later', join(world.warehouse, 'later'));
  const report = await copy();
  expect(report.files?.already_there).toBeGreaterThan(0);
  expect(report.tables.flatMap(({ missing }) => missing)).toEqual([]);
  const before = await metadataOf(world.psyberg);
  await opened(async (psyberg) => {
    const after = await metadataOf(psyberg);
    const same = (metadata: TableMetadata) => ({
      refs: metadata.refs,
      sequence: metadata['last-sequence-number'],
      rowId: metadata['next-row-id'],
      log: metadata['snapshot-log'],
      ids: metadata.snapshots?.map((each) => [each['snapshot-id'], each['sequence-number']]),
    });
    expect(same(after)).toEqual(same(before));
    expect(Object.keys(after.refs ?? {}).sort()).toEqual(['audit', 'kept', 'main']);
    const [statistics] = (after.statistics ?? []) as { 'statistics-path': string }[];
    expect(statistics?.['statistics-path']).toBe(join(TO(), 'raw', 'events', 'metadata', 'some.stats'));
    expect(statSync(statistics?.['statistics-path'] ?? '').size).toBe(8);
    const rows = 'select *, _row_id, _last_updated_sequence_number from raw.events order by id';
    const [expected, found] = [await world.psyberg.sql(rows), await psyberg.sql(rows)];
    expect(found.rows).toEqual(expected.rows);
    expect(found.rows).toHaveLength(56);
    const tagged = async (of: OpenedProject) =>
      (await of.sql('select count(*) as n from raw.events', { branch: 'kept' })).toObjects();
    expect(await tagged(psyberg)).toEqual(await tagged(world.psyberg));
    const text = JSON.stringify(after, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
    expect(text).not.toContain(`${world.warehouse}/`);
  });
  expect(existsSync(join(world.warehouse, 'raw', 'events'))).toBe(true);
}, 120_000);
