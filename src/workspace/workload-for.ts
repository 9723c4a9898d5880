/**
 * Chooses the engine that works on the rows of a process. Spec -> Workload. Spark's code is loaded only when
 * it is needed.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { Engine } from '../engine/index.ts';
import { engineOf } from '../model/engines.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { WorkProgress } from '../model/progress.ts';
import { duckdbWorkload } from '../workload/duckdb/index.ts';
import type { Workload } from '../workload/port.ts';

interface WorkloadPorts {
  readonly project: Pick<ProjectSpec, 'engines'>;
  readonly onStep: (message: string) => void;
  readonly onProgress: (progress: WorkProgress) => void;
  readonly onInterrupt: (stop: () => void) => () => void;
  readonly engine: Engine;
  readonly client: CatalogClient;
}

/** `spec`: undefined for what no process is run for. */
export async function workloadFor(
  spec: Pick<ProcessSpec, 'engine'> | undefined,
  { project, engine, client, onStep, onProgress, onInterrupt }: WorkloadPorts,
): Promise<Workload> {
  const duckdb = duckdbWorkload(engine);
  if (spec === undefined || engineOf(spec) === 'duckdb') return duckdb;
  const { sparkWorkload } = await import('../workload/spark/index.ts');
  return sparkWorkload({
    engine,
    catalog: client,
    duckdb,
    spark: project.engines?.spark,
    environment: process.env,
    onProgress: ({ done, total }) => {
      if (total > 0) onProgress({ kind: 'statement', percent: Math.min(100, (100 * done) / total) });
    },
    onWaiting: ({ done, total }) =>
      onStep(`Spark has no free executor: ${done} of ${total} tasks are done, and none is at work`),
    onInterrupt,
  });
}
