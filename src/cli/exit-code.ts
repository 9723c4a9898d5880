/** Records -> exit code, as the contract names them. Pure. */
import { EXIT } from '../model/errors.ts';
import type { ReportedRecord } from '../report/run-report.ts';

/** What one process amounts to. `requireComplete`: hours that are still owed count as well. */
export function exitCodeOf(record: ReportedRecord, requireComplete = false): number {
  const named = record.error?.context['exit_code'];
  switch (record.status) {
    case 'audit-failed':
      return EXIT.auditFailed;
    case 'conflict':
      return EXIT.conflict;
    case 'refused':
      return EXIT.refused;
    case 'failed':
      return typeof named === 'number' ? named : EXIT.failed;
    default:
      return requireComplete && (record.owed_hours.length > 0 || record.status === 'waiting')
        ? EXIT.owed
        : EXIT.done;
  }
}

/** With several processes: the highest of any. */
export const highestExitCode = (records: readonly ReportedRecord[], requireComplete = false): number =>
  records.reduce<number>(
    (highest, record) => Math.max(highest, exitCodeOf(record, requireComplete)),
    EXIT.done,
  );
