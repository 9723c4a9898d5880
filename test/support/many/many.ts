/** A history of commands under way: its project, its machines, and what is known of what came. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPlayed, type Played } from '../mixed/played.ts';
import { type MovedClock, movedClock } from '../moved-clock.ts';
import { hourAt, processFile } from '../world.ts';
import type { Started } from './command.ts';
import type { History, Lane, Process } from './history.ts';

export interface Many {
  readonly each: History;
  readonly played: Played;
  readonly clocks: { readonly here: MovedClock; readonly other: MovedClock };
  readonly sleepers: { readonly lane: Lane; readonly started: Started; wakesIn: number }[];
  /** Of files of the folder: id, hour. */
  readonly orders: { readonly id: number; readonly hour: number }[];
  /** Processes that were ended at some time. */
  readonly retired: Set<string>;
  movedSeconds: number;
  files: number;
  plans: number;
  sessions: number;
  /** A command may meet a database that a stopped one holds, or another program. */
  mayBeLocked: boolean;
  isSwapped: boolean;
  cover(what: string): void;
  log(what: string): void;
}

/** Two processes beside those of mixed histories: a folder of files, and counts of their rows. */
const OF_FILES = [
  processFile(
    {
      process_name: 'orders',
      pattern: 'stateless',
      sources: [
        {
          files: 'landing/*.jsonl',
          alias: 'src',
          event_time: 'ts',
          columns: { id: 'bigint', ts: 'timestamptz' },
        },
      ],
      target: { table: 'facts.orders', event_time: 'ts' },
      audits: ['source_to_target_count'],
    },
    'select id, ts from src',
  ),
  processFile(
    {
      process_name: 'by_hour',
      pattern: 'stateful',
      catchup: { hours_per_session: 2 },
      sources: [{ table: 'facts.orders', event_time: 'ts', alias: 'src' }],
      target: { table: 'facts.by_hour', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    "select date_trunc('hour', ts) as ts, count(*) as n, sum(id)::bigint as ids from src group by 1",
  ),
];

/** Undefined where a clock cannot be moved. */
export async function openMany(each: History, cover: (what: string) => void): Promise<Many | undefined> {
  const [here, other] = [movedClock(), movedClock(each.skewSeconds)];
  if (here === undefined || other === undefined) return undefined;
  const played = await openPlayed(each.mixed, () => undefined);
  const { world } = played;
  world.nowMs = undefined;
  mkdirSync(join(world.root, 'landing'));
  for (const file of OF_FILES) world.writeProcess(file);
  await world.reopen();
  const began = Date.now();
  return {
    each,
    played,
    clocks: { here, other },
    sleepers: [],
    orders: [],
    retired: new Set(),
    movedSeconds: 0,
    files: 0,
    plans: 0,
    sessions: 0,
    mayBeLocked: false,
    isSwapped: false,
    cover,
    log: (what) => void played.log.push(`${((Date.now() - began) / 1000).toFixed(1)} ${what}`),
  };
}

/** A new file of the folder, whole when it appears. */
export function putFile(many: Many, hour: number, rows: number): void {
  const { world } = many.played;
  const lines = Array.from({ length: rows }, () => {
    const id = many.orders.length + 1;
    many.orders.push({ id, hour });
    return `${JSON.stringify({ id, ts: hourAt(hour).replace(':00:00Z', ':10:00Z') })}\n`;
  });
  many.files += 1;
  const path = join(world.root, 'landing', `${many.files}.jsonl`);
  writeFileSync(`${path}.tmp`, lines.join(''));
  renameSync(`${path}.tmp`, path);
}

export const isThere = ({ played }: Many, name: Process): Promise<boolean> =>
  played.world.psyberg.internals.client.tableExists({ namespace: ['facts'], name });
