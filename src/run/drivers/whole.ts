/**
 * A run of a whole session in one process: stage after stage, and nothing else. CompiledPlan -> RunRecord.
 * Every failure ends in the old state.
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
import { goOnBy, type LoadedAhead } from './ahead.ts';
import type { Together } from './together.ts';
import { undoneOnFailure, undoneUnlessDone } from './undo.ts';

export interface RunOptions {
  /** Leaves the branch of a session whose audits failed, for a person to look at. */
  readonly keepBranch: boolean;
  readonly initSeconds: number;
  /** Those that it is published with: its commits are held, and it is closed when they are made. */
  readonly together?: Together | undefined;
  /** Its rows, where they are written already; see {@link restsOnSame}. */
  readonly ahead?: LoadedAhead | undefined;
}

/**
 * Runs every stage. Throws what a stage throws, after cleaning up; a failed blocking audit is a record, not
 * an error.
 */
export async function runSession(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  { keepBranch, initSeconds, together, ahead }: RunOptions,
): Promise<RunRecord> {
  const clock = stageClock();
  const stageSeconds = () => clock.seconds(initSeconds);
  // A branch that may have to stay is one of the catalog.
  const holdsBranch = !keepBranch;
  const session =
    ahead === undefined ? beginSession(ports, plan, spec, { holdsBranch }) : goOnBy(ahead, plan);
  const timed = { ...session, stageSeconds };
  const undone = ahead === undefined ? undoneOnFailure : undoneUnlessDone;
  const ended = await undone(timed, async (): Promise<Audited | Published> => {
    const opened = await clock.time('load', openStage(timed));
    const staged = await clock.time('load', loadStage(opened));
    const composed = await clock.time('load', composeStage(staged));
    const audited = await clock.time('audit', auditStage(composed));
    if (!isBlocked(audited)) return clock.time('publish', publishStage(audited));
    // Of rows that others have taken away an audit says nothing.
    if (hasLapsed(session.directory, ports.markersAreShared)) throw sessionLapsed(session);
    await endBlocked(audited, { keepBranch, together });
    return audited;
  });
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

/** Writes down that the audits failed, and undoes the session, or leaves its branch. */
async function endBlocked(
  audited: Audited,
  { keepBranch, together }: Pick<RunOptions, 'keepBranch' | 'together'>,
): Promise<void> {
  const { rowsRead, rowsWritten, failures, leftovers } = audited;
  await leftovers.stateRows?.discard();
  if (together !== undefined) {
    // What it has staged is held, and nobody may come to see it: what it wrote down of its failure is.
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
  // Without its marker the branch is nobody's: the next session of the process drops it.
  if (keepBranch) await closeSession(audited);
  else await abandonSession(audited);
}

type Timed = 'load' | 'audit' | 'publish';

interface StageClock {
  /** Adds what `work` takes to a part of the record. */
  time<T>(part: Timed, work: Promise<T>): Promise<T>;
  /** @returns seconds, to the millisecond; of the part that is running what it took so far. */
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
