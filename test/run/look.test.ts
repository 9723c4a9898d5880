// Goal: what a look writes lies where whoever cleans up after a killed process looks. Method: a dimension's
// next session, looked at for an engine that would be elsewhere, to its end and to an interrupt.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { isAtWork, readMarker, type SessionMarker } from '../../src/markers/session-marker.ts';
import { withLook } from '../../src/run/drivers/look.ts';
import type { RunPorts } from '../../src/run/ports.ts';
import type { ServedCatalog } from '../../src/workload/port.ts';
import { processFile, worldForTest } from '../support/world.ts';

/** A dimension with an hour to come, and ports to an engine that would be elsewhere. `seen`: its folders of views. */
async function dimension() {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'state',
          pattern: 'dimension',
          sources: [{ table: 'raw.events', alias: 'e', event_time: 'ts' }],
          target: { table: 'dims.state', event_time: 'h' },
        },
        'select $first_hour::timestamptz as h, (select count(*) from previous) + count(*) as n from e',
      ),
    ],
  });
  await world.create('raw.events', 'ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', "select timestamptz '2023-09-14 05:10:00Z'");
  await world.run(['state']);
  await world.land('raw.events', "select timestamptz '2023-09-14 06:10:00Z'");
  const { internals } = world.psyberg;
  const [spec] = internals.project.processes as [(typeof internals.project.processes)[number]];
  const plan = await internals.planProcess(spec, { writesNothing: true });
  const ports = await internals.ports();
  const seen: string[] = [];
  const workload = {
    ...ports.workload,
    isElsewhere: true,
    collected: { metadata: undefined as TableMetadata | undefined },
    attach: async ({ viewsFolder }: ServedCatalog) => void seen.push((await viewsFolder?.()) ?? ''),
    detach: async () => undefined,
  };
  const elsewhere = { ...ports, workload } as unknown as RunPorts;
  return { world, ports, elsewhere, plan, spec, seen };
}

it('a look that writes hours has the folder of its place, and its views lie beside the target under that name', async () => {
  const { world, ports, elsewhere, plan, spec, seen } = await dimension();
  await withLook(elsewhere, { plan, spec, computes: true }, async ({ branch, directory }) => {
    expect(seen.map((folder) => basename(folder))).toEqual([branch]);
    expect(directory).toBe(join(ports.sessionsDirectory, branch));
    expect(readdirSync(ports.sessionsDirectory)).toEqual([branch]);
  });
  expect(seen.map((folder) => existsSync(folder))).toEqual([false]);
  expect(await world.leftovers()).toEqual([]);
});

it('a look that is interrupted leaves none of the files that its hours were written to', async () => {
  const { world, ports, elsewhere, plan, spec } = await dimension();
  const interrupted = new Error('interrupted');
  let written = '';
  const look = withLook(elsewhere, { plan, spec, computes: true }, async ({ branch }) => {
    const folder = join(world.warehouse, 'dims', 'state', 'data', branch);
    mkdirSync(folder, { recursive: true });
    written = join(folder, 'hour.parquet');
    writeFileSync(written, '');
    ports.engine.interrupt();
    throw interrupted;
  });
  await expect(look).rejects.toBe(interrupted);
  expect(existsSync(written)).toBe(false);
  expect(await world.leftovers()).toEqual([]);
});

it('a look that cannot clean up after itself leaves that to the next session of this process, too', async () => {
  const { world, ports, elsewhere, plan, spec } = await dimension();
  const away = new Error('the catalog is away');
  let isAway = false;
  const loadTable: RunPorts['catalog']['loadTable'] = (...asked) =>
    isAway ? Promise.reject(away) : ports.catalog.loadTable(...asked);
  const catalog = { ...ports.catalog, loadTable };
  const look = withLook({ ...elsewhere, catalog }, { plan, spec, computes: true }, async () => {
    isAway = true;
  });
  await expect(look).rejects.toBe(away);
  const [name = ''] = readdirSync(ports.sessionsDirectory);
  const directory = join(ports.sessionsDirectory, name);
  expect(isAtWork(readMarker(directory) as SessionMarker, directory)).toBe(false);
  expect((await world.run(['state'])).map(({ status }) => status)).toEqual(['published']);
  expect(await world.leftovers()).toEqual([]);
});
