/**
 * Adopts a target: one commit sets its watermarks, on a snapshot that holds exactly the files that it held.
 * Plan -> RunRecord.
 */
import { mainSnapshot } from '../iceberg/history.ts';
import type { CompiledPlan, Step } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import { closeSession } from './clean-up.ts';
import { loadTarget, type RunPorts } from './context.ts';
import { protectWatermarks } from './protect-watermarks.ts';
import { runContext, runRecord, undoneOnFailure } from './run-session.ts';
import { composeSnapshot } from './stage-load.ts';
import { publish } from './stage-publish.ts';

/** Publishes the plan of an adoption. Throws what publishing throws; nothing was changed then. */
export async function adoptTarget(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
): Promise<RunRecord> {
  const startedMs = performance.now();
  const context = { ...runContext(ports, plan, spec), sessionStatus: 'adopted' };
  const compose = plan.steps.find((step) => step.stage === 'compose') as Step;
  await undoneOnFailure(context, async () => {
    context.base = mainSnapshot((await loadTarget(context)).metadata);
    context.composed = await composeSnapshot(context, compose, { base: context.base });
    await publish(context, compose);
    await protectWatermarks(ports, plan, true);
    await closeSession(context);
  });
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  return runRecord(context, 'published', {
    seconds: { init: 0, load: 0, audit: 0, publish: seconds, total: seconds },
    error: undefined,
  });
}
