/** Shows when each hour of a target was written, and written again. ReportedProcess[] -> HTML. Pure. */
import { type Hour, hourText, parseHour } from '../../model/hour.ts';
import { countText, hourLabel, plural, rangeLabel } from '../text.ts';
import { anchorOf, type HtmlValue, html, type Markup, tableHtml } from './html.ts';
import type { ReportedProcess, SessionWrites, WrittenHours } from './report-document.ts';
import { hourTicks, px } from './scales.ts';

const LEFT = 122;
const PLOT = 690;
const RIGHT = 168;
const ROW_TALL = 18;
const ROW_LOW = 11;
/** With more rows than the first number they are drawn low; above the second, older ones are left out. */
const TALL_ROWS = 24;
const ROWS_MAX = 60;
/** With more processes, each is folded and shows fewer sessions, so that the page has room for them. */
const OPEN_PROCESSES = 6;
const ROWS_OF_MANY = 14;
/** Number of sessions in a table. */
const TABLE_ROWS = 20;
const TABLE_ROWS_OF_MANY = 6;

const LEGEND: readonly (readonly [WrittenHours['change'], string])[] = [
  ['written', 'written first'],
  ['rewritten', 'written again: its rows were replaced'],
  ['restated', 'restated: written again on request'],
  ['added', 'rows added'],
  ['within', 'some of these hours; which ones is not known'],
];

export function hoursPanel(processes: readonly ReportedProcess[]): Markup {
  const shown = processes.filter(({ writes }) => writes.some(({ hours }) => hours.length > 0));
  const isMany = shown.length > OPEN_PROCESSES;
  return html`<section id="hours" aria-labelledby="hours-head" data-panel="hours" data-items="${shown.length}">
<h2 id="hours-head">Hours and sessions</h2>
<p>A line is a session that published, the newest below; along it are the hours of the target that it wrote. Hours that are written again got late rows, or depend on hours that did.</p>
${shown.length === 0 && html`<p class="muted">No session has published yet.</p>`}
${shown.length > 0 && legendHtml()}
${shown.map((process, index) => processHours(process, { isOpen: index < OPEN_PROCESSES, isMany }))}
</section>`;
}

const legendHtml = (): Markup =>
  html`<ul class="legend">${LEGEND.map(
    ([change, text]) =>
      html`<li><svg width="12" height="12" aria-hidden="true"><rect class="h-${change}" width="12" height="12"/></svg>${text}</li>`,
  )}<li><svg width="12" height="12" aria-hidden="true"><path class="reopened" d="M0 10h12"/></svg>reopened: announced as complete before</li></ul>`;

function processHours(
  process: ReportedProcess,
  { isOpen, isMany }: { readonly isOpen: boolean; readonly isMany: boolean },
): Markup {
  const [rows, tableRows] = isMany ? [ROWS_OF_MANY, TABLE_ROWS_OF_MANY] : [ROWS_MAX, TABLE_ROWS];
  const { process_name: name, target } = process;
  const writes = process.writes.filter(({ hours }) => hours.length > 0).slice(-rows);
  return html`<details id="${anchorOf('hours', name)}"${isOpen && html` open`}><summary><b>${name}</b> <span class="muted">${target}, ${againText(process)}</span></summary>
<figure><div class="scroll" tabindex="0" role="region" aria-label="Hours and sessions of ${name}">${writesSvg(process, writes)}</div></figure>
<details><summary>As a table: the newest ${plural(Math.min(tableRows, writes.length), 'session')}</summary>${writesTable(name, writes.slice(-tableRows))}</details>
</details>
`;
}

const hoursIn = ({ first_hour: first, last_hour: last }: WrittenHours): number =>
  parseHour(last) - parseHour(first) + 1;

/** `31 hours written, 12 of them again, most often 2001-01-05 17h (3 times)`. */
function againText({ writes }: ReportedProcess): string {
  const times = new Map<Hour, number>();
  for (const { hours } of writes)
    for (const range of hours)
      if (range.change !== 'within')
        for (let hour = parseHour(range.first_hour); hour <= parseHour(range.last_hour); hour += 1)
          times.set(hour, (times.get(hour) ?? 0) + 1);
  const again = [...times].filter(([, count]) => count > 1);
  const [hour, count] = again.reduce<readonly [Hour, number]>(
    (most, each) => (each[1] > most[1] ? each : most),
    [0, 0],
  );
  if (times.size === 0) return 'hours not known one by one';
  if (again.length === 0) return `${plural(times.size, 'hour')} written, none again`;
  const often = count > 2 ? `, most often ${hourLabel(hourText(hour))} (${count} times)` : '';
  return `${plural(times.size, 'hour')} written, ${countText(again.length)} of them again${often}`;
}

