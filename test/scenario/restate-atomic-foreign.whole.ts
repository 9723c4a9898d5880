// Goal: an atomic restate in front of a foreign catalog is one commit, or is refused before anything is computed.
// Method: catalogs that commit together, one at a time, and one that does not say; a lost answer.
import { expect, it, onTestFinished } from 'vitest';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { CHAIN, GENERATIONS, generationsWorld, restateAll, rowLoad } from '../support/generations.ts';
import { corrected } from '../support/restate.ts';

const isTransaction = ({ path }: { readonly path: string }): boolean => path.endsWith('/transactions/commit');

async function foreignWorld(manners: ForeignManners = {}) {
  const foreign = await startForeignServer(manners);
  onTestFinished(() => foreign.close());
  const world = await generationsWorld({ uri: foreign.uri, warehouse: 'w' });
  const before = foreign.calls.length;
  const commits = (): number =>
    foreign.calls
      .slice(before)
      .filter(({ method, path }) => method === 'POST' && /\/(tables|transactions)\//.test(path)).length;
  return { world, foreign, commits, calls: () => foreign.calls.slice(before) };
}

it('is one commit of all tables, and once when its answer is lost', async () => {
  const { world, foreign, calls } = await foreignWorld();
  await corrected(world, rowLoad(2));
  expect((await restateAll(world)).map(({ error }) => error)).toEqual(CHAIN.map(() => null));
  expect(calls().filter(isTransaction)).toHaveLength(1);
  expect(await world.rows(GENERATIONS)).toEqual(['[[2]]']);
  await corrected(world, rowLoad(3));
  let isLost = false;
  foreign.manners.interfere = (call) => {
    if (isLost || !isTransaction(call)) return undefined;
    isLost = true;
    return { status: 504, after: true };
  };
  expect((await restateAll(world)).map(({ error }) => error)).toEqual(CHAIN.map(() => null));
  expect(isLost).toBe(true);
  expect(await world.rows(GENERATIONS)).toEqual(['[[3]]']);
  expect(await world.leftovers()).toEqual([]);
  expect((await world.run()).map(({ status }) => status)).toEqual(CHAIN.map(() => 'nothing-new'));
}, 120_000);

it('is refused by a catalog that commits one table at a time, before it computes', async () => {
  const { world, commits } = await foreignWorld({ oneTableAtATime: true });
  await corrected(world, rowLoad(2));
  await expect(restateAll(world)).rejects.toMatchObject({ code: 'atomic-unsupported', kind: 'usage' });
  expect(commits()).toBe(0);
  expect(await world.rows(GENERATIONS)).toEqual(['[[1]]']);
}, 60_000);

it('publishes nothing where a catalog shows only then that it has no commit of several tables', async () => {
  const { world, foreign } = await foreignWorld({ silent: true });
  foreign.manners.oneTableAtATime = true;
  await corrected(world, rowLoad(2));
  await expect(restateAll(world)).rejects.toMatchObject({ code: 'atomic-unsupported' });
  expect(await world.rows(GENERATIONS)).toEqual(['[[1]]']);
  expect(await world.leftovers()).toEqual([]);
  expect((await restateAll(world, false)).map(({ error }) => error)).toEqual(CHAIN.map(() => null));
  expect(await world.rows(GENERATIONS)).toEqual(['[[2]]']);
}, 60_000);
