/** Shows everything about each process, folded. ReportedProcess[] -> HTML. Pure. */
import { type HistoryRow, hasNoFiles, type ProcessStatus, type SourceStatus } from '../status.ts';
import { bytesText, countText, instantLabel, plural, rangeLabel, unitsLabel } from '../text.ts';
import { anchorOf, type HtmlValue, html, type Markup, tableHtml } from './html.ts';
import { badge, completeText, heldBackLabel, owedText, processState } from './process-state.ts';
import type { FailingAudit, ReportedProcess } from './report-document.ts';

/** With more processes than this, their names can be searched. */
const FILTERED = 8;
const HISTORY_ROWS = 12;
const HISTORY_ROWS_OF_MANY = 6;

export function processPanel(processes: readonly ReportedProcess[], sessions: readonly HistoryRow[]): Markup {
  const byProcess = Map.groupBy(sessions, ({ process_name: name }) => name);
  return html`<section id="each" aria-labelledby="each-head" data-panel="each" data-items="${processes.length}">
<h2 id="each-head">Each process</h2>
${processes.length > FILTERED && html`<p hidden><label>Only names with <input type="search" id="filter" autocomplete="off"></label></p>`}
${processes.map((process) =>
  processHtml(
    process,
    byProcess.get(process.process_name) ?? [],
    processes.length > FILTERED ? HISTORY_ROWS_OF_MANY : HISTORY_ROWS,
  ),
)}
</section>`;
}

function processHtml(process: ReportedProcess, sessions: readonly HistoryRow[], historyRows: number): Markup {
  const { process_name: name } = process;
  return html`<details class="process" id="${anchorOf('process', name)}" data-name="${name}"><summary>${name} ${badge(processState(process))}</summary>
${factsHtml(process)}
${process.status !== null && process.status.sources.length > 0 && sourcesTable(process.status)}
${auditsHtml(process)}
${process.columns.length > 0 && columnsTable(process)}
<h4>SQL</h4>
<pre tabindex="0"><code>${process.sql}</code></pre>
${sessions.length > 0 && historyTable(name, sessions, historyRows)}
</details>
`;
}

function factsHtml(process: ReportedProcess): Markup {
  const owed = owedText(process);
  const branches = process.status?.branches ?? [];
  const changed = process.status?.sql_changed;
  const facts: readonly (readonly [string, HtmlValue])[] = [
    ['target', html`<code>${process.target}</code>`],
    ['pattern', process.pattern],
    ['event time', process.event_time ?? 'none'],
    ['file', html`<code>${process.file}</code>`],
    ['complete to', completeText(process)],
    ...(owed === '' ? [] : [['owes', owed] as const, ['held back by', heldBackLabel(process)] as const]),
    ...(changed == null
      ? []
      : [
          [
            'SQL changed',
            `since session ${changed.since_session_id}; ${plural(changed.hours.length, 'hour')} made before`,
          ] as const,
        ]),
    ...branches.map(({ psyberg_session_id: id, state }) => ['branch', `of session ${id}, ${state}`] as const),
  ];
  return html`<dl>${facts.map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>`;
}

const sourcesTable = (status: ProcessStatus): Markup =>
  tableHtml<SourceStatus>(
    `Sources of ${status.process_name}, and how far they were read`,
    [
      { head: 'source', cell: ({ table }) => table },
      {
        head: 'read up to',
        cell: ({ watermark }) => watermark !== null && instantLabel(watermark.committed_at),
      },
      { head: 'snapshot', cell: ({ watermark }) => watermark?.snapshot_id },
      { head: 'behind', cell: sourceBehind },
      { head: 'owed hours', cell: ({ owed_hours: hours }) => unitsLabel(status, hours, 3) },
    ],
    status.sources,
  );

function sourceBehind(source: SourceStatus): string {
  const { exists, files_behind: files, snapshots_behind: behind, head, lookup } = source;
  if (hasNoFiles(source)) return 'no file matches';
  if (files !== undefined) return plural(files, 'file');
  if (!exists) return 'does not exist yet';
  if (head === null) return 'empty';
  const text = behind === null ? 'the watermark is not in its history' : plural(behind, 'snapshot');
  return lookup === true ? `${text} (a lookup)` : text;
}

function auditsHtml(process: ReportedProcess): HtmlValue {
  const { audits, failing_audits: failing, process_name: name } = process;
  const found = new Map(failing.map((each) => [each.audit_name, each]));
  if (audits.length === 0 && failing.length === 0) return null;
  return html`${tableHtml<ReportedProcess['audits'][number]>(
    `Audits of ${name}`,
    [
      { head: 'audit', cell: (audit) => audit.name },
      { head: 'kind', cell: ({ kind }) => kind },
      {
        head: 'when it fails',
        cell: ({ severity }) => (severity === 'block' ? 'nothing is published' : 'warns'),
      },
      { head: 'last found', cell: (audit) => foundText(found.get(audit.name)) },
    ],
    audits,
  )}${failing.map(failingHtml)}`;
}

const foundText = (failing: FailingAudit | undefined): HtmlValue =>
  failing === undefined
    ? 'nothing'
    : html`<span class="badge ${failing.is_current ? 'bad' : 'none'}">${rowsText(failing)}${!failing.is_current && ', mended since'}</span>`;

const rowsText = ({ failing_rows: rows }: FailingAudit): string =>
  rows === null ? 'rows' : plural(rows, 'row');

const failingHtml = (
  failing: FailingAudit,
): Markup => html`<p><b>${failing.audit_name}</b> found ${rowsText(failing)} in session ${failing.psyberg_session_id}${failing.sample.length > 0 && ', such as'}</p>
${failing.sample.length > 0 && html`<pre tabindex="0"><code>${failing.sample.join('\n')}</code></pre>`}`;

const columnsTable = ({ target, columns }: ReportedProcess): Markup =>
  html`<details><summary>${plural(columns.length, 'column')} of ${target}</summary>${tableHtml<
    ReportedProcess['columns'][number]
  >(
    `Columns of ${target}`,
    [
      { head: 'column', cell: ({ name }) => name },
      { head: 'type', cell: ({ type }) => type },
      { head: 'may be NULL', cell: ({ required }) => (required ? 'no' : 'yes') },
    ],
    columns,
  )}</details>`;

function historyTable(name: string, sessions: readonly HistoryRow[], rows: number): Markup {
  const shown = sessions.slice(0, rows);
  const more = sessions.length - shown.length;
  return tableHtml<HistoryRow>(
    `The newest ${plural(shown.length, 'session')} of ${name}${more > 0 ? `; ${countText(more)} more` : ''}`,
    [
      { head: 'session', cell: ({ psyberg_session_id: id }) => id },
      { head: 'status', cell: statusCell },
      {
        head: 'hours',
        cell: ({ first_hour: first, last_hour: last }) =>
          first !== null && last !== null && html`<span class="w">${rangeLabel(first, last)}</span>`,
      },
      { head: 'rows read', number: true, cell: ({ rows_read: rows }) => rows !== null && countText(rows) },
      { head: 'written', number: true, cell: ({ rows_written: rows }) => rows !== null && countText(rows) },
      {
        head: 'new files',
        number: true,
        cell: ({ new_files: files, new_bytes: bytes }) =>
          files !== null && `${countText(files)}, ${bytesText(bytes ?? 0)}`,
      },
      { head: 'recorded', cell: ({ created_at: at }) => html`<span class="w">${instantLabel(at)}</span>` },
    ],
    shown,
  );
}

const statusCell = ({ status, error }: HistoryRow): string =>
  error === null || error.code === status ? status : `${status} (${error.code})`;
