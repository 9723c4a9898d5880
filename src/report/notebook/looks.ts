/** Defines how values of the library look in a notebook. Plans, records, rows -> Appearance. Pure. */
import type { CompiledPlan } from '../../model/plan.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { TableDiff } from '../../model/table-diff.ts';
import type { Verification } from '../../model/verification.ts';
import { cellText } from '../cell-text.ts';
import type { HourMark } from '../explain/marks.ts';
import { hourPicture } from '../explain/picture.ts';
import { explainPlans } from '../explain.ts';
import { type HtmlValue, html, type Markup, markup, tableHtml } from '../page/html.ts';
import type { WarehouseReport } from '../page/report-document.ts';
import { reportWrittenText } from '../page/report-written.ts';
import { STAGES } from '../page/session-runs.ts';
import type { TextColumn, TextRows } from '../results/format.ts';
import { resultText } from '../results/formats.ts';
import { isNumberType, shortType } from '../results/types.ts';
import { runText } from '../run-report.ts';
import {
  type HistoryRow,
  historyText,
  type ProcessStatus,
  type SignalRow,
  signalsText,
  statusText,
} from '../status.ts';
import { PLAIN } from '../style.ts';
import { tableDiffText } from '../table-diff.ts';
import { type TableRow, tablesText } from '../tables.ts';
import { countText, plural, rangeLabel, secondsText } from '../text.ts';
import { verificationText } from '../verification.ts';
import type { Appearance } from './show-itself.ts';

/** Number of characters in a line of text: the width of a notebook. */
const WIDTH = 110;
const PAGE = { style: PLAIN, width: WIDTH };

/** Plain text, for values that have no picture of their own. */
const asText = (text: () => string): Appearance => ({
  text,
  html: () => html`<pre>${text()}</pre>`.text,
});

const COLOURS: Readonly<Record<HourMark, string>> = {
  new: '#2f6ba8',
  late: '#c4620f',
  between: '#7a6a9e',
  expected: '#4f7f6a',
  owed: '#b3261e',
  done: '',
  none: '',
};

/** Shows the grid of hours, and below it, folded, the reasons. */
export const plansLook = (plans: readonly CompiledPlan[]): Appearance => {
  const text = (): string => explainPlans(plans, PAGE);
  return { text, html: () => html`${gridHtml(plans)}${foldedHtml('why, and the SQL', text())}`.text };
};

const foldedHtml = (summary: string, text: string): Markup =>
  html`<details><summary>${summary}</summary><pre>${text}</pre></details>`;

function gridHtml(plans: readonly CompiledPlan[]): Markup {
  const { head, rows, legend } = hourPicture(plans, { width: 72, paint: paintedHtml });
  if (rows.length === 0) return html`<p>${plural(plans.length, 'plan')}: no hour to load.</p>`;
  const nameWidth = Math.max(...rows.map(({ process_name: name }) => name.length)) + 2;
  const blank = ' '.repeat(nameWidth);
  return html`<pre>${head.map((line) => `${blank}${line}\n`)}${rows.map(
    ({ process_name: name, cells }) => html`${name.padEnd(nameWidth)}${markup(cells)}
`,
  )}${markup(legend)}</pre>`;
}

/** `text`: letters of marks, and blanks. */
const paintedHtml = (text: string, mark: HourMark): string =>
  COLOURS[mark] === ''
    ? html`${text}`.text
    : html`<span style="background:${COLOURS[mark]};color:#fff">${text}</span>`.text;

/** Shows a line for each process, with how long each stage took. */
export const runsLook = (records: readonly RunRecord[]): Appearance => ({
  text: () => records.map((record) => runText(record, PAGE)).join('\n'),
  html: () => html`${runsTable(records)}${remarksOf(records)}`.text,
});

function runsTable(records: readonly RunRecord[]): Markup {
  const longest = Math.max(0.001, ...records.map(({ seconds }) => seconds.total));
  return tableHtml<RunRecord>(
    plural(records.length, 'run'),
    [
      { head: 'process', cell: ({ process_name: name }) => name },
      { head: 'status', cell: ({ status }) => status },
      {
        head: 'hours',
        cell: ({ range, grain }) =>
          range !== null &&
          rangeLabel(range.first_hour, range.last_hour, grain === undefined ? {} : { grain }),
      },
      { head: 'rows read', number: true, cell: ({ rows_read: rows }) => countText(rows) },
      { head: 'written', number: true, cell: ({ rows_written: rows }) => countText(rows) },
      { head: 'audits', cell: auditsText },
      { head: 'took', number: true, cell: ({ seconds }) => secondsText(seconds.total) },
      { head: STAGES.join(', '), cell: ({ seconds }) => stagesBar(seconds, longest) },
    ],
    records,
  );
}

