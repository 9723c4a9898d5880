/** Writes what `psyberg fmt` did, as text for people. FormattedFile -> text. Pure. */
import type { FormattedFile } from '../model/format-record.ts';
import { PLAIN, type Style } from './style.ts';
import { plural } from './text.ts';

export interface FormatReport {
  /** One line for each file that changed, would change or has a problem. */
  readonly lines: readonly string[];
  /** One line for each problem: `file:line:column: error code message`. */
  readonly problems: readonly string[];
  readonly summary: string;
}

export function formatReport(
  files: readonly FormattedFile[],
  check: boolean,
  style: Style = PLAIN,
): FormatReport {
  const problems = files.flatMap((file) => problemLine(file, style));
  const lines = files.flatMap((file) => {
    if (file.status === 'formatted') return [`${style.good('formatted')}     ${file.file}`];
    if (file.status === 'would-change') return [`${style.warn('would change')}  ${file.file}`];
    return problemLine(file, style);
  });
  const count = (status: FormattedFile['status']): number =>
    files.filter((file) => file.status === status).length;
  const changed = count(check ? 'would-change' : 'formatted');
  const rest = [
    `${plural(files.length, 'file')}: ${changed} ${check ? 'would change' : 'formatted'}`,
    ...(count('kept') > 0 ? [`${count('kept')} left as ${count('kept') === 1 ? 'it is' : 'they are'}`] : []),
    ...(count('failed') > 0 ? [`${count('failed')} not formatted`] : []),
  ];
  return { lines, problems, summary: rest.join(', ') };
}

function problemLine({ file, problem }: FormattedFile, style: Style): string[] {
  if (problem === null) return [];
  const { line, column, severity, code, message } = problem;
  const word = severity === 'error' ? style.bad(severity) : style.warn(severity);
  return [`${file}:${line}:${column}: ${word} ${code} ${message}`];
}
