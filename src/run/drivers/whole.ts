/**
 * Runs a whole session in one process, stage by stage. CompiledPlan -> RunRecord. After a failure everything
 * is as it was before.
 */

import { hasLapsed } from '../../markers/session-marker.ts';
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { abandonSession, closeSession, detachSession } from '../leftovers/clean-up.ts';
import { sessionLapsed } from '../leftovers/lapsed.ts';
import type { RunPorts } from '../ports.ts';
import { auditError, runRecord } from '../record.ts';
import { recordSession } from '../records/write-session-state.ts';
import { type Audited, beginSession, type Published } from '../session.ts';
import { auditStage, isBlocked } from '../stages/audit.ts';
import { closeStage } from '../stages/close.ts';
import { composeStage } from '../stages/compose.ts';
import { loadStage } from '../stages/load.ts';
import { openStage } from '../stages/open.ts';
import { publishStage } from '../stages/publish.ts';
import { continueAhead, type LoadedAhead } from './ahead.ts';
import type { Together } from './together.ts';
import { undoneOnFailure } from './undo.ts';

export interface RunOptions {
  /** Leaves the branch of a session whose audits failed, for a person to look at. */
  readonly keepBranch: boolean;
  readonly initSeconds: number;
  /**
   * The sessions it is published together with: its commits are held back, and it is closed once they are
   * made.
   */
  readonly together?: Together | undefined;
  /** Its rows, if they were written ahead; see {@link writesSameRows}. */
  readonly ahead?: LoadedAhead | undefined;
}

/**
 * Runs every stage. Throws what a stage throws, after cleaning up. A failed blocking audit is returned as a
 * record, not thrown.
 */
export async function runSession(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  { keepBranch, initSeconds, together, ahead }: RunOptions,
): Promise<RunRecord> {
  const clock = stageClock();
  const stageSeconds = () => clock.seconds(initSeconds);
  // A branch that may be kept must exist in the catalog; any other can be held in this process alone.
  const holdsBranch = !keepBranch;
  const session =
    ahead === undefined ? beginSession(ports, plan, spec, { holdsBranch }) : continueAhead(ahead, plan);
  const timed = { ...session, stageSeconds };
  const ended = await undoneOnFailure(
    timed,
    { hasMarker: ahead !== undefined },
    async (): Promise<Audited | Published> => {
      const opened = await clock.time('load', openStage(timed));
      const staged = await clock.time('load', loadStage(opened));
      const composed = await clock.time('load', composeStage(staged));
      const audited = await clock.time('audit', auditStage(composed));
      if (!isBlocked(audited)) return clock.time('publish', publishStage(audited));
      // Other machines may have deleted the rows of a lapsed session, so its failed audits mean nothing.
      if (hasLapsed(session.directory, ports.markersAreShared)) throw sessionLapsed(session);
      await endBlocked(audited, { keepBranch, together });
      return audited;
    },
  );
  if (!('publishedSnapshotId' in ended))
    return runRecord(ended, {
      status: 'audit-failed',
      seconds: stageSeconds(),
      error: auditError(ended, keepBranch),
    });
  if (together === undefined) await clock.time('publish', closeStage(ended));
  else {
    await detachSession(ended);
    together.add(ended);
  }
  return runRecord(ended, { status: 'published', seconds: stageSeconds(), error: undefined });
}

/** Records that the audits failed, and then undoes the session, or keeps its branch. */
async function endBlocked(
  audited: Audited,
  { keepBranch, together }: Pick<RunOptions, 'keepBranch' | 'together'>,
): Promise<void> {
  const { rowsRead, rowsWritten, failures, leftovers } = audited;
  await leftovers.stateRows?.discard();
  if (together !== undefined) {
    // Its commits were held and nobody will ever see them; only the record of its failure is written for
    // good.
    await abandonSession(audited);
    together.giveUp();
  }
  await recordSession(audited, {
    status: 'audit-failed',
    error: JSON.stringify(auditError(audited, keepBranch).toJSON()),
    plan: null,
    rowsRead,
    rowsWritten,
    failures,
  });
  if (together !== undefined) return;
  // Closing removes the marker, so the next session of the process will drop the kept branch.
  if (keepBranch) await closeSession(audited);
  else await abandonSession(audited);
}

type Timed = 'load' | 'audit' | 'publish';

interface StageClock {
  /** Awaits `work`, and adds the time it takes to one part of the record. */
  time<T>(part: Timed, work: Promise<T>): Promise<T>;
  /** The seconds of each part, to the millisecond, including the running part so far. */
  seconds(init: number): RunRecord['seconds'];
}

function stageClock(): StageClock {
  const spentMs = { load: 0, audit: 0, publish: 0 };
  let running: { readonly part: Timed; readonly startedMs: number } | undefined;
  const partSeconds = (part: Timed): number =>
    Math.round(spentMs[part] + (running?.part === part ? performance.now() - running.startedMs : 0)) / 1000;
  return {
    async time(part, work) {
      const startedMs = performance.now();
      running = { part, startedMs };
      try {
        return await work;
      } finally {
        running = undefined;
        spentMs[part] += performance.now() - startedMs;
      }
    },
    seconds(init) {
      const [load, audit, publish] = [partSeconds('load'), partSeconds('audit'), partSeconds('publish')];
      const total = Math.round((init + load + audit + publish) * 1000) / 1000;
      return { init, load, audit, publish, total };
    },
  };
}
