/**
 * A look: the first stage of a session without what it writes. CompiledPlan -> views that can be read, by
 * this process or by others. There is no marker and no branch, and its files lie in a temporary folder, so
 * that nobody cleans up after it: it can be left at any moment. Views beside a target that a killed process
 * leaves have that folder's name, by which `maintain` knows them (`sql/maintain/orphan_files.sql`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentSchema } from '../../iceberg/event-time.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { stepsOf } from '../../model/step.ts';
import type { RunPorts } from '../ports.ts';
import { beginSession, type Opened, unopened, workOf } from '../session.ts';
import { sessionView } from '../session-view.ts';
import { collectedView, loadTarget } from '../target.ts';
import { showLook } from '../views/show-look.ts';
import { openChangeView } from '../views/show-sources.ts';
import { removeViews, viewsFolder } from '../views/views-folder.ts';
import { openPlace, type PlaceBeside } from './beside.ts';

export interface LookRequest {
  readonly plan: CompiledPlan;
  readonly spec: ProcessSpec;
  /** The name of the view, under which other programs attach it. */
  readonly name: string;
  /** True where other programs read it: they may ask for hours that the plan does not have. */
  readonly whole: boolean;
  /** Where its files lie, in a folder that the caller deletes; default: a temporary folder of its own. */
  readonly place?: Pick<PlaceBeside, 'directory'> | undefined;
}

export interface Look {
  readonly opened: Opened;
  close(): Promise<void>;
}

/** Opens its views. Throws what a source or a target that changed meanwhile brings. */
export async function openLook(ports: RunPorts, request: LookRequest): Promise<Look> {
  const { plan, spec, name, whole, place } = request;
  const directory = place?.directory ?? mkdtempSync(join(tmpdir(), 'psyberg-look-'));
  const view = sessionView(ports.views, name, { readOnly: true });
  const begun = beginSession(ports, plan, spec);
  let opened: Opened = { ...unopened(begun), branch: name, directory, view, writes: false };
  // At once what this process shows, then what lies beside a target.
  const end = async (): Promise<void> => {
    view.close();
    if (place !== undefined) return;
    rmSync(directory, { recursive: true, force: true });
    await removeViews(opened);
  };
  try {
    for (const step of stepsOf(plan, 'branch'))
      if (step.kind === 'change-view') opened = await openChangeView(opened, step);
    return { opened: await showLook(opened, { whole }), close: end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Has `work` read a look by this process's own engine. Its errors have their place in the user's file. */
export async function withLook<T>(
  ports: RunPorts,
  request: Omit<LookRequest, 'name' | 'whole' | 'place'> & {
    /** Whether rows of its query are asked for. */
    readonly computes: boolean;
  },
  work: (look: Opened, targetColumns: readonly string[]) => Promise<T>,
): Promise<T> {
  const place =
    request.computes && writesHours(ports, request) ? await openPlace(ports, request.spec) : undefined;
  const name = place?.branch ?? `look@${request.spec.processName}`;
  try {
    return await lookAt(ports, { ...request, name, place }, work);
  } finally {
    // After an interrupt too: the sweep asks which files a snapshot holds.
    if (place !== undefined) ports.workload.resume();
    await place?.end();
  }
}

/** Whether an hour is written before the next one can read it. */
const writesHours = ({ workload }: RunPorts, { spec, plan }: Pick<LookRequest, 'spec' | 'plan'>): boolean =>
  workload.collected !== undefined && patternOf(spec).readsPrevious && plan.target.exists;

async function lookAt<T>(
  ports: RunPorts,
  request: Omit<LookRequest, 'whole'> & { readonly place: PlaceBeside | undefined },
  work: (look: Opened, targetColumns: readonly string[]) => Promise<T>,
): Promise<T> {
  const { name, place } = request;
  const { opened, close } = await openLook(ports, { ...request, whole: false });
  try {
    if (place !== undefined) opened.view.show(collectedView(opened));
    await ports.workload.attach({
      warehouse: name,
      ...ports.endpoint,
      viewsFolder: () => viewsFolder(opened),
    });
    place?.noteEngine();
    return await work(opened, await columnsOfTarget(opened));
  } catch (error) {
    throw ports.workload.placed(workOf(opened), error);
  } finally {
    await ports.workload.detach();
    await close();
  }
}

async function columnsOfTarget(opened: Opened): Promise<readonly string[]> {
  if (!opened.plan.target.exists) return [];
  return currentSchema((await loadTarget(opened)).metadata).fields.map((field) => field.name);
}
