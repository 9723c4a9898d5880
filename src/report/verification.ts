/** Writes what verifications found, as text for people. Verification -> text. Pure. */
import type { WithGrain } from '../model/grain.ts';
import type { Verification, VerifiedHour } from '../model/verification.ts';
import { cellText } from './cell-text.ts';
import type { PageOptions } from './document-text.ts';
import { type Fit, UNLIMITED } from './fit.ts';
import { errorText } from './run-report.ts';
import { PLAIN, type Style } from './style.ts';
import { borderedTable } from './table.ts';
import { countText, indent, plural, rangeLabel, unitLabel, unitsLabel } from './text.ts';

/** Writes one line for a process, and below it what differs and what to do. */
export function verificationText(
  verification: Verification,
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  const { process_name: name, target, status, error, notes } = verification;
  const head = `${STATUS[status](style)}  ${style.strong(name)}  ${style.faint(target)}`;
  const page = { style, width: width - INDENT };
  const parts = [
    ...(status === 'equal' || status === 'different' ? [factsText(verification)] : []),
    ...(status === 'different' ? differencesText(verification, page) : []),
    ...notes.map((note) => style.faint(note)),
    ...(error === null ? [] : [errorText(error, style)]),
  ];
  return [head, ...parts.map((part) => indent(part, INDENT))].join('\n');
}

/** Indentation of what is said about a process. */
const INDENT = 6;

const STATUS: Readonly<Record<Verification['status'], (style: Style) => string>> = {
  equal: (style) => style.good('same'),
  different: (style) => style.bad('DIFF'),
  'not-published': (style) => style.faint('none'),
  failed: (style) => style.bad('FAIL'),
};

function factsText(verification: Verification): string {
  const { range, grain, hours_compared: hours, rows_expected, rows_found, owed_hours } = verification;
  const what =
    range === null
      ? 'all rows'
      : `${grain === 'day' ? 'days' : `${plural(hours, 'hour')} with rows,`} ${rangeLabel(range.first_hour, range.last_hour, verification)}`;
  const rows =
    rows_expected === rows_found
      ? plural(rows_found, 'row')
      : `${plural(rows_expected, 'row')} expected, ${countText(rows_found)} found`;
  const owed =
    owed_hours.length === 0
      ? ''
      : `; not compared, still to be loaded: ${unitsLabel(verification, owed_hours.filter(isFirstOf(verification)))}`;
  return `${what}: ${rows}${owed}`;
}

/** Whether an hour is the first one of the process's unit. */
const isFirstOf =
  ({ grain }: Verification) =>
  (hour: string): boolean =>
    grain !== 'day' || hour.slice(11, 13) === '00';

/** Number of hours that are shown; the others are in --json. */
const HOURS_SHOWN = 12;

function differencesText(verification: Verification, page: Required<PageOptions>): string[] {
  const { hours, missing, extra } = verification;
  const left = hours.length - HOURS_SHOWN;
  const { style } = page;
  // Rows of a process of days may have different times within a day: then hours are named.
  const ofDays = hours.every(({ hour }) => hour === null || isFirstOf(verification)(hour));
  const of: WithGrain = ofDays ? verification : {};
  const { grain: unit = 'hour' } = of;
  return [
    style.bad(`${plural(missing, 'row')} missing, ${countText(extra)} not expected`),
    borderedTable({
      head: [unit, 'expected', 'found', 'missing', 'not expected'],
      rows: hours
        .slice(0, HOURS_SHOWN)
        .map((hour) => [
          hour.hour === null ? 'no hour' : unitLabel(of, hour.hour),
          countText(hour.rows_expected),
          countText(hour.rows_found),
          countText(hour.missing),
          countText(hour.extra),
        ]),
      alignRight: [1, 2, 3, 4],
      ...page,
    }),
    ...(left > 0 ? [style.faint(`and ${plural(left, `more ${unit}`)}, in --json`)] : []),
    sampleText(verification, page),
    nextText(verification),
  ];
}

/** `-` for a row that is missing, `+` for one that is not expected. */
function sampleText(
  { sample, missing, extra }: Verification,
  { style, width }: Required<PageOptions>,
): string {
  const columns = Object.keys(sample.missing[0] ?? sample.extra[0] ?? {});
  const rowOf =
    (mark: string, paint: (text: string) => string) => (row: Readonly<Record<string, unknown>>) => [
      paint(mark),
      ...columns.map((name) => cellText(row[name])),
    ];
  const rows = [...sample.missing.map(rowOf('-', style.bad)), ...sample.extra.map(rowOf('+', style.warn))];
  const left = BigInt(missing) + BigInt(extra) - BigInt(rows.length);
  const cut = columns.map((): Fit => 'cut');
  return [
    borderedTable({ head: ['', ...columns], rows, fits: ['keep', ...cut], width, style }),
    style.faint(`- missing  + not expected${left > 0n ? `; ${plural(left, 'more row')}` : ''}`),
  ].join('\n');
}

/** Says what to do now. */
function nextText({ process_name: name, hours, grain }: Verification): string {
  const named = hours.flatMap(({ hour }) => (hour === null ? [] : [hour]));
  const without = hours.length - named.length;
  const range = hoursGiven(hours, grain === 'day' ? 10 : 13);
  return [
    `next: psyberg restate ${name} ${range === undefined || without > 0 ? '--all' : `--hours ${range}`}`,
    ...(range === undefined ? [] : [`      psyberg show ${name} --hours ${range}`]),
  ].join('\n');
}

/** `2023-09-14T05..2023-09-14T07`, as commands take it; `length`: that of an hour's text, or of a day's. */
function hoursGiven(hours: readonly VerifiedHour[], length: number): string | undefined {
  const named = hours.flatMap(({ hour }) => (hour === null ? [] : [hour.slice(0, length)]));
  const [first, last] = [named[0], named.at(-1)];
  if (first === undefined) return undefined;
  return first === last ? first : `${first}..${last}`;
}

/** Writes the last line for several processes. */
export function verificationSummary(all: readonly Verification[], style: Style = PLAIN): string {
  const count = (status: Verification['status']): number =>
    all.filter((each) => each.status === status).length;
  const parts = [
    `${count('equal')} as ${count('equal') === 1 ? 'it' : 'they'} should be`,
    ...(count('different') > 0
      ? [style.bad(`${count('different')} ${count('different') === 1 ? 'differs' : 'differ'}`)]
      : []),
    ...(count('failed') > 0 ? [style.bad(`${count('failed')} could not be compared`)] : []),
    ...(count('not-published') > 0 ? [`${count('not-published')} not published yet`] : []),
  ];
  return `${plural(all.length, 'process', 'processes')}: ${parts.join(', ')}`;
}
