/** Writes what `psyberg doctor` found, as text. Check[] -> text. Pure. */
import type { PageOptions } from './document-text.ts';
import { hangingText, UNLIMITED, wrapText } from './fit.ts';
import { PLAIN } from './style.ts';
import { plural } from './text.ts';
import { cutMiddle, displayWidth, padToWidth } from './width.ts';

export interface Check {
  /** What was looked at. */
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; null if nothing. */
  readonly hint: string | null;
}

/** Is called with each check as it is made. */
export type Report = (name: string, status: Check['status'], message: string, hint?: string) => void;

export function doctorText(
  checks: readonly Check[],
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  const colour = { ok: style.good, warn: style.warn, fail: style.bad };
  const nameWidth = Math.min(
    Math.max(0, ...checks.map(({ name }) => displayWidth(name))),
    Math.max(NAME_WIDTH_LEAST, Math.min(NAME_WIDTH_MOST, Math.floor(width / 2) - STATUS_WIDTH - 2)),
  );
  const lines = checks.flatMap((check) => {
    const status = padToWidth(colour[check.status](check.status), STATUS_WIDTH);
    const name = style.strong(check.name);
    // A longer name gets its own line, with its message below aligned with the others.
    const isLong = displayWidth(check.name) > nameWidth;
    const lead = isLong
      ? ' '.repeat(STATUS_WIDTH + nameWidth + 2)
      : `${status}${padToWidth(name, nameWidth)}  `;
    // A long message (such as every problem of a project) keeps its lines.
    return [
      ...(isLong ? [status + cutMiddle(name, width - STATUS_WIDTH)] : []),
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

/** Width of `warn` and the blanks after it. */
const STATUS_WIDTH = 6;
const NAME_WIDTH_LEAST = 20;
const NAME_WIDTH_MOST = 60;

const firstLine = (text: string): string => text.split('\n')[0] as string;
const restLines = (text: string): string[] =>
  text
    .split('\n')
    .slice(1)
    .map((line) => `      ${line}`);
