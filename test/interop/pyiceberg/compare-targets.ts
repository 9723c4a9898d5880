/** Holds targets against plain SQL over whole sources, as far as they are complete. Target -> a failure, or none. */
import { expect } from 'vitest';
import type { ExplainedPlan, RunRecord } from '../../../src/index.ts';
import { hourAt } from '../../support/world.ts';
import type { Name } from './history.ts';
import { HOUR_MS, type Played, processOf } from './played.ts';
import { foundRows, wantedRows } from './read-rows.ts';

/** A process that takes what was added has each row once that its source had at one of its sessions. */
async function compareAdded(played: Played): Promise<void> {
  for (const row of await wantedRows(played, 'added', hourAt(0))) played.seen.add(row);
  const found = await foundRows(played, 'added', 'true');
  expect({ name: 'added', found: [...new Set(found)].sort() }).toEqual({
    name: 'added',
    found: [...played.seen].sort(),
  });
  played.cover(`compared added${found.length === played.seen.size ? '' : ', some twice'}`);
}

export async function compareTarget(played: Played, name: Name, record: RunRecord): Promise<void> {
  if (name === 'added') return compareAdded(played);
  const { world, cover } = played;
  const plan = await world.plan(processOf(played, name));
  expect(plan.status, `${name} ${JSON.stringify(plan, undefined, 1)}`).not.toBe('work');
  const limit = lastOf(plan, name);
  const wanted = limit === undefined ? [] : await wantedRows(played, name, limit);
  const owed = [...(plan.owed_hours ?? []), ...(record.owed_hours ?? [])];
  const found = await foundRows(
    played,
    name,
    played.holdsMore.has(name) && limit !== undefined
      ? `ts < timestamptz '${limit}' + interval 1 hour`
      : 'true',
  );
  expect({ name, found }, `${name} to ${limit}, owed ${owed}`).toEqual({ name, found: wanted });
  cover(`compared ${name}${found.length === 0 ? ' (empty)' : ''}`);
  if (!played.isLast) return;
  const [verified] = await world.psyberg.verify([processOf(played, name)]);
  cover(`verified ${name} ${verified?.error?.code ?? verified?.status}`);
  expect(
    verified?.status,
    JSON.stringify(verified, (_, value) => (typeof value === 'bigint' ? String(value) : value), 1),
  ).not.toBe('different');
}

/** The last hour that is compared; of the copy any: it has rows of all. */
function lastOf(plan: ExplainedPlan, name: Name): string | undefined {
  if (name === 'copy' || name === 'added') return hourAt(0);
  const complete = plan.sources.filter(({ lookup }) => lookup !== true).map(({ vtts_hour }) => vtts_hour);
  const least = complete.includes(null) ? undefined : [...(complete as string[])].sort()[0];
  const loaded = plan.target.complete_to_hour ?? undefined;
  const limit = least === undefined || (loaded !== undefined && loaded > least) ? loaded : least;
  if (limit === undefined || name !== 'days' || limit.includes('T23:')) return limit;
  return new Date(Math.floor(Date.parse(limit) / 86_400_000) * 86_400_000 - HOUR_MS).toISOString();
}

export async function limitOf(played: Played, name: Name): Promise<string | undefined> {
  if (name === 'copy' || name === 'added') return hourAt(0);
  try {
    return lastOf(await played.world.plan(processOf(played, name)), name);
  } catch {
    return undefined;
  }
}
