/**
 * A look: the first stage of a session without what it writes. CompiledPlan -> views that can be read, by
 * this process or by others. There is no marker and no branch, and its files lie in a temporary folder, so
 * that nobody cleans up after it: it can be left at any moment.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { stepsOf } from '../../model/step.ts';
import type { RunPorts } from '../ports.ts';
import { beginSession, type Opened, unopened, workOf } from '../session.ts';
import { sessionView } from '../session-view.ts';
import { loadTarget } from '../target.ts';
import { showLook } from '../views/show-look.ts';
import { openChangeView } from '../views/show-sources.ts';

export interface LookRequest {
  readonly plan: CompiledPlan;
  readonly spec: ProcessSpec;
  /** Of the view, under which other programs attach it. */
  readonly name: string;
  /** True where other programs read it: they may ask for hours that the plan does not have. */
  readonly whole: boolean;
}

export interface Look {
  readonly opened: Opened;
  close(): void;
}

/** Opens its views. Throws what a source or a target that changed meanwhile brings. */
export async function openLook(ports: RunPorts, request: LookRequest): Promise<Look> {
  const { plan, spec, name, whole } = request;
  const directory = mkdtempSync(join(tmpdir(), 'psyberg-look-'));
  const view = sessionView(ports.views, name, { readOnly: true });
  const close = (): void => {
    view.close();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    let opened: Opened = { ...unopened(beginSession(ports, plan, spec)), branch: name, directory, view };
    for (const step of stepsOf(plan, 'branch'))
      if (step.kind === 'change-view') opened = await openChangeView(opened, step);
    return { opened: await showLook(opened, { whole }), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Has `work` read a look by this process's own engine. Its errors have their place in the user's file. */
export async function withLook<T>(
  ports: RunPorts,
  request: Omit<LookRequest, 'name' | 'whole'>,
  work: (look: Opened, targetColumns: readonly string[]) => Promise<T>,
): Promise<T> {
  const name = `look@${request.spec.processName}`;
  const { opened, close } = await openLook(ports, { ...request, name, whole: false });
  try {
    await ports.workload.attach({ warehouse: name, ...ports.endpoint });
    return await work(opened, await columnsOfTarget(opened));
  } catch (error) {
    throw ports.workload.placed(workOf(opened), error);
  } finally {
    await ports.workload.detach();
    close();
  }
}

async function columnsOfTarget(opened: Opened): Promise<readonly string[]> {
  if (!opened.plan.target.exists) return [];
  return currentSchema((await loadTarget(opened)).metadata).fields.map((field) => field.name);
}
