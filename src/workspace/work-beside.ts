/** Does work of a process's engine outside of its sessions. Workspace + process -> what `work` returns. */
import type { ProcessSpec } from '../model/process-spec.ts';
import { type WorkBeside, workBeside } from '../run/drivers/beside.ts';
import type { Workspace } from './open-workspace.ts';

export type { WorkBeside } from '../run/drivers/beside.ts';

/** `work` gets undefined where DuckDB is the engine: it reads tables in memory, and needs no such place. */
export async function withWorkBeside<T>(
  workspace: Pick<Workspace, 'ports'>,
  spec: ProcessSpec,
  work: (beside: WorkBeside | undefined) => Promise<T>,
): Promise<T> {
  const ports = await workspace.ports(spec);
  const { beside } = ports.workload;
  return beside === undefined ? work(undefined) : workBeside(ports, spec, beside, work);
}
