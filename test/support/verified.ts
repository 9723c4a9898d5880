/** `verify` held against what a test knows of a target. World + process -> assertions. */
import { expect } from 'vitest';
import type { Verification } from '../../src/index.ts';
import type { World } from './world.ts';

const textOf = (found: Verification | undefined): string =>
  JSON.stringify(found, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each), 1);

/** `honest`: codes with which it may say that it cannot compare. */
export async function expectVerified(
  world: World,
  name: string,
  honest: readonly string[] = [],
): Promise<Verification> {
  const [found] = await world.psyberg.verify([name]);
  const told = textOf(found);
  if (found?.status === 'not-published' || honest.includes(found?.error?.code ?? ''))
    return found as Verification;
  expect(found?.status, told).toBe('equal');
  return found as Verification;
}

/**
 * Takes the first row that verify compares out of a target, by a commit of somebody else: verify finds it.
 * Rows of hours that are still to be loaded are not compared, and stay.
 */
export async function expectFaultFound(
  world: World,
  { name, table, time }: { readonly name: string; readonly table: string; readonly time: string },
): Promise<boolean> {
  const before = await expectVerified(world, name);
  if (before.status !== 'equal' || before.rows_found === '0') return false;
  const owed = before.owed_hours.map((hour) => `timestamptz '${hour}'`);
  const isOwed = owed.length === 0 ? 'false' : `date_trunc('hour', ${time}::timestamptz) in (${owed})`;
  await world.changeFiles(table, {
    operation: 'overwrite',
    remove: (files) => files,
    insert: `select * from ${table} qualify row_number() over (order by ${isOwed}, ${time}) > 1`,
  });
  const [after] = await world.psyberg.verify([name]);
  expect(after, textOf(after)).toMatchObject({
    status: 'different',
    missing: '1',
    extra: '0',
  });
  return true;
}
