/** Holds what the tasks of maintenance share: the outside world, the limits, and one table at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CatalogClient, LoadedTable } from '../catalog/client/catalog-client.ts';
import type { SessionViews } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { SharedMarkers } from '../markers/shared-markers.ts';
import { conflict, isUnanswered, PsybergError } from '../model/errors.ts';
import type { MaintainOptions } from '../model/maintain-record.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { WorkProgress } from '../model/progress.ts';
import type { HeldWatermark } from './needed-snapshots.ts';

/** What maintenance needs of the outside world. */
export interface MaintainPorts {
  readonly project: ProjectSpec;
  readonly catalog: CatalogClient;
  readonly views: SessionViews;
  /** The address at which DuckDB reaches the catalog. */
  readonly endpoint: { readonly uri: string; readonly token: string };
  readonly engine: Engine;
  /** Folder with the markers of running sessions and of compactions. */
  readonly sessionsDirectory: string;
  readonly markers: SharedMarkers;
  /** Called with what is being done now; for progress on stderr. */
  readonly onStep: (message: string) => void;
  /** Called during long work. */
  readonly onProgress: (progress: WorkProgress) => void;
  /** An absolute folder; nothing outside of it is ever deleted. */
  readonly warehouse: string;
  readonly nowMs: () => number;
  /** True once somebody has asked to stop. */
  readonly interrupted: () => boolean;
}

export interface MaintainContext {
  readonly ports: MaintainPorts;
  readonly options: MaintainOptions;
  readonly table: TableIdentifier;
  readonly watermarks: readonly HeldWatermark[];
  /** What was left alone and why, for the report. */
  readonly notes: string[];
}

/** A task gives up after this many tries on a table that others keep changing. Not measured. */
const ATTEMPTS = 6;

/** Loads the table's current state. Throws `table-missing` if somebody has dropped it meanwhile. */
export async function loadTable({
  ports,
  table,
}: Pick<MaintainContext, 'ports' | 'table'>): Promise<LoadedTable> {
  const loaded = await ports.catalog.loadTable(table);
  if (loaded === undefined)
    throw conflict('table-missing', `the table ${tableName(table)} was dropped while it was maintained`, {
      hint: 'nothing is left to do for it',
    });
  return loaded;
}

/**
 * Repeats `work`, which loads the table anew, as long as it loses races to others. Throws its last error, or
 * `interrupted`.
 */
export async function untilItWins<T>(
  ports: Pick<MaintainPorts, 'interrupted'>,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    stopIfInterrupted(ports);
    try {
      return await work();
    } catch (error) {
      if (!isLostRace(error) || attempt >= ATTEMPTS) throw error;
      await sleep(Math.random() * 50 * attempt);
    }
  }
}

const isLostRace = (error: unknown): boolean =>
  error instanceof PsybergError && error.retryable && error.code !== 'interrupted' && !isUnanswered(error);

export function stopIfInterrupted(ports: Pick<MaintainPorts, 'interrupted'>): void {
  if (ports.interrupted())
    throw new PsybergError('interrupted', 'maintenance was interrupted', {
      hint: 'run the same command again: what was done stays done',
      retryable: true,
    });
}
