/**
 * A run of a whole session in one process: stage after stage, and nothing else. CompiledPlan -> RunRecord.
 * Every failure ends in the old state.
 */
import type { CompiledPlan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { abandonSession, closeSession } from '../leftovers/clean-up.ts';
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
import { undoneOnFailure } from './undo.ts';

export interface RunOptions {
  /** Leaves the branch of a session whose audits failed, for a person to look at. */
  readonly keepBranch: boolean;
  readonly initSeconds: number;
}

/**
 * Runs every stage. Throws what a stage throws, after cleaning up; a failed blocking audit is a record, not
 * an error.
 */
export async function runSession(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  { keepBranch, initSeconds }: RunOptions,
): Promise<RunRecord> {
  const session = beginSession(ports, plan, spec);
  const clock = stageClock();
  const ended = await undoneOnFailure(session, async (): Promise<Audited | Published> => {
    const opened = await clock.time('load', openStage(session));
    const staged = await clock.time('load', loadStage(opened));
    const composed = await clock.time('load', composeStage(staged));
    const audited = await clock.time('audit', auditStage(composed));
    if (!isBlocked(audited)) return clock.time('publish', publishStage(audited));
    await endBlocked(audited, keepBranch);
    return audited;
  });
  if (!('publishedSnapshotId' in ended))
    return runRecord(ended, {
      status: 'audit-failed',
      seconds: clock.seconds(initSeconds),
      error: auditError(ended, keepBranch),
    });
  await clock.time('publish', closeStage(ended));
  return runRecord(ended, { status: 'published', seconds: clock.seconds(initSeconds), error: undefined });
}

/** Writes down that the audits failed, and undoes the session, or leaves its branch. */
async function endBlocked(audited: Audited, keepBranch: boolean): Promise<void> {
  const { rowsRead, rowsWritten, failures, leftovers } = audited;
  await leftovers.stateRows?.discard();
  await recordSession(audited, {
    status: 'audit-failed',
    error: JSON.stringify(auditError(audited, keepBranch).toJSON()),
    plan: null,
    rowsRead,
    rowsWritten,
    failures,
  });
  // Without its marker the branch is nobody's: the next session of the process drops it.
  if (keepBranch) await closeSession(audited);
  else await abandonSession(audited);
}

type Timed = 'load' | 'audit' | 'publish';

interface StageClock {
  /** Adds what `work` takes to a part of the record. */
  time<T>(part: Timed, work: Promise<T>): Promise<T>;
  /** @returns seconds, to the millisecond. */
  seconds(init: number): RunRecord['seconds'];
}

function stageClock(): StageClock {
  const spentMs = { load: 0, audit: 0, publish: 0 };
  const seconds = (ms: number): number => Math.round(ms) / 1000;
  return {
    async time(part, work) {
      const startedMs = performance.now();
      try {
        return await work;
      } finally {
        spentMs[part] += performance.now() - startedMs;
      }
    },
    seconds(init) {
      const [load, audit, publish] = [spentMs.load, spentMs.audit, spentMs.publish].map(seconds) as [
        number,
        number,
        number,
      ];
      return { init, load, audit, publish, total: seconds((init + load + audit + publish) * 1000) };
    },
  };
}
