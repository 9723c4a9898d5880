// Goal: one more command ends a restate that was killed, wherever that was. Method: SIGKILL to a child process
// at steps and at both sides of commits of a restate with --downstream; then the same command again, and
// every target beside a recompute. Every boundary is tried by every-boundary.whole.ts.
import { describe, expect, it } from 'vitest';
import { orphans } from '../support/orphans.ts';
import { corrected, hourText } from '../support/restate.ts';
import { spawnSessions } from '../support/spawn.ts';
import { expectWorth, rowsWorth, worthWorld } from '../support/worth-chain.ts';

/** A third of the moments each day. */
const TODAY = new Date().getUTCDate() % 3;

type At =
  | { readonly killAtStep: number }
  | { readonly killAtCommit: { readonly commit: number; readonly after: boolean } };
const MOMENTS: readonly At[] = [
  ...[2, 5, 8, 11, 14, 19, 24, 30].map((killAtStep): At => ({ killAtStep })),
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((commit) =>
    [false, true].map((after): At => ({ killAtCommit: { commit, after } })),
  ),
];

describe('a killed restate', () => {
  it('is ended by the same command', async () => {
    const world = await worthWorld();
    for (const [index, at] of MOMENTS.entries()) {
      if (index % 3 !== TODAY) continue;
      const factor = index + 2;
      await corrected(world, rowsWorth(factor));
      const restate = { hours: hourText(1), downstream: true };
      await spawnSessions(world.root, { processes: ['row_load'], restate, ...at });
      const records = await world.psyberg.restate('row_load', restate);
      expect(
        records.map(({ error }) => error),
        JSON.stringify(at),
      ).toEqual([null, null, null]);
      await expectWorth(world, factor);
      expect(await world.leftovers()).toEqual([]);
    }
    expect(await orphans(world)).toEqual([]);
    expect((await world.run()).map(({ status }) => status)).toEqual([
      'nothing-new',
      'nothing-new',
      'nothing-new',
    ]);
  }, 300_000);
});
