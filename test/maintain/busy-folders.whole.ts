// Goal: maintenance of a warehouse in which others commit all the time does its work. Method: a process beside
// it makes metadata files and takes them away again, as commits do that others overtake.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { worldForTest } from '../support/world.ts';

const CHURN = `
const { writeFileSync, rmSync } = require('node:fs');
for (let index = 0; ; index = (index + 1) % 20) {
  const path = process.argv[1] + '/00001-' + index + '.metadata.json';
  writeFileSync(path, '{}');
  if (index % 4 === 3) for (let each = index - 3; each <= index; each += 1)
    rmSync(process.argv[1] + '/00001-' + each + '.metadata.json', { force: true });
}`;

it('lists files again where some went meanwhile', async () => {
  const world = await worldForTest();
  for (const name of ['one', 'two', 'three']) {
    await world.create(`raw.${name}`, 'id bigint');
    for (const id of [1, 2, 3]) await world.land(`raw.${name}`, `select ${id}`);
  }
  const churn = spawn(process.execPath, ['-e', CHURN, join(world.warehouse, 'raw', 'one', 'metadata')]);
  onTestFinished(() => void churn.kill('SIGKILL'));
  await new Promise((begun) => setTimeout(begun, 200));
  for (let round = 0; round < 3; round += 1) {
    const { tables } = await world.psyberg.maintain(undefined, {
      only: ['expire', 'orphans'],
      olderThanMs: 0,
    });
    expect(tables.flatMap(({ error }) => error ?? [])).toEqual([]);
  }
  expect(await world.rows('from raw.one')).toEqual(['["1"]', '["2"]', '["3"]']);
});
