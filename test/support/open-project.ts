/** A project opened as the library does, with its workspace at hand: tests look at what is underneath. */
import { resolve } from 'node:path';
import type { CompiledPlan } from '../../src/model/plan.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { type PlanRequest, planProcess } from '../../src/processes/plan-process.ts';
import { findProjectRoot, readProject } from '../../src/project/read-project.ts';
import { type OpenOptions, type Psyberg, psybergOver } from '../../src/psyberg.ts';
import { strangersInProject } from '../../src/workspace/maintain-project.ts';
import { openWorkspace, type Workspace } from '../../src/workspace/open-workspace.ts';

export interface OpenedProject extends Psyberg {
  readonly internals: Workspace & {
    planProcess(spec: ProcessSpec, request?: PlanRequest): Promise<CompiledPlan>;
    strangers(): ReturnType<typeof strangersInProject>;
  };
}

/** As `open` of the library. */
export async function open(options: OpenOptions = {}): Promise<OpenedProject> {
  const { project: from = '.', variables = {} } = options;
  const project = readProject({ root: findProjectRoot(resolve(from)), variables });
  const workspace = await openWorkspace(project, options);
  return {
    ...psybergOver(workspace),
    internals: {
      ...workspace,
      planProcess: (spec, request) => planProcess(workspace, spec, request),
      strangers: () => strangersInProject(workspace),
    },
  };
}
