/** Reports sessions to observers: their beginning, their outcome, their abort. Workspace + plan -> events. */
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Outcome, SessionTold } from '../observe/port.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

interface Planned {
  readonly spec: ProcessSpec;
  readonly plan: CompiledPlan;
}

const sessionTold = ({ project, client }: Workspace, { spec, plan }: Planned): SessionTold => ({
  project,
  spec,
  plan,
  loadTable: async (id) => (await client.loadTable(id))?.metadata,
});

/** A session with work begins. `resumed`: it is a later step of one that another command began. */
export function tellSession(
  workspace: Workspace,
  { resumed, ...planned }: Planned & { readonly resumed: boolean },
): void {
  if (workspace.observer.listens)
    workspace.observer.tell({ kind: 'session', resumed, ...sessionTold(workspace, planned) });
}

export interface EndedSession {
  readonly spec: ProcessSpec;
  readonly outcome: Outcome;
  /** Undefined where it never had one. */
  readonly plan: CompiledPlan | undefined;
}

/** A session, or a step of one, ended. */
export function tellOutcome(workspace: Workspace, told: EndedSession): void {
  if (!workspace.observer.listens) return;
  const { spec, outcome, plan } = told;
  const session = plan === undefined ? undefined : sessionTold(workspace, { spec, plan });
  workspace.observer.tell({ kind: 'outcome', project: workspace.project, spec, outcome, session });
}

/** Somebody dropped it. */
export function tellAborted(workspace: Workspace, planned: Planned): void {
  if (workspace.observer.listens)
    workspace.observer.tell({ kind: 'aborted', session: sessionTold(workspace, planned) });
}
