// Goal: a warehouse in an object store ends up, session by session, with the files that a folder has. Method:
// real departures, a day a session, loaded into both; every live file is held against that of the same
// partition by its rows. PSYBERG_FLIGHTS=month: the whole month.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import {
  type FlightsResult,
  findDepartures,
  type LandingHours,
  landingHoursOfMonths,
  loadDepartures,
} from '../../warehouse/flights/sessions.ts';
import { openSampleProject } from '../../warehouse/sample-project.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { open } from '../support/open-project.ts';
import { tableId } from '../support/world.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('../../warehouse/flights', import.meta.url));
const WEEK: LandingHours = { first: '2001-01-01T00:00:00Z', last: '2001-01-07T23:00:00Z' };
const isWholeMonth = process.env['PSYBERG_FLIGHTS'] === 'month';
const LANDING = isWholeMonth ? landingHoursOfMonths({ month: '2001-01', months: 1 }) : WEEK;
const TARGETS = ['facts.departures_fact', 'facts.route_hour_stats'] as const;
/** With moto to be installed. */
const LOAD_MS = isWholeMonth ? 3_600_000 : 600_000;

interface Loaded {
  readonly root: string;
  readonly result: FlightsResult;
  readonly seconds: number;
}

let folder: string;
let store: ObjectStore;
let local: Loaded;
let stored: Loaded;

async function load(name: string, catalog: Readonly<Record<string, unknown>>): Promise<Loaded> {
  const from = join(folder, `${name}-source`);
  cpSync(SOURCE_FOLDER, from, { recursive: true });
  writeFileSync(join(from, 'psyberg.yaml'), `name: flights\ncatalog: ${JSON.stringify(catalog)}\n`);
  const root = join(folder, name);
  const project = await openSampleProject({ from, to: root });
  const startedMs = performance.now();
  try {
    const options = { departures: findDepartures(), landing: LANDING, hoursPerSession: 24 };
    const result = await loadDepartures(project, options);
    return { root, result, seconds: (performance.now() - startedMs) / 1000 };
  } finally {
    await project.close();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-flights-'));
  store = await startObjectStore();
  await store.makeBucket('lake');
  local = await load('local', { warehouse: 'warehouse' });
  stored = await load('stored', { warehouse: 's3://lake/w', state: '.psyberg', storage: store.settings });
}, LOAD_MS);
afterAll(async () => {
  await store?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every live file of a table: its partition, how many rows it has, and what these sum up to; sorted. */
async function filesOf({ root }: Loaded, table: string): Promise<string[]> {
  const psyberg = await open({ project: root });
  try {
    const loaded = await psyberg.internals.client.loadTable(tableId(table));
    const list = loaded === undefined ? undefined : mainSnapshot(loaded.metadata)?.['manifest-list'];
    const manifests = await pathsOf(`select manifest_path as path from read_avro('${list}')`);
    const data = `select data_file.file_path as path, data_file.partition::varchar as partition
      from read_avro(${quoted(manifests)}) where status < 2`;
    const partitions = new Map(
      (await psyberg.sql(data))
        .toObjects()
        .map(({ path, partition }) => [String(path).replace(/^file:/, ''), String(partition)]),
    );
    const columns = currentSchema(loaded?.metadata as TableMetadata).fields.map(({ name }) => `"${name}"`);
    const { rows } = await psyberg.sql(
      `select filename, count(*), sum(hash(${columns.join(', ')}))::varchar
       from read_parquet(${quoted([...partitions.keys()])}, filename = true, hive_partitioning = false)
       group by filename`,
    );
    return rows.map(([path, count, sum]) => `${partitions.get(String(path))} ${count} ${sum}`).sort();
  } finally {
    await psyberg.close();
  }

  async function pathsOf(query: string): Promise<string[]> {
    return (await psyberg.sql(query)).toObjects().map(({ path }) => String(path));
  }
}
const quoted = (paths: readonly string[]): string => `[${paths.map((path) => `'${path}'`).join(', ')}]`;

describe(`${isWholeMonth ? 'a month' : 'a week'} of departures in a store`, { timeout: LOAD_MS }, () => {
  it('is published session by session as in a folder', () => {
    const told = ({ result }: Loaded) =>
      result.sessions.flatMap(({ runs }) =>
        runs.map(({ status, operation, rows_read, rows_written, range, owed_hours }) => ({
          status,
          operation,
          rows_read,
          rows_written,
          range,
          owed_hours,
        })),
      );
    expect(told(stored)).toEqual(told(local));
    expect(told(stored)).toHaveLength(isWholeMonth ? 62 : 14);
  });

  it('equals a full recompute', () => {
    expect(stored.result.comparisons).toMatchObject(
      TARGETS.map((target) => ({ target, missingRows: 0, extraRows: 0 })),
    );
    expect(stored.result.comparisons[0]?.rowCount).toBe(stored.result.lateness.rowCount);
  });

  it.each(TARGETS)('has the files of %s with the rows that they have in a folder', async (table) => {
    const [here, there] = [await filesOf(local, table), await filesOf(stored, table)];
    expect(there).toEqual(here);
    expect(there.length).toBeGreaterThan(7 * 22);
    if (isWholeMonth)
      console.info(`${table}: ${there.length} files; ${local.seconds} and ${stored.seconds} s`);
  });
});
