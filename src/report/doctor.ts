/** What `psyberg doctor` found, as text. Check[] -> text. Pure. */
import type { PageOptions } from './document-text.ts';
import { hangingText, UNLIMITED, visibleLength, wrapText } from './fit.ts';
import { PLAIN } from './style.ts';
import { padVisible, plural } from './text.ts';

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

export function doctorText(
  checks: readonly Check[],
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  const colour = { ok: style.good, warn: style.warn, fail: style.bad };
  const nameWidth = Math.min(NAME_WIDTH, Math.max(0, ...checks.map(({ name }) => visibleLength(name))));
  const lines = checks.flatMap((check) => {
    const status = padVisible(colour[check.status](check.status), 4);
    const lead = `${status}  ${padVisible(style.strong(check.name), nameWidth)}  `;
    // A long message (every problem of a project) keeps its lines.
    return [
      hangingText(lead, firstLine(check.message), width),
      ...restLines(check.message).map((line) => wrapText(line, width, 2)),
      ...(check.hint === null ? [] : [hangingText(`      ${style.faint('hint:')} `, check.hint, width)]),
    ];
  });
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  return [
    ...lines,
    '',
    `${plural(checks.length, 'check')}: ${count('ok')} ok, ${plural(count('warn'), 'warning')}, ${count('fail')} failed`,
  ].join('\n');
}

/** A longer name pushes its message aside, and no other's. */
const NAME_WIDTH = 26;

const firstLine = (text: string): string => text.split('\n')[0] as string;
const restLines = (text: string): string[] =>
  text
    .split('\n')
    .slice(1)
    .map((line) => `      ${line}`);
