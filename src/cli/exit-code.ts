/** What happened -> exit code. The only place that knows the numbers; the kind of an error decides. Pure. */
import type { ErrorKind } from '../model/error-codes.ts';
import type { ErrorJson } from '../model/errors.ts';
import type { ReportedRecord } from '../report/run-report.ts';

/** Exit codes of the command line, by meaning. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  auditFailed: 3,
  conflict: 4,
  refused: 5,
  owed: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_KIND: Readonly<Record<ErrorKind, ExitCode>> = {
  usage: EXIT.usage,
  audit: EXIT.auditFailed,
  conflict: EXIT.conflict,
  refused: EXIT.refused,
  unavailable: EXIT.failed,
  interrupted: EXIT.interrupted,
  unexpected: EXIT.failed,
};
export const exitCodeOfKind = (kind: ErrorKind): ExitCode => BY_KIND[kind];

/** The exit code of one process. `requireComplete`: hours that are still owed count as well. */
export function exitCodeOf(record: ReportedRecord, requireComplete = false): ExitCode {
  switch (record.status) {
    case 'audit-failed':
      return EXIT.auditFailed;
    case 'conflict':
      return EXIT.conflict;
    case 'refused':
      return EXIT.refused;
    case 'failed':
      return exitCodeOfKind(record.error?.kind ?? 'unexpected');
    default:
      return requireComplete && (record.owed_hours.length > 0 || record.status === 'waiting')
        ? EXIT.owed
        : EXIT.done;
  }
}

/** The exit code of several processes: the highest of theirs. */
export const highestExitCode = (records: readonly ReportedRecord[], requireComplete = false): ExitCode =>
  highest(records.map((record) => exitCodeOf(record, requireComplete)));

/** The exit code of several sessions. Of those of one process only the last says what is still owed. */
export const exitCodeOfSessions = (records: readonly ReportedRecord[], requireComplete = false): ExitCode =>
  highest(
    records.map((record, index) => {
      const isLast = !records.slice(index + 1).some((each) => each.process_name === record.process_name);
      return exitCodeOf(record, requireComplete && isLast);
    }),
  );

/** The exit code of several errors (null where there was none): the highest of theirs. */
export const highestOfErrors = (errors: readonly (ErrorJson | null)[]): ExitCode =>
  highest(errors.map((error) => (error === null ? EXIT.done : exitCodeOfKind(error.kind))));

const highest = (codes: readonly ExitCode[]): ExitCode => Math.max(EXIT.done, ...codes) as ExitCode;
