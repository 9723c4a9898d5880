/** Has processes adopt targets: retired ones, renamed ones, and such as PyIceberg filled. Step -> adoption. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { StartSpec } from '../../../src/model/start.ts';
import type { Adoption } from '../../../src/processes/adopt-process.ts';
import type { ProcessFile } from '../../support/world.ts';
import { changeNoted } from './change-sources.ts';
import { limitOf } from './compare-targets.ts';
import type { Name, Step } from './history.ts';
import { type Played, processOf } from './played.ts';
import { filesOf } from './processes.ts';
import { copyWanted, readSources } from './read-rows.ts';
import { noteHeads } from './sessions.ts';

type Adopting = Extract<Step, { kind: 'adopt' }>;

export async function adopt(played: Played, { name, how, between, by, partition }: Adopting): Promise<void> {
  const { world, python, log, cover, refused, loadedAt } = played;
  const table = `facts.${name}`;
  const id = { namespace: ['facts'], name };
  const exists = await world.psyberg.internals.client.tableExists(id);
  if (!exists && (how === 'retired' || how === 'renamed')) return;
  if (how === 'renamed') {
    const before = processOf(played, name);
    const after = `${name}_${played.next}`;
    const file = filesOf(played.each).find(({ header }) => header.process_name === name) as ProcessFile;
    rmSync(join(world.root, 'processes', `${before}.sql`));
    world.writeProcess({ ...file, header: { ...file.header, process_name: after } });
    played.processOf.set(name, after);
    await world.reopen();
    await python.connect(world);
    for (const each of between) await changeNoted(played, each.side, each.operation);
    return adopting(played, name, () => world.psyberg.adopt(after, new Map(), { from: before }));
  }
  const process = processOf(played, name);
  if (how === 'filled' || how === 'filled-whole') {
    const columns = await readSources(played);
    if (name === 'extra' && !columns.a.includes('extra')) return;
    const limit =
      how === 'filled-whole' && name !== 'state' && name !== 'copy'
        ? '2100-01-01T00:00:00Z'
        : await limitOf(played, name);
    log.push(`  filled to ${limit}`);
    if (limit === undefined) return;
    const path = join(world.root, 'fill.parquet');
    await copyWanted(played, name, limit, path);
    await world.psyberg.retire(process);
    if (exists) await world.sql(`drop table ${table}`);
    await python.ask('fill', {
      table,
      from: path,
      via: by === 'duckdb' ? 'sql' : 'rest',
      transform: partition?.replace('(ts)', ''),
    });
    await noteHeads(played, name);
    refused.delete(name);
  } else {
    if (refused.has(name) || !loadedAt.has(name)) return;
    await world.psyberg.retire(process);
  }
  // Also of hours that were complete once, and are not at the place of the adoption.
  if (name !== 'copy') played.holdsMore.add(name);
  for (const each of between) await changeNoted(played, each.side, each.operation);
  const places = new Map<string, StartSpec>(
    [...(loadedAt.get(name) as Map<string, string>)].map(([source, snapshot]) => [
      source,
      { kind: 'snapshot', snapshotId: BigInt(snapshot) },
    ]),
  );
  cover(`adopt ${how}`);
  await adopting(played, name, () => world.psyberg.adopt(process, places));
}

async function adopting(played: Played, name: Name, work: () => Promise<Adoption>): Promise<void> {
  const { world, log, cover, refused } = played;
  try {
    const { record, plan } = await work();
    log.push(`  adopted ${name} ${record.status}, owes ${plan.owed_hours}`);
    cover(`adopted ${name} ${record.status}`);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  adopt ${name} thrown ${code} ${message}`);
    cover(`adopt ${name} thrown ${code}`);
    expect(
      [
        'start-unknown',
        'target-missing',
        'adopt-from-unknown',
        'adoption-hours-unknown',
        'adoption-rows-ahead',
        'process-sql-failed',
      ],
      message,
    ).toContain(code);
    await world.psyberg.retire(processOf(played, name));
    if (await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name }))
      await world.sql(`drop table facts.${name}`);
    refused.delete(name);
    played.holdsMore.delete(name);
  }
}
