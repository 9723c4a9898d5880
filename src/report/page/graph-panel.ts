/** Draws the graph of processes with the state of each. ReportedProcess[] + layout -> HTML. Pure. */
import { instantLabel } from '../text.ts';
import type { GraphEdge, GraphLayout, GraphNode } from './graph-layout.ts';
import { anchorOf, folded, type HtmlValue, html, MANY, type Markup, tableHtml } from './html.ts';
import {
  badge,
  behindText,
  completeText,
  currentFailures,
  heldBackLabel,
  owedText,
  processState,
} from './process-state.ts';
import type { ReportedProcess } from './report-document.ts';
import { cutText, px } from './scales.ts';

export function graphPanel(processes: readonly ReportedProcess[], layout: GraphLayout): Markup {
  return html`<section id="processes" aria-labelledby="processes-head" data-panel="processes" data-items="${processes.length}">
<h2 id="processes-head">Processes</h2>
${panelBody(processes, layout)}</section>`;
}

function panelBody(processes: readonly ReportedProcess[], layout: GraphLayout): Markup {
  if (processes.length === 0)
    return html`<p class="muted">The project has no processes; create one with <code>psyberg new process</code>.</p>`;
  if (processes.length > MANY)
    return html`${folded('graph', 'The graph, from sources to targets', graphFigure(layout))}
${statusTable('The state of each process; those that need you first', worstFirst(processes))}`;
  return html`${graphFigure(layout)}
${statusTable('The state of each process', processes)}`;
}

const graphFigure = (
  layout: GraphLayout,
): Markup => html`<figure><div class="scroll" tabindex="0" role="region" aria-label="Graph of the processes">${graphSvg(layout)}</div>
<figcaption>From sources to targets; a dashed line is a lookup. What each box says stands in the table as well.</figcaption></figure>`;

const LEVELS = ['bad', 'warn', 'none', 'good'];

/** Among many, nobody looks for those that need a person. */
const worstFirst = (processes: readonly ReportedProcess[]): ReportedProcess[] =>
  processes.toSorted(
    (one, other) => LEVELS.indexOf(processState(one).level) - LEVELS.indexOf(processState(other).level),
  );

function graphSvg({ nodes, edges, width, height }: GraphLayout): Markup {
  return html`<svg role="group" aria-label="Graph of the processes; the same as a table below" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
${edges.map(edgeHtml)}
${nodes.map((node) => (node.process === undefined ? tableNode(node) : processNode(node, node.process)))}
</svg>`;
}

function edgeHtml({ points, isLookup }: GraphEdge): HtmlValue {
  const [start, ...rest] = points;
  const end = points.at(-1);
  if (start === undefined || end === undefined) return null;
  // The curve is level at both ends of each stretch.
  const line = rest
    .map(({ x, y }, index) => {
      const before = points[index] as GraphEdge['points'][number];
      const middle = px((before.x + x) / 2);
      return `C${middle} ${px(before.y)} ${middle} ${px(y)} ${px(x)} ${px(y)}`;
    })
    .join('');
  return html`<path class="edge"${isLookup && html` stroke-dasharray="4 4"`} d="M${px(start.x)} ${px(start.y)}${line}"/><path class="tip" d="M${px(end.x)} ${px(end.y)}l-7 -3.5v7z"/>`;
}

const cornerOf = ({ x, y, width, height }: GraphNode): { readonly left: number; readonly top: number } => ({
  left: x - width / 2,
  top: y - height / 2,
});

function tableNode(node: GraphNode): Markup {
  const { left, top } = cornerOf(node);
  return html`<g><rect class="node" x="${px(left)}" y="${px(top)}" width="${node.width}" height="${node.height}" rx="16"><title>${node.label}</title></rect><text class="m c" x="${px(node.x)}" y="${px(node.y + 4)}">${cutText(node.label, 28)}</text></g>
`;
}

function processNode(node: GraphNode, process: ReportedProcess): Markup {
  const { left, top } = cornerOf(node);
  const state = processState(process);
  const owed = owedText(process);
  const held = heldBackLabel(process);
  const lines = [process.target, `complete to ${completeText(process)}`, stateLine(process)];
  const told = [
    process.process_name,
    ...lines,
    ...(owed === '' ? [] : [`owes ${owed}${held === '' ? '' : `, held back by ${held}`}`]),
  ];
  return html`<a href="#${anchorOf('process', process.process_name)}"><rect class="node" x="${px(left)}" y="${px(top)}" width="${node.width}" height="${node.height}" rx="6"><title>${told.join('\n')}</title></rect><rect class="k-${state.level}" x="${px(left)}" y="${px(top)}" width="5" height="${node.height}" rx="2"/><text class="b" x="${px(left + 14)}" y="${px(top + 18)}">${cutText(process.process_name, 30)}</text>${lines.map(
    (line, index) =>
      html`<text class="m" x="${px(left + 14)}" y="${px(top + 34 + index * 16)}">${cutText(line, 34)}</text>`,
  )}</a>
`;
}

/** Says what is not as it should be, and what causes it. */
function stateLine(process: ReportedProcess): string {
  const { text } = processState(process);
  const [failing] = currentFailures(process);
  if (failing !== undefined) return `${text}: ${failing.audit_name}`;
  const { owed_hours: owed, held_back_by: held } = process;
  return owed.length > 0 && held !== null ? `${text}, waits for ${held.source}` : text;
}

const statusTable = (caption: string, processes: readonly ReportedProcess[]): Markup =>
  tableHtml<ReportedProcess>(
    caption,
    [
      {
        head: 'process',
        cell: ({ process_name: name }) => html`<a href="#${anchorOf('process', name)}">${name}</a>`,
      },
      { head: 'state', cell: (each) => badge(processState(each)) },
      { head: 'complete to', cell: (each) => html`<span class="w">${completeText(each)}</span>` },
      {
        head: 'behind',
        cell: (each) => [behindText(each)].filter((text) => text !== 'up to date'),
      },
      {
        head: 'owes',
        cell: (each) => each.owed_hours.length > 0 && html`<span class="o">${owedText(each)}</span>`,
      },
      {
        head: 'held back by',
        cell: (each) => {
          const held = heldBackLabel(each);
          return held !== '' && html`<span class="o">${held}</span>`;
        },
      },
      { head: 'audits that fail', cell: auditsText },
      { head: 'last session', cell: (each) => html`<span class="o">${lastText(each)}</span>` },
    ],
    processes,
  );

const auditsText = (process: ReportedProcess): string =>
  currentFailures(process)
    .map(({ audit_name: name, failing_rows: rows }) => (rows === null ? name : `${name} (${rows} rows)`))
    .join(', ');

function lastText({ status }: ReportedProcess): string {
  if (status === null) return '—';
  const { last_session: last } = status;
  return last === null ? 'never run' : `${last.status}, ${instantLabel(last.created_at).slice(0, 16)}`;
}
