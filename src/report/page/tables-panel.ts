/** Shows what the warehouse holds. ReportedTable[] -> HTML. Pure. */

import { maintainFacts } from '../maintain-report.ts';
import { bytesText, countText, instantLabel, plural } from '../text.ts';
import { type HtmlValue, html, type Markup, tableHtml } from './html.ts';
import type { ReportedMaintenance, ReportedTable } from './report-document.ts';

export function tablesPanel(tables: readonly ReportedTable[]): Markup {
  return html`<section id="tables" aria-labelledby="tables-head" data-panel="tables" data-items="${tables.length}">
<h2 id="tables-head">Tables</h2>
${
  tables.length === 0
    ? html`<p class="muted">The warehouse holds no table yet.</p>`
    : html`${tableHtml<ReportedTable>('Tables of the warehouse, by metadata', COLUMNS, tables)}${maintenanceHtml(tables)}`
}
</section>`;
}

const counted = (count: string | number | null): string => (count === null ? '—' : countText(count));

const COLUMNS: Parameters<typeof tableHtml<ReportedTable>>[1] = [
  { head: 'table', cell: ({ table }) => table },
  { head: 'rows', number: true, cell: ({ rows }) => counted(rows) },
  { head: 'bytes', number: true, cell: ({ bytes }) => (bytes === null ? '—' : bytesText(bytes)) },
  { head: 'files', number: true, cell: ({ files }) => counted(files) },
  { head: 'snapshots', number: true, cell: ({ snapshots }) => counted(snapshots) },
  {
    head: 'last commit',
    cell: ({ last_commit_at: at }) =>
      at !== null && html`<span class="w">${instantLabel(at).slice(0, 16)}</span>`,
  },
  { head: 'partitioned by', cell: ({ partitioned_by: fields }) => fields.join(', ') },
  {
    head: 'made by',
    cell: ({ process_name: name, error }) =>
      error === undefined ? name : html`<span class="badge bad">cannot be read</span>`,
  },
];

interface LookedAt {
  readonly table: string;
  readonly maintenance: ReportedMaintenance;
}

function maintenanceHtml(tables: readonly ReportedTable[]): Markup {
  const looked = tables.flatMap(({ table, maintenance }): LookedAt[] =>
    maintenance === null ? [] : [{ table, maintenance }],
  );
  return html`<h3>What maintenance would do</h3>
${wouldDoHtml(looked)}`;
}

function wouldDoHtml(looked: readonly LookedAt[]): Markup {
  if (looked.length === 0)
    return html`<p class="muted">Not looked at here; <code>psyberg report --maintenance</code> does, and <code>psyberg maintain --dry-run</code>.</p>`;
  const changed = looked.filter(({ maintenance }) => maintenance.status !== 'nothing-to-do');
  if (changed.length === 0) return html`<p>Nothing, for ${plural(looked.length, 'table')}.</p>`;
  const asking = html`<code>psyberg maintain</code> does it; orphans are looked for there alone.`;
  return html`<p>${plural(changed.length, 'table')} of ${countText(looked.length)} would change. ${asking}</p>
${tableHtml<LookedAt>(
  'What maintenance would do',
  [
    { head: 'table', cell: ({ table }) => table },
    { head: 'it would say', cell: ({ maintenance }) => maintenanceCell(maintenance) },
  ],
  changed,
)}`;
}

function maintenanceCell(maintenance: ReportedMaintenance): HtmlValue {
  const { notes, error } = maintenance;
  const facts = [...maintainFacts({ ...maintenance, orphans: null }), ...notes];
  if (error !== null) return html`<span class="badge bad">fail</span> ${error.message}`;
  return facts.map((fact, index) => html`${index > 0 && html`<br>`}${fact}`);
}
