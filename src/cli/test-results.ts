/** What `psyberg test` asks for, and what it makes of a report. TestReport -> exit code, file. */
import { writeFileSync } from 'node:fs';
import type { EngineName } from '../model/engines.ts';
import { fileNotWritable } from '../model/file-not-writable.ts';
import type { TestReport } from '../model/test-record.ts';
import { EXIT, type ExitCode, exitCodeOfKind } from './exit-code.ts';
import type { Shell } from './shell.ts';

export interface ShownRequest {
  readonly only: readonly string[];
  readonly keep: boolean;
  readonly wholeSessions: boolean;
  readonly order?: readonly number[];
  readonly engine?: EngineName;
}

/** A test that cannot be read comes before one that fails, and that before what nobody foresaw. */
export function exitCodeOfTests({ tests }: TestReport): ExitCode {
  const errors = tests.flatMap(({ error }) => (error === null ? [] : [exitCodeOfKind(error.kind)]));
  if (errors.includes(EXIT.usage)) return EXIT.usage;
  if (tests.some(({ status }) => status === 'failed')) return EXIT.auditFailed;
  return errors[0] ?? EXIT.done;
}

export async function writeJunit(shell: Shell, file: string, report: TestReport): Promise<void> {
  const { junitText } = await import('../report/junit.ts');
  try {
    writeFileSync(file, junitText(report));
  } catch (error) {
    throw fileNotWritable(file, error);
  }
  shell.note(`written: ${file}`);
}
