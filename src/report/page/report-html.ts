/**
 * Writes a report as one self-contained HTML file: no network is needed, and the script is optional for
 * reading. WarehouseReport -> text. Pure.
 */
import { createHash } from 'node:crypto';
import type { ErrorJson } from '../../model/errors.ts';
import { countText, instantLabel, plural } from '../text.ts';
import { graphLayout } from './graph-layout.ts';
import { graphPanel } from './graph-panel.ts';
import { hoursPanel } from './hours-panel.ts';
import { type HtmlValue, html, type Markup, markup } from './html.ts';
import { latePanel } from './late-panel.ts';
import { processPanel } from './process-panel.ts';
import { processState } from './process-state.ts';
import type { UnreadPart, WarehouseReport } from './report-document.ts';
import { sessionsPanel } from './sessions-panel.ts';
import { tablesPanel } from './tables-panel.ts';
import { LIVE_SCRIPT, SCRIPT, STYLES } from './theme.ts';

/** For a page that a server keeps up to date (`psyberg report --serve`): the state that it shows. */
export interface LivePage {
  readonly seen: string;
}

export async function reportHtml(report: WarehouseReport, live?: LivePage): Promise<string> {
  const layout = await graphLayout(report.processes);
  return pageHtml(
    { title: `${report.project}: psyberg report`, live },
    html`<a class="skip" href="#main">To the report</a>
${headerHtml(report)}
<main id="main">
${problemsHtml(report.problems)}
${latePanel(report.sources)}
${graphPanel(report.processes, layout)}
${hoursPanel(report.processes)}
${sessionsPanel(report)}
${processPanel(report.processes, report.sessions)}
${tablesPanel(report.tables)}
</main>
<footer>Made by psyberg from tables and their metadata. All times are UTC; an hour is named by its start.</footer>
<div id="tip" role="status" hidden></div>`,
  );
}

/** Replaces a report that could not be made: says why, and what to do. */
export const failureHtml = (error: ErrorJson, live?: LivePage): string =>
  pageHtml(
    { title: 'psyberg report', live },
    html`<header><h1>No report</h1></header>
<main id="main">${problemsHtml([{ subject: 'psyberg report', error }])}</main>
<div id="tip" role="status" hidden></div>`,
  );

/**
 * The page contains foreign names and SQL: these are escaped. In addition, a policy only lets the page's own
 * script run and forbids all requests; a served page may only ask its server for changes.
 */
function pageHtml(
  { title, live }: { readonly title: string; readonly live: LivePage | undefined },
  body: Markup,
): string {
  const script = live === undefined ? SCRIPT : SCRIPT + LIVE_SCRIPT;
  const scriptHash = createHash('sha256').update(script).digest('base64');
  const connect = live === undefined ? '' : " connect-src 'self';";
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${scriptHash}';${connect} img-src data:; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
<html lang="en"${live !== undefined && html` data-seen="${live.seen}"`}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="psyberg">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${markup(STYLES)}</style>
</head>
<body>
${body}
<script>${markup(script)}</script>
</body>
</html>
`;
  return page.text;
}

const PANELS: readonly (readonly [string, string])[] = [
  ['late', 'Late data'],
  ['processes', 'Processes'],
  ['hours', 'Hours and sessions'],
  ['sessions', 'Sessions'],
  ['each', 'Each process'],
  ['tables', 'Tables'],
];

function headerHtml(report: WarehouseReport): Markup {
  const { processes, sources } = report;
  const states = processes.map(processState);
  const worse = states.filter(({ level }) => level === 'bad').length;
  const owed = processes.reduce((sum, { owed_hours: hours }) => sum + hours.length, 0);
  const told = sources.filter(({ filled_from_history: isHistory }) => !isHistory);
  const late = told.reduce((sum, { late_rows: rows }) => sum + rows, 0);
  const since = report.since === null ? '' : `, since ${instantLabel(report.since)}`;
  return html`<header>
<h1>${report.project}</h1>
<p class="muted">${instantLabel(report.made_at)}${since}</p>
<ul class="cards">
${card(countText(processes.length), `${processes.length === 1 ? 'process' : 'processes'}, ${countText(states.filter(({ level }) => level === 'good').length)} up to date`)}
${card(countText(worse), worse === 1 ? 'process needs you' : 'processes need you')}
${card(countText(owed), owed === 1 ? 'hour owed' : 'hours owed')}
${card(countText(late), `late rows in ${plural(told.length, 'source')}`)}
${card(countText(report.sessions.length), report.sessions.length === 1 ? 'session' : 'sessions')}
</ul>
<nav aria-label="Parts of the report"><ul>${PANELS.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>
</header>`;
}

const card = (number: string, text: string): Markup => html`<li><b>${number}</b><span>${text}</span></li>
`;

function problemsHtml(problems: readonly UnreadPart[]): HtmlValue {
  if (problems.length === 0) return null;
  return html`<section aria-labelledby="problems-head" data-panel="problems" data-items="${problems.length}">
<h2 id="problems-head">What could not be read</h2>
${problems.map(
  ({ subject, error }) =>
    html`<div class="problem"><p><b>${subject}</b>: ${error.message} <code>${error.code}</code></p>${error.hint !== null && html`<p>${error.hint}</p>`}</div>`,
)}
</section>`;
}
