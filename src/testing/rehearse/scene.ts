/** Holds what a rehearsal knows at one point: plain tables, and how far each process is. Frozen values. */

import type { Relation } from '../../compare/recompute/recompute.ts';
import type { Hour } from '../../model/hour.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { SqlFragment } from '../../statements/index.ts';
import type { Order } from '../play/orders.ts';

/** The hours that one commit changed in a table. */
export interface Change {
  readonly hours: ReadonlySet<Hour>;
  /** True: they are the hours of one new file, of which a session only knows the first and the last. */
  readonly ofFile: boolean;
}

/** Rows that a table got, and hours that changed in it, since its reader last read it. */
export interface News {
  /** Relations that hold new rows. */
  readonly added: readonly Relation[];
  readonly changes: readonly Change[];
}

/** How far a session has read a source, as its watermark says. */
export interface ReadUpTo {
  readonly owedHours: readonly Hour[];
  readonly newestHour: Hour | undefined;
}

export interface Progress {
  readonly target: Relation;
  /** Undefined before its first session. */
  readonly completeTo: Hour | undefined;
  /** By the key of a source. */
  readonly read: ReadonlyMap<string, ReadUpTo>;
  /** By the key of a source. */
  readonly news: ReadonlyMap<string, News>;
}

export interface Scene {
  /** Differs between scenes in which something differs. */
  readonly key: string;
  readonly played: Order;
  readonly clockMs: number;
  /** By table key; includes the targets once they exist. */
  readonly tables: ReadonlyMap<string, Relation>;
  /** The tables that have a snapshot, by table key. */
  readonly landed: ReadonlySet<string>;
  /** By process name. */
  readonly progress: ReadonlyMap<string, Progress>;
}

/** What a session of a process begins with. */
export interface SessionInput extends Pick<Scene, 'clockMs' | 'tables' | 'landed'> {
  /** As it runs after the arrivals so far. */
  readonly spec: ProcessSpec;
  readonly progress: Progress;
  /** How far each source is complete, in the order of the sources. */
  readonly vtts: readonly (Hour | undefined)[];
  /** Names a new table in memory. */
  readonly nameTable: () => SqlFragment;
  readonly known: Known;
}

/** A session might end differently than its rehearsal: the order has to be played. */
export class Doubt extends Error {}

export const NO_NEWS: News = { added: [], changes: [] };

/** Answers about tables in memory, keyed by the question; tables never change once they are made. */
export type Known = Map<string, Promise<unknown>>;

/** Asks only once. */
export function once<Value>(known: Known, key: string, ask: () => Promise<Value>): Promise<Value> {
  const answer = (known.get(key) as Promise<Value> | undefined) ?? ask();
  known.set(key, answer);
  return answer;
}
