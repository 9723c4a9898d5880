// Goal: a database that is closed while connections to it are opened ends nothing but those. Method: both at
// once, again and again.
import { expect, it } from 'vitest';
import { openEngine } from '../../src/engine/index.ts';

it('a database is closed while forks of it are opened: the process lives, and each fork says so or is there', async () => {
  for (let round = 0; round < 40; round += 1) {
    const engine = await openEngine();
    const forks = [1, 2, 3, 4, 5, 6].map(() => engine.fork());
    if (round % 2 === 1) await Promise.resolve();
    engine.close();
    for (const fork of await Promise.allSettled(forks))
      if (fork.status === 'rejected') expect(String(fork.reason)).toMatch(/instance closed|disconnected/);
    await expect(engine.fork()).rejects.toThrow('instance closed');
  }
});