function auditsText({ audits }: RunRecord): string {
  const failed = audits.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (failed.length > 0) return `${failed.join(', ')} failed`;
  return audits.length === 0 ? '' : `${countText(audits.length)} passed`;
}

const STAGE_COLOURS = { init: '#8a939c', load: '#2f6ba8', audit: '#c4620f', publish: '#7a6a9e' } as const;
const BAR_WIDTH = 160;

function stagesBar(seconds: RunRecord['seconds'], longest: number): Markup {
  const width = (stage: (typeof STAGES)[number]): number => (seconds[stage] / longest) * BAR_WIDTH;
  const told = STAGES.map((stage) => `${stage} ${secondsText(seconds[stage])}`).join(', ');
  return html`<span title="${told}">${STAGES.map(
    (stage) =>
      html`<span style="display:inline-block;height:12px;width:${width(stage).toFixed(1)}px;background:${STAGE_COLOURS[stage]}"></span>`,
  )}</span>`;
}

/** Shows what to do about failures. */
const remarksOf = (records: readonly RunRecord[]): HtmlValue =>
  records
    .filter(({ error, audits }) => error !== null || audits.some(({ status }) => status === 'failed'))
    .map((record) => html`<pre>${runText(record, PAGE)}</pre>`);

/** Number of rows that a notebook shows; the value has all of them. */
const ROWS_SHOWN = 100;

export const rowsLook = (result: {
  readonly columns: readonly TextColumn[];
  readonly rows: TextRows;
}): Appearance => {
  const shown = result.rows.slice(0, ROWS_SHOWN);
  const left = result.rows.length - shown.length;
  return {
    text: () => {
      const box = resultText('box', result.columns, { ...PAGE, isForTerminal: true });
      return `${box.rows(shown)}${box.end({ rows: result.rows.length, isCut: false })}`.trimEnd();
    },
    html: () =>
      tableHtml<readonly unknown[]>(
        left > 0 ? `${plural(shown.length, 'row')}; ${countText(left)} more` : plural(shown.length, 'row'),
        result.columns.map(({ name, type }, index) => ({
          head: `${name} (${shortType(type)})`,
          number: isNumberType(type),
          cell: (row) => cellText(row[index]),
        })),
        shown,
      ).text,
  };
};

export const diffLook = (diff: TableDiff): Appearance => {
  const text = (): string => tableDiffText(diff, PAGE);
  const { added, removed, changed, hours } = diff;
  return {
    text,
    html: () =>
      html`<p><b>${diff.table}</b>: <span style="color:#1a7f45">${plural(added, 'row')} added</span>, <span style="color:#c4281c">${countText(removed)} removed</span>, <span style="color:#9a5b00">${countText(changed)} changed</span></p>${
        hours.length > 0 &&
        tableHtml<TableDiff['hours'][number]>(
          'Hours that differ',
          [
            { head: 'hour', cell: ({ hour }) => hour ?? 'none' },
            { head: 'added', number: true, cell: (each) => countText(each.added) },
            { head: 'removed', number: true, cell: (each) => countText(each.removed) },
            { head: 'changed', number: true, cell: (each) => countText(each.changed) },
          ],
          hours,
        )
      }${foldedHtml('rows', text())}`.text,
  };
};

export const statusLook = (statuses: readonly ProcessStatus[]): Appearance =>
  asText(() => statusText(statuses, PAGE));
export const historyLook = (rows: readonly HistoryRow[]): Appearance => asText(() => historyText(rows, PAGE));
export const signalsLook = (rows: readonly SignalRow[]): Appearance => asText(() => signalsText(rows, PAGE));
export const tablesLook = (rows: readonly TableRow[]): Appearance => asText(() => tablesText(rows, PAGE));
export const verificationsLook = (all: readonly Verification[]): Appearance =>
  asText(() => all.map((each) => verificationText(each, PAGE)).join('\n'));

/** Shows the whole page with its heatmaps and everything else, in a frame of its own. */
export const reportLook = (report: WarehouseReport): Appearance => ({
  text: () => reportWrittenText(report, { ...PAGE, file: report.project }),
  html: async () => {
    const { reportHtml } = await import('../page/report-html.ts');
    const page = await reportHtml(report);
    return html`<iframe title="${report.project}: psyberg report" srcdoc="${page}" style="width:100%;height:720px;border:1px solid gray"></iframe>`
      .text;
  },
});
