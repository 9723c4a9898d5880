/** What `psyberg doctor` found, as text. Check[] -> text. Pure. */
import { PLAIN, type Style } from './style.ts';
import { columnsText, plural } from './text.ts';

export interface Check {
  /** What was looked at. */
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; null when nothing. */
  readonly hint: string | null;
}

/** Called with each check as it is made. */
export type Report = (name: string, status: Check['status'], message: string, hint?: string) => void;

export function doctorText(checks: readonly Check[], style: Style = PLAIN): string {
  const colour = { ok: style.good, warn: style.warn, fail: style.bad };
  // A long message (every problem of a project) keeps its lines.
  const table = columnsText(
    checks.map((check) => [
      colour[check.status](check.status),
      style.strong(check.name),
      firstLine(check.message),
    ]),
  ).split('\n');
  const lines = checks.flatMap((check, index) => [
    table[index] as string,
    ...restLines(check.message),
    ...(check.hint === null ? [] : [`      ${style.faint('hint:')} ${check.hint}`]),
  ]);
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  return [
    ...lines,
    '',
    `${plural(checks.length, 'check')}: ${count('ok')} ok, ${plural(count('warn'), 'warning')}, ${count('fail')} failed`,
  ].join('\n');
}

const firstLine = (text: string): string => text.split('\n')[0] as string;
const restLines = (text: string): string[] =>
  text
    .split('\n')
    .slice(1)
    .map((line) => `      ${line}`);
