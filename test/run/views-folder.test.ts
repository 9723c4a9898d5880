// Goal: what an engine elsewhere is to read of a session lies where it gets to, and goes with the session.
// Method: a project's real catalog, and sessions of an engine here and of one elsewhere.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TableIdentifier } from '../../src/model/names.ts';
import { abandonSession } from '../../src/run/leftovers/clean-up.ts';
import type { Begun } from '../../src/run/session.ts';
import { removeViews, viewsFolder } from '../../src/run/views/views-folder.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const NAME = 'psyberg_counted_20230914061501';

async function sessionIn(world: World, { elsewhere = true, writes = true, branchOfAnother = false } = {}) {
  const { client, project } = world.psyberg.internals;
  const beside: string[] = [];
  const [spec] = project.processes;
  const session = {
    ports: {
      catalog: client,
      project,
      workload: { isElsewhere: elsewhere, detach: async () => undefined },
      markers: { end: async () => undefined },
    },
    plan: { sources: [] },
    spec,
    branch: NAME,
    directory: join(world.root, '.psyberg', 'sessions', NAME),
    view: {
      putListsBeside: ({ namespace, name }: TableIdentifier) => beside.push([...namespace, name].join('.')),
      close: () => undefined,
    },
    leftovers: { branchOfAnother },
    writes,
  } as unknown as Begun;
  return { session, beside };
}

const worldOf = (): Promise<World> =>
  worldForTest({
    processes: [
      processFile(
        {
          process_name: 'counted',
          pattern: 'stateless',
          sources: [{ table: 'raw.events', alias: 'e' }],
          target: { table: 'facts.counted' },
        },
        'select id from e',
      ),
    ],
  });

describe('the views of a session', () => {
  it('lie in its own folder for an engine here, and nothing of tables is touched', async () => {
    const world = await worldOf();
    const { session } = await sessionIn(world, { elsewhere: false });
    expect(await viewsFolder(session)).toBe(session.directory);
    await removeViews(session);
    expect(existsSync(join(world.warehouse, 'psyberg'))).toBe(false);
  });

  it('lie beside the target for one elsewhere, before it is there beside the table of sessions, and go', async () => {
    const world = await worldOf();
    const { session, beside } = await sessionIn(world);
    const first = await viewsFolder(session);
    expect(first).toBe(join(world.warehouse, 'psyberg/psyberg_session_f/metadata', NAME));
    await world.create('facts.counted', 'id bigint');
    const then = await viewsFolder(session);
    expect(then).toBe(join(world.warehouse, 'facts/counted/metadata', NAME));
    expect(beside).toEqual(['psyberg.psyberg_session_f', 'facts.counted']);
    for (const folder of [first, then]) writeFileSync(join(folder, 'changes-e-1.avro'), '');
    const others = readdirSync(dirname(then)).filter((name) => name !== NAME);
    await removeViews(session);
    expect([existsSync(first), existsSync(then)]).toEqual([false, false]);
    expect(readdirSync(dirname(then))).toEqual(others);
  });

  it.each([
    ['goes with them', false, false],
    ['whose name another one runs under leaves them: they are of that one', true, true],
  ])('of a session that gives up: it %s', async (_what, branchOfAnother, stay) => {
    const world = await worldOf();
    await world.create('facts.counted', 'id bigint');
    const { session } = await sessionIn(world, { branchOfAnother });
    const list = join(await viewsFolder(session), 'changes-e-1.avro');
    writeFileSync(list, '');
    await abandonSession(session);
    expect(existsSync(list)).toBe(stay);
  });

  it('of a look create nothing: without a table of the project there is no place for them', async () => {
    const world = await worldOf();
    const { session } = await sessionIn(world, { writes: false });
    await expect(viewsFolder(session)).rejects.toMatchObject({ code: 'engine-cannot', kind: 'usage' });
    expect(await world.psyberg.internals.client.listNamespaces()).toEqual([]);
    await world.create('facts.counted', 'id bigint');
    expect(await viewsFolder(session)).toBe(join(world.warehouse, 'facts/counted/metadata', NAME));
  });
});
