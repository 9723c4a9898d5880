/**
 * Adopts a target: one commit sets its watermarks, on a snapshot that holds exactly the files that it held.
 * Plan -> RunRecord.
 */
import { mainSnapshot } from '../../iceberg/history.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { RunPorts } from '../ports.ts';
import { runRecord } from '../record.ts';
import { stateWriter } from '../records/write-session-state.ts';
import { type Begun, beginSession, type Opened, unaudited, unopened, unstaged } from '../session.ts';
import { closeStage } from '../stages/close.ts';
import { composeSnapshot } from '../stages/compose.ts';
import { publishStage } from '../stages/publish.ts';
import { loadTarget } from '../target.ts';
import { undoneOnFailure } from './undo.ts';

/**
 * Publishes the plan of an adoption. `from`: the name whose progress the plan takes over; its tags on the
 * sources and what its sessions left go afterwards. `settled`: see `SUMMARY.settled`. Throws what publishing
 * throws; nothing was changed then.
 */
export async function adoptTarget(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  adoption: NonNullable<Begun['adoption']>,
): Promise<RunRecord> {
  const startedMs = performance.now();
  const session = beginSession(ports, plan, spec, { adoption });
  const published = await undoneOnFailure(session, {}, async () => {
    const nothing = unopened(session);
    const opened: Opened = { ...nothing, base: mainSnapshot((await loadTarget(nothing)).metadata) };
    const staged = unstaged(opened);
    const composed = await composeSnapshot(staged, { base: opened.base });
    return publishStage(unaudited({ ...staged, composed, state: stateWriter(staged) }));
  });
  await closeStage(published);
  const seconds = Math.round(performance.now() - startedMs) / 1000;
  return runRecord(published, {
    status: 'published',
    seconds: { init: 0, load: 0, audit: 0, publish: seconds, total: seconds },
    error: undefined,
  });
}
