// Goal: two folders of one process count together, and each goes on when the other one has been emptied, as by
// somebody who moves away what was loaded. Method: files in the project's folder, sessions over both.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { order, ordersLoad, putFile } from '../support/landed-orders.ts';
import { runSessionStep } from '../support/session-step.ts';
import { type World, worldForTest } from '../support/world.ts';

const FOLDERS = [
  { files: 'here/*.jsonl', alias: 'here', event_time: 'ts' },
  { files: 'there/*.jsonl', alias: 'there', event_time: 'ts' },
];
const inTwo = (more: Readonly<Record<string, unknown>> = {}): Promise<World> =>
  worldForTest({
    processes: [
      ordersLoad(
        {},
        { sources: FOLDERS, audits: [], ...more },
        'select id, ts, amount, filename from here union all select id, ts, amount, filename from there',
      ),
    ],
  });

describe.each([
  {},
  { sources: FOLDERS.map((each) => ({ ...each, on_bad_rows: 'quarantine' })) },
  {
    sources: FOLDERS.map((each) => ({
      ...each,
      columns: { id: 'bigint', ts: 'timestamptz', amount: 'double' },
    })),
  },
])('two folders of one process (%j)', { timeout: 120_000 }, (more) => {
  it('go on, each, when the other one was emptied', async () => {
    const world = await inTwo(more);
    putFile(world, 'here/a.jsonl', order(1, 1));
    putFile(world, 'there/a.jsonl', order(2, 1));
    await world.publish('orders_load');
    rmSync(join(world.root, 'there'), { recursive: true });
    expect((await world.run()).map(({ status }) => status)).toEqual(['nothing-new']);
    putFile(world, 'here/b.jsonl', order(3, 2));
    expect(await world.publish('orders_load')).toMatchObject({ rows_read: '1', rows_written: '1' });
    putFile(world, 'there/b.jsonl', order(4, 2));
    rmSync(join(world.root, 'here'), { recursive: true });
    // As a scheduler does: each step is a process of its own.
    const spec = world.psyberg.project.processes[0] as ProcessSpec;
    for (const step of ['init', 'load', 'audit', 'publish', 'commit'] as const) {
      await runSessionStep(world.psyberg, spec, step, '20990101000000');
      await world.reopen();
    }
    expect(await world.rows('select id, filename from raw.orders')).toEqual([
      '["1","here/a.jsonl"]',
      '["2","there/a.jsonl"]',
      '["3","here/b.jsonl"]',
      '["4","there/b.jsonl"]',
    ]);
    expect((await world.run()).map(({ status }) => status)).toEqual(['nothing-new']);
  });
});
