/** What a rehearsal knows at one point: plain tables, and how far each process is. Frozen values. */
import type { Hour } from '../../model/hour.ts';
import type { Relation } from '../judge/recompute.ts';
import type { Order } from '../play/orders.ts';

/** Rows that a table got, and the hours that changed in it, since its reader last looked. */
export interface News {
  /** Relations that hold new rows. */
  readonly added: readonly Relation[];
  readonly hours: ReadonlySet<Hour>;
}

export interface Progress {
  readonly target: Relation;
  /** Undefined before its first session. */
  readonly completeTo: Hour | undefined;
  /** Hours that changed and are not loaded. */
  readonly owed: ReadonlySet<Hour>;
  /** By the key of a source. */
  readonly news: ReadonlyMap<string, News>;
}

export interface Scene {
  /** Tells scenes apart in which something differs. */
  readonly key: string;
  readonly played: Order;
  readonly clockMs: number;
  /** By table key, the targets among them once they exist. */
  readonly tables: ReadonlyMap<string, Relation>;
  /** By process name. */
  readonly progress: ReadonlyMap<string, Progress>;
}

/** Something that a session may end otherwise than a rehearsal: the order is to be played. */
export class Doubt extends Error {}

export const NO_NEWS: News = { added: [], hours: new Set() };

/** Answers about tables in memory, which are never changed once they are made; by what was asked. */
export type Known = Map<string, Promise<unknown>>;

/** Asks once. */
export function once<Value>(known: Known, key: string, ask: () => Promise<Value>): Promise<Value> {
  const answer = (known.get(key) as Promise<Value> | undefined) ?? ask();
  known.set(key, answer);
  return answer;
}
