/** A mixed history under way: its project, and what is known of its targets. */

import type { RowIds, SourceShape } from '../source-shape.ts';
import { columnsOf } from '../source-shape.ts';
import { createWorld, hourAt, type World } from '../world.ts';
import type { History, Name } from './history.ts';
import { filesOf } from './processes.ts';

export interface Played {
  readonly each: History;
  readonly world: World;
  readonly ids: RowIds;
  /** Processes whose last session refused: nobody knows their targets. */
  readonly refused: Set<string>;
  /** What happened, a line each: what a failure shows. */
  readonly log: string[];
  /** By which the SQL of sums multiplies. */
  factor: number;
  /** Hours of sums are of the SQL before the correction and of the one after it. */
  isMixed: boolean;
  /** The last hour to which aux.complete says that b is complete. */
  complete: number;
  cover(what: string): void;
}

export const TOGGLE = 'audits/toggle.sql';
export const PASSES = 'select 1 as bad where false';

export async function openPlayed(each: History, cover: (what: string) => void): Promise<Played> {
  const factor = 1;
  const world = await createWorld({ processes: filesOf(each, factor), files: { [TOGGLE]: PASSES } });
  world.nowMs = Date.parse(hourAt(40));
  for (const side of ['a', 'b'] as const) {
    const { formatVersion, partitionedBy } = each[side];
    await world.create(`raw.${side}`, columnsOf(each[side]), {
      formatVersion,
      ...(partitionedBy === undefined ? {} : { partitionedBy }),
    });
  }
  await world.create('aux.complete', 't timestamptz');
  return {
    each,
    world,
    ids: { next: 1 },
    refused: new Set(),
    log: [],
    factor,
    isMixed: false,
    complete: -1,
    cover,
  };
}

export const shapeOf = ({ each }: Played, side: 'a' | 'b'): SourceShape => ({
  ...each[side],
  hoursApart: each.hoursApart,
  firstHour: each.firstHour,
});

/** The start of an hour of this history, counted from its first one. */
export const hourOf = ({ each }: Played, hour: number): string =>
  hourAt(hour * each.hoursApart + each.firstHour);

export const isThere = ({ world }: Played, process: Name): Promise<boolean> =>
  world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: process });
