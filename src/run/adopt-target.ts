/**
 * Adopts a target: one commit sets its watermarks, on a snapshot that holds exactly the files that it held.
 * Plan -> RunRecord.
 */
import { mainSnapshot } from '../iceberg/history.ts';
import type { CompiledPlan } from '../model/plan.ts';
import { composeStepOf } from '../model/step.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import { closeSession, dropSessionsOfEndedName } from './clean-up.ts';
import { loadTarget, type RunPorts } from './context.ts';
import { dropTag } from '../state/drop-tag.ts';
import { protectWatermarks } from './protect-watermarks.ts';
import { runContext, runRecord, undoneOnFailure } from './run-session.ts';
import { composeSnapshot } from './stage-load.ts';
import { publish } from './stage-publish.ts';

/**
 * Publishes the plan of an adoption. `from`: the name whose progress the plan takes over; its tags on the
 * sources and what its sessions left go afterwards. Throws what publishing throws; nothing was changed then.
 */
export async function adoptTarget(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  from?: string,
): Promise<RunRecord> {
  const startedMs = performance.now();
  const context = {
    ...runContext(ports, plan, spec),
    sessionStatus: 'adopted',
    ...(from === undefined ? {} : { adoptedFrom: from }),
  };
  const compose = composeStepOf(plan);
  await undoneOnFailure(context, async () => {
    context.base = mainSnapshot((await loadTarget(context)).metadata);
    context.composed = await composeSnapshot(context, compose, { base: context.base });
    await publish(context, compose);
    await protectWatermarks(ports, plan, true);
    if (from !== undefined) await endName(ports, spec, from);
    await closeSession(context);
  });
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  return runRecord(context, 'published', {
    seconds: { init: 0, load: 0, audit: 0, publish: seconds, total: seconds },
    error: undefined,
  });
}

/**
 * The old name's tags and what its sessions left. Its tag goes after the new one is there: between the two,
 * nothing is unprotected. What cannot be removed is told, and named by `psyberg doctor`.
 */
async function endName(ports: RunPorts, spec: ProcessSpec, from: string): Promise<void> {
  await dropSessionsOfEndedName(ports, spec.target.table, from).catch((error: unknown) =>
    ports.onStep(`${from}: what its sessions left stays: ${String(error)}`),
  );
  for (const { table } of spec.sources) await dropTag(ports, table, from);
}
