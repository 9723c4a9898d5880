/** What the playing of a history knows: its world, what its sessions did, and what was refused. */
import type { RunRecord } from '../../../src/index.ts';
import type { World } from '../../support/world.ts';
import type { History, Name, Side } from './history.ts';
import type { PyIceberg } from './source-writer.ts';
import type { SparkOn } from './spark.ts';

export interface Played {
  readonly each: History;
  readonly world: World;
  readonly python: PyIceberg;
  spark: SparkOn | undefined;
  readonly log: string[];
  readonly refused: Set<Name>;
  /** Only after the last session `verify` compares, too. */
  isLast: boolean;
  /** Since they were read, and what columns they had then. */
  readonly changed: Set<Side>;
  readonly columns: Partial<Record<Side, string[]>>;
  /** Under which name each process is known; of which snapshots its target is, and whether of more than complete hours. */
  readonly processOf: Map<Name, string>;
  readonly loadedAt: Map<Name, Map<string, string>>;
  readonly holdsMore: Set<Name>;
  readonly seen: Set<string>;
  next: number;
  files: number;
  cover(what: string): void;
}

export const HOUR_MS = 3_600_000;

export const processOf = ({ processOf: known }: Played, name: Name): string => known.get(name) ?? name;
export const nameOf = ({ target }: RunRecord): Name => target.replace('facts.', '') as Name;
