/**
 * Writes what `psyberg check` found, as text and as annotations of a GitHub workflow. Problems -> text.
 * Pure.
 */
import type { CheckProblem } from '../model/problem-codes.ts';
import { PLAIN, type Style } from './style.ts';
import { plural } from './text.ts';

/** One line each, `file:line:column: error|warning code message`, with its hint below. */
export function checkText(problems: readonly CheckProblem[], style: Style = PLAIN): string {
  const colour = { error: style.bad, warning: style.warn };
  return problems
    .flatMap(({ file, line, column, severity, code, message, hint }) => [
      `${style.strong(`${file}:${line}:${column}:`)} ${colour[severity](severity)} ${code} ${message}`,
      ...(hint === null ? [] : [`    ${style.faint('hint:')} ${hint}`]),
    ])
    .join('\n');
}

export function checkSummary(problems: readonly CheckProblem[], style: Style = PLAIN): string {
  const count = (severity: CheckProblem['severity']): number =>
    problems.filter((each) => each.severity === severity).length;
  const [errors, warnings] = [count('error'), count('warning')];
  if (errors + warnings === 0) return style.good('nothing found');
  const text = `${plural(errors, 'error')}, ${plural(warnings, 'warning')}`;
  return errors > 0 ? style.bad(text) : style.warn(text);
}

/**
 * Writes commands of a GitHub workflow (`::error file=…`), which GitHub shows beside the lines. `pathOf`:
 * the path of a project file within the repository.
 */
export const githubAnnotations = (
  problems: readonly CheckProblem[],
  pathOf: (file: string) => string,
): string =>
  problems
    .map(({ file, line, column, severity, code, message, hint }) => {
      const properties = { file: pathOf(file), line, col: column, title: code };
      const written = Object.entries(properties).map(([key, value]) => `${key}=${asProperty(String(value))}`);
      return `::${severity} ${written.join(',')}::${asData(hint === null ? message : `${message}\nhint: ${hint}`)}`;
    })
    .join('\n');

/** Escapes what commands hold, as GitHub's own toolkit does. */
const asData = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const asProperty = (text: string): string => asData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
