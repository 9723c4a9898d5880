/**
 * Opens a lane: a workspace in which one process at a time runs beside others in the same DuckDB, on a
 * connection of its own and with another name for the session's catalog. Workspace -> Workspace.
 */
import type { Engine } from '../engine/index.ts';
import type { StatementProgress } from '../model/progress.ts';
import { namesBeside } from '../workload/duckdb/index.ts';
import type { Workspace } from './open-workspace.ts';
import { workloadFor } from './workload-for.ts';

/** Takes the messages and the progress of a process. */
export type ProgressSink = Pick<Workspace, 'onStep' | 'onProgress'>;

export interface Lane {
  /** The workspace for one process. `told`: gets its messages and its progress. */
  forProcess(told: ProgressSink): Workspace;
  /** Stops its running statement, and every later one until its workload is resumed. */
  interrupt(): void;
  close(): void;
}

/** More lanes than this would not help on any machine. */
export const LANES_MAX = 64;

/** Opens a lane. `number`: 1 to {@link LANES_MAX}, not used by another open lane. */
export function openLane(workspace: Workspace, number: number): Lane {
  let told: ProgressSink = workspace;
  const onProgress = (progress: StatementProgress): void => told.onProgress(progress);
  const connection = connectionBeside(workspace, { number, onProgress });
  const release = workspace.onInterrupt(connection.interrupt);
  const ports: Workspace['ports'] = async (spec) => {
    const [shared, engine] = [await workspace.ports(), await connection.engine()];
    const workload = await workloadFor(spec, { ...workspace, ...told, engine });
    const resume = (): void => {
      workload.resume();
      // Reads for the catalog use the shared connection, which an interrupt has stopped as well.
      shared.workload.resume();
    };
    const { onStep, onProgress: onParts } = told;
    return { ...shared, engine, workload: { ...workload, resume }, onStep, onProgress: onParts };
  };
  return {
    forProcess(now) {
      told = now;
      return { ...workspace, ...now, engine: connection.engine, ports };
    },
    interrupt: connection.interrupt,
    close() {
      release();
      connection.close();
    },
  };
}

interface ConnectionBeside {
  /** Opened by the first call, and again if DuckDB was reopened after an internal error. */
  engine(): Promise<Engine>;
  interrupt(): void;
  close(): void;
}

function connectionBeside(
  workspace: Pick<Workspace, 'engine' | 'isInterrupted'>,
  { number, onProgress }: { readonly number: number; readonly onProgress: ProgressSink['onProgress'] },
): ConnectionBeside {
  let opened: { readonly base: Engine; readonly opening: Promise<Engine> } | undefined;
  const withEngine = (work: (engine: Engine) => void): void => {
    void opened?.opening.then(work).catch(() => undefined);
  };
  return {
    async engine() {
      const base = await workspace.engine();
      if (opened?.base !== base) {
        const { openBeside } = await import('../engine/index.ts');
        if (opened?.base !== base)
          opened = { base, opening: openBeside(base, { names: namesBeside(number), onProgress }) };
      }
      return opened.opening;
    },
    interrupt: () => withEngine((engine) => engine.interrupt()),
    close() {
      void import('../engine/index.ts').then(({ releaseWithFork }) => withEngine(releaseWithFork));
    },
  };
}
