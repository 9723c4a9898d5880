/** What others do to sources and targets while commands run. History under way + what -> done. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { applyOperation } from '../apply-operation.ts';
import type { Name } from '../mixed/history.ts';
import { shapeOf } from '../mixed/played.ts';
import { tableId } from '../world.ts';
import type { Foreign } from './history.ts';
import { isThere, type Many, putFile } from './many.ts';

/** Tries of somebody whose commit others overtake. */
const TRIES = 6;

export async function disturb(many: Many, each: Foreign): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const done = await disturbOnce(many, each);
      if (done !== undefined) many.cover(`foreign ${done}`);
      many.log(`foreign ${JSON.stringify(each)}: ${done}`);
      return;
    } catch (error) {
      const { code, message } = error as Error & { readonly code?: string };
      many.log(`foreign ${JSON.stringify(each)}: ${code} ${message.slice(0, 200)}`);
      if (attempt === TRIES || /INTERNAL Error/.test(message) || code === 'engine-internal-error')
        return many.cover(`foreign ${each.kind} given up: ${code}`);
      await sleep(100 * attempt);
    }
  }
}

/** Undefined where there was nothing to do it to. */
async function disturbOnce(many: Many, each: Foreign): Promise<string | undefined> {
  const { world, ids } = many.played;
  switch (each.kind) {
    case 'change':
      return applyOperation({
        world,
        table: `raw.${each.side}`,
        shape: shapeOf(many.played, each.side),
        operation: each.operation,
        ids,
      });
    case 'file':
      putFile(many, each.hour, each.rows);
      return each.kind;
    case 'lock':
      await lockCatalog(join(world.warehouse, 'catalog.db'), each.forMs);
      return each.kind;
    default:
      if (many.isSwapped || !(await isThere(many, each.name))) return undefined;
      return (await TO_TARGETS[each.kind](many, each.name, 'back' in each ? each.back : 0))
        ? each.kind
        : undefined;
  }
}

async function lockCatalog(path: string, forMs: number): Promise<void> {
  const database = new DatabaseSync(path, { timeout: 2000 });
  try {
    database.exec('begin immediate');
    await sleep(forMs);
    database.exec('rollback');
  } finally {
    database.close();
  }
}

type ToTarget = (many: Many, name: Name, back: number) => Promise<boolean>;
const TO_TARGETS: Readonly<Record<'compact-target' | 'expire-target' | 'roll-target', ToTarget>> = {
  async 'compact-target'({ each, played: { world } }, name) {
    const table = `facts.${name}`;
    // Its files would be of no partition.
    if (each.mixed.partitioned !== undefined) return false;
    if ((await world.rows(`from ${table} limit 1`)).length === 0) return false;
    await world.changeFiles(table, {
      operation: 'replace',
      remove: (files) => files,
      insert: `from ${table}`,
    });
    return true;
  },
  async 'expire-target'({ played: { world } }, name) {
    const { snapshots = [], refs = {} } = await world.metadata(`facts.${name}`);
    const held = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
    const gone = snapshots.slice(0, -1).map((snapshot) => snapshot['snapshot-id']);
    const free = gone.filter((id) => !held.has(id));
    if (free.length > 0) await world.expire(`facts.${name}`, free);
    return free.length > 0;
  },
  async 'roll-target'({ played: { world } }, name, back) {
    const to = (await world.history(`facts.${name}`)).at(-1 - back);
    if (to !== undefined) await world.rollback(`facts.${name}`, to['snapshot-id']);
    return to !== undefined;
  },
};

/** Two targets get each other's names; false where one is not there. */
export async function swap(many: Many, [one, other]: readonly [Name, Name]): Promise<boolean> {
  if (!(await isThere(many, one)) || !(await isThere(many, other))) return false;
  const rename = async (from: string, to: string): Promise<void> => {
    const { uri, token } = many.played.world.psyberg.internals.endpoint;
    for (let attempt = 0; ; attempt += 1) {
      const { ok, status } = await fetch(`${uri}/v1/psyberg/tables/rename`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ source: tableId(from), destination: tableId(to) }),
      });
      if (ok) return;
      if (attempt === 10) throw new Error(`renamed ${from} to ${to} with ${status}`);
      await sleep(500);
    }
  };
  await rename(`facts.${one}`, 'facts.kept_aside');
  await rename(`facts.${other}`, `facts.${one}`);
  await rename('facts.kept_aside', `facts.${other}`);
  many.log(`swapped ${one}, ${other}`);
  many.cover('swapped');
  return true;
}