function writesSvg({ process_name: name }: ReportedProcess, writes: readonly SessionWrites[]): Markup {
  const row = writes.length > TALL_ROWS ? ROW_LOW : ROW_TALL;
  const ranges = writes.flatMap(({ hours }) => hours);
  const first = Math.min(...ranges.map(({ first_hour: hour }) => parseHour(hour)));
  const last = Math.max(...ranges.map(({ last_hour: hour }) => parseHour(hour)));
  const bottom = writes.length * row;
  const x = (hour: number): number => LEFT + ((hour - first) / (last - first + 1)) * PLOT;
  const width = LEFT + PLOT + RIGHT;
  const everyLabel = row === ROW_LOW ? 2 : 1;
  return html`<svg role="img" aria-label="Hours that the sessions of ${name} wrote; as a table below" width="${width}" height="${bottom + 24}" viewBox="0 0 ${width} ${bottom + 24}">
<rect class="plot" x="${LEFT}" y="0" width="${PLOT}" height="${bottom}"/>
${writes.map((session, index) => {
  const y = index * row;
  const isLabelled = (writes.length - 1 - index) % everyLabel === 0;
  return html`${isLabelled && html`<text class="m e" x="${LEFT - 8}" y="${y + row / 2 + 4}">${shortTime(session.opened_at)}</text>`}<g><title>${sessionTitle(session)}</title>${session.hours.map((range) => rangeHtml(range, { x, y, height: row - 2 }))}</g>${session.reopened.map((stretch) => reopenedHtml(stretch, { x, y: y + row - 2 }))}${
    isLabelled &&
    html`<text class="m" x="${LEFT + PLOT + 8}" y="${y + row / 2 + 4}">${hoursText(session)}</text>`
  }
`;
})}
${hourTicks(first, last, 6).map(
  ({ at, label }) =>
    html`<path class="axis" d="M${px(x(at))} ${bottom}v4"/><text class="m" x="${px(x(at))}" y="${bottom + 17}">${label}</text>`,
)}
</svg>`;
}

/** `11-29 04:41:27`. */
const shortTime = (instant: string): string => `${instant.slice(5, 10)} ${instant.slice(11, 19)}`;

function hoursText(session: SessionWrites): string {
  const hours = session.hours.reduce((sum, range) => sum + hoursIn(range), 0);
  const rows = session.rows_written === null ? '' : `, ${plural(session.rows_written, 'row')}`;
  return `${plural(hours, 'hour')}${rows}`;
}

function rangeHtml(
  range: WrittenHours,
  { x, y, height }: { readonly x: (hour: number) => number; readonly y: number; readonly height: number },
): HtmlValue {
  const left = x(parseHour(range.first_hour));
  const width = Math.max(1.5, x(parseHour(range.last_hour) + 1) - left - 0.6);
  return html`<rect class="h-${range.change}" x="${px(left)}" y="${y + 1}" width="${px(width)}" height="${height}"/>`;
}

const sessionTitle = (session: SessionWrites): string =>
  `session ${session.psyberg_session_id}\n${rangesText(session.hours)}\n${causesOf(session).join('\n')}`;

function reopenedHtml(
  [first, last]: SessionWrites['reopened'][number],
  { x, y }: { readonly x: (hour: number) => number; readonly y: number },
): Markup {
  const left = x(parseHour(first));
  return html`<path class="reopened" d="M${px(left)} ${y}H${px(x(parseHour(last) + 1))}"/>`;
}

const changeText = (range: WrittenHours): string =>
  `${rangeLabel(range.first_hour, range.last_hour)}: ${range.change === 'within' ? 'some of these hours' : range.change}`;

/** Says what each source brought, a line each; for a source without partitions, its files. */
function causesOf({ causes, trigger, reason, reopened }: SessionWrites): string[] {
  const brought = causes.filter(({ partitions, files }) => partitions > 0 || (files ?? 0) > 0);
  const asked = reason === null ? 'restate was asked for' : `restate was asked for: ${reason}`;
  const stretches = reopened.map(([first, last]) => rangeLabel(first, last)).join(', ');
  return [
    ...(trigger === 'restate' ? [asked] : brought.length === 0 ? ['no file of a source was new'] : []),
    ...brought.map(({ source, partitions, first_partitions: first, files }) => {
      if (partitions === 0) return `${source}: ${plural(files ?? 0, 'new file')}`;
      const more = partitions - first.length;
      const rest = more > 0 && first.length > 0 ? ` and ${countText(more)} more` : '';
      const which = first.length > 0 ? ` (${first.join('; ')}${rest})` : '';
      return `${source}: ${plural(partitions, 'partition')}${which}`;
    }),
    ...(reopened.length > 0 ? [`reopened ${stretches}`] : []),
  ];
}

const causesHtml = (session: SessionWrites): Markup =>
  html`${causesOf(session).map((line, index) => html`${index > 0 && html`<br>`}${line}`)}`;

const writesTable = (name: string, writes: readonly SessionWrites[]): Markup =>
  tableHtml<SessionWrites>(
    `Hours that sessions of ${name} wrote`,
    [
      { head: 'session', cell: ({ psyberg_session_id: id }) => id },
      { head: 'hours', cell: ({ hours }) => rangesText(hours) },
      { head: 'rows', number: true, cell: ({ rows_written: rows }) => rows !== null && countText(rows) },
      { head: 'why', cell: causesHtml },
    ],
    writes.toReversed(),
  );

const RANGES_SHOWN = 6;

function rangesText(hours: readonly WrittenHours[]): string {
  const more = hours.length - RANGES_SHOWN;
  const shown = hours.slice(0, RANGES_SHOWN).map(changeText);
  return more > 0 ? `${shown.join(', ')} and ${plural(more, 'more range')}` : shown.join(', ');
}
