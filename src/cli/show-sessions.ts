/**
 * Runs sessions for a command and prints each as it ends: lines, or one JSON document. Records -> exit code.
 */
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';
import type { Psyberg } from '../psyberg.ts';
import { sessionsLeftText } from '../report/owed.ts';
import { runSummary, runText } from '../report/run-report.ts';
import { onInterruptedWork } from './interruption.ts';
import type { Shell } from './shell.ts';

export interface ShownSessions {
  /** The processes that may run: they decide how wide the column of names is. */
  readonly names: readonly string[];
  readonly run: (onRecord: (record: RunRecord, left?: SessionsLeft) => void) => Promise<RunRecord[]>;
  readonly exitCode: (records: readonly RunRecord[]) => number;
}

/** On an interrupt the running session cleans up first, and the exit code is that of the interrupt. */
export async function showSessions(
  shell: Shell,
  psyberg: Psyberg,
  { names, run, exitCode }: ShownSessions,
): Promise<number> {
  const startedMs = performance.now();
  const interruption = onInterruptedWork(shell, () => psyberg.interrupt());
  const nameWidth = Math.max(0, ...names.map((each) => each.length));
  const show = (record: RunRecord, left?: SessionsLeft): void => {
    const goesOn = left !== undefined;
    if (shell.options.quiet !== true || record.error !== null)
      shell.print(runText(record, { style: shell.style, width: shell.width, nameWidth, goesOn }));
    if (goesOn) shell.note(sessionsLeftText(record, left));
  };
  try {
    const records = await run(show);
    if (shell.options.json === true) shell.json({ runs: records });
    else if (records.length > 1 && shell.options.quiet !== true)
      shell.print(shell.style.faint(runSummary(records, (performance.now() - startedMs) / 1000)));
    return interruption.exitCode() ?? exitCode(records);
  } finally {
    interruption.release();
  }
}
