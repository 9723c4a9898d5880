// Goal: a metadata file that fell off a table's log, and that a killed process did not come to delete, goes with the next
// session of its process; one that no log ever named stays. Method: files put back after the catalog has
// deleted them, a marker of a dead process, and a session.
import { copyFileSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { appendLoad, events } from '../support/event-tables.ts';
import { worldForTest } from '../support/world.ts';

it('is deleted where the log named it', async () => {
  const world = await worldForTest({ processes: [appendLoad()] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.create('facts.appended', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', events(0, 10, 0));
  await world.publish('append_load');
  await world.commit('facts.appended', [
    {
      action: 'set-properties',
      updates: {
        'write.metadata.delete-after-commit.enabled': 'true',
        'write.metadata.previous-versions-max': '10',
      },
    },
  ]);
  const folder = join(world.warehouse, 'facts', 'appended', 'metadata');
  const metadataFiles = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.metadata.json'));
  const before = metadataFiles();
  const kept = join(world.root, 'kept');
  mkdirSync(kept);
  for (const name of before) copyFileSync(join(folder, name), join(kept, name));
  const set = (n: number) =>
    world.commit('facts.appended', [{ action: 'set-properties', updates: { n: String(n) } }]);
  for (let n = 0; n < 11; n += 1) await set(n);
  const last = before
    .filter((name) => !existsSync(join(folder, name)))
    .sort()
    .at(-1) as string;
  expect(last).toBeDefined();
  // As a process has left it that died between its commit and that.
  const anHourAgo = new Date(Date.now() - 3_600_000);
  const ofAnother = `00001-${crypto.randomUUID()}.metadata.json`;
  for (const [from, to] of [
    [last, last],
    [last, ofAnother],
  ] as const) {
    copyFileSync(join(kept, from), join(folder, to));
    utimesSync(join(folder, to), anHourAgo, anHourAgo);
  }
  const marker = join(world.psyberg.internals.sessionsDirectory, 'psyberg_append_load_20260101000000');
  mkdirSync(marker, { recursive: true });
  writeFileSync(
    join(marker, 'session.json'),
    JSON.stringify({
      pid: 2 ** 22 + 1,
      host: hostname(),
      started_at: new Date().toISOString(),
      stepwise: false,
    }),
  );
  await world.land('raw.events', events(10, 10, 1));
  await world.publish('append_load');
  expect(existsSync(marker)).toBe(false);
  expect(metadataFiles()).not.toContain(basename(last));
  expect(metadataFiles()).toContain(ofAnother);
});
