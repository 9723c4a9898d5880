/**
 * A process that loads files of orders from a folder, the files, and what came of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ProcessFile, processFile, type World } from './world.ts';

export const ordersLoad = (
  source: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
  sql = 'select id, ts, amount from orders',
): ProcessFile =>
  processFile(
    {
      process_name: 'orders_load',
      pattern: 'stateless',
      sources: [{ files: 'landing/*.jsonl', alias: 'orders', event_time: 'ts', ...source }],
      target: { table: 'raw.orders' },
      audits: ['source_to_target_count'],
      ...more,
    },
    sql,
  );

export const order = (id: number, hour: number, amount: unknown = id / 2): string =>
  `${JSON.stringify({ id, ts: `2023-09-14T${String(hour).padStart(2, '0')}:10:00Z`, amount })}\n`;

export function putFile(world: World, file: string, content: string | Uint8Array): void {
  const path = join(world.root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

export const loadedIds = async (world: World): Promise<string[]> =>
  (await world.rows('select id from raw.orders')).sort();

export const ledger = (world: World): Promise<string[]> =>
  world.rows('select path, rows, session_number from psyberg.psyberg_file_f');

export const refusal = async (world: World) => {
  const [record] = await world.run(['orders_load']);
  return record?.error;
};
