// Goal: no reader sees two generations of an atomic restate. Method: another process asks for the rows of all
// five targets in one query, again and again, until 200 answers came while restates were under way.
import { expect, it } from 'vitest';
import { GENERATIONS, generationsWorld, restateAll, rowLoad } from '../support/generations.ts';
import { corrected } from '../support/restate.ts';
import { spawnReader } from '../support/spawn.ts';

it('another process sees one generation or the other, 200 times', async () => {
  const world = await generationsWorld();
  const reader = spawnReader(world.root, GENERATIONS);
  await reader.ready;
  let generation = 1;
  do {
    generation += 1;
    await corrected(world, rowLoad(generation));
    expect((await restateAll(world)).map(({ error }) => error)).toEqual([null, null, null, null, null]);
  } while (reader.reads() < 200 || generation < 6);
  const seen = (await reader.stop()) as { readonly found: readonly number[] }[];
  const wanted = Array.from({ length: generation }, (_, index) => ({ found: [index + 1] }));
  // The reader may miss one that was short.
  expect(wanted).toEqual(expect.arrayContaining(seen));
  expect(seen.length).toBeGreaterThan(1);
}, 900_000);
