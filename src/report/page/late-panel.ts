/** Shows how late rows come: a heatmap for each source. ReportedSource[] -> HTML. Pure. */
import { hourText } from '../../model/hour.ts';
import { countText, plural, rangeLabel } from '../text.ts';
import { anchorOf, folded, type HtmlValue, html, type Markup, tableHtml } from './html.ts';
import { type HeatCell, type HeatGrid, heatGrid } from './late-bins.ts';
import type { ReportedSource, RowsOfSource } from './report-document.ts';
import { hourTicks, percentText, px, spanOfHours } from './scales.ts';

const LEFT = 82;
const PLOT = 690;
const RIGHT = 304;
const ROW = 17;
const TOP = 18;
/** Number of sources whose cells show details when touched: a page has room for so many. */
const TOUCHED_SOURCES = 6;
const COLUMNS_MAX = 190;
/** With more sources. */
const COLUMNS_OF_MANY = 72;
const COLUMNS_OF_OTHERS = 48;

export function latePanel(sources: readonly ReportedSource[]): Markup {
  const told = sources.filter(({ filled_from_history: isHistory }) => !isHistory);
  const history = sources.filter(({ filled_from_history: isHistory }) => isHistory);
  return html`<section id="late" aria-labelledby="late-head" data-panel="late" data-items="${sources.length}">
<h2 id="late-head">Late data</h2>
<p>Each column is an event hour, each line how much later its rows landed: blue in their hour, orange later, the stronger the colour the more rows. What stands above a dashed line, a session every hour with that lookback would never have read.</p>
${sources.length === 0 && html`<p class="muted">No source with an event time has rows yet.</p>`}
${told.map((source, index) => {
  const isTouched = index < TOUCHED_SOURCES;
  const many = isTouched ? COLUMNS_OF_MANY : COLUMNS_OF_OTHERS;
  const shown = sourceHtml(source, {
    isTouched,
    columns: told.length > TOUCHED_SOURCES ? many : COLUMNS_MAX,
  });
  if (isTouched) return html`${headOf(source)}${shown}`;
  return folded(anchorOf('late', source.table), html`<b>${source.table}</b> ${lateLabel(source)}`, shown);
})}
${history.length > 0 && historyHtml(history)}
</section>`;
}

const headOf = (source: ReportedSource): Markup =>
  html`<h3 id="${anchorOf('late', source.table)}">${source.table} <span class="muted">by ${source.event_time}</span></h3>
`;

/** What the line of a folded source says. */
const lateLabel = ({ event_time: column, late_rows: late, delay_hours: delay }: ReportedSource): Markup =>
  html`<span class="muted">by ${column}, ${delay === null ? 'landing not known' : `${plural(late, 'late row')}, all ${withinText(delay.max)}`}</span>`;

const historyHtml = (sources: readonly ReportedSource[]): Markup => html`<h3>Filled from history</h3>
<p>Most rows of these tables were committed more than 30 days after their hours, and no partition says when they landed, so nothing is said about how late their rows come: ${sources.map(
  ({ table }, index) => html`${index > 0 && ', '}<code>${table}</code>`,
)}.</p>`;

function sourceHtml(
  source: ReportedSource,
  { isTouched, columns }: { readonly isTouched: boolean; readonly columns: number },
): Markup {
  const { table, delay_hours: delay, rows } = source;
  const grid = heatGrid(source.cells, columns);
  const landed = rows.in_one_hour + rows.counted + rows.spread - rows.without_landing;
  return html`${
    delay === null || grid === undefined
      ? html`<p class="muted">It is not known of any row when it landed.</p>`
      : html`<p data-late-rows="${source.late_rows}"><b>${countText(source.late_rows)}</b> of ${plural(landed, 'row')} (${percentText(source.late_rows, landed)}) landed after their hour: ${delayText(delay)}.</p>
${missedText(source, landed)}
<figure><div class="scroll" tabindex="0" role="region" aria-label="Heatmap of ${table}">${heatmap(source, grid, isTouched)}</div>
<figcaption>${basisText(source, landed)}</figcaption></figure>
<details id="${anchorOf('delays', table)}"><summary>Rows by delay, as a table</summary>${delayTable(table, grid)}</details>`
  }`;
}

/**
 * Of shares that came within the same time, names the greatest: `90 % within their hour, 99 % within 2 h`.
 */
function delayText({ p50, p90, p95, p99, max }: NonNullable<ReportedSource['delay_hours']>): string {
  const shares = [
    { share: 'half', hours: p50 },
    { share: '90 %', hours: p90 },
    { share: '95 %', hours: p95 },
    { share: '99 %', hours: p99 },
    { share: 'all', hours: max },
  ].filter(({ hours }, index, all) => hours !== all[index + 1]?.hours);
  return shares.map(({ share, hours }) => `${share} ${withinText(hours)}`).join(', ');
}

const withinText = (hours: number): string =>
  hours <= 0 ? 'within their hour' : `within\u00a0${spanOfHours(hours).replaceAll(' ', '\u00a0')}`;

/** Says what the numbers are based on. */
function basisText(source: ReportedSource, landed: number): HtmlValue {
  const { rows, landed_by: by, landed_fields: fields } = source;
  const when =
    by === 'commits'
      ? 'Rows landed when the snapshot that added their file was committed.'
      : `Rows landed when the partition of their file says (${fields.join(', ')}): the commits were made long after, so they say nothing. Rows that were put into an older partition count as on time.`;
  return html`${when} ${hoursBasis(rows)} Live rows alone: what was deleted or rewritten since is as it is now${
    rows.without_landing > 0 &&
    html`; when ${plural(rows.without_landing, 'row')} landed is not known (files put together since, or snapshots expired)`
  }${rows.without_hour > 0 && html`; ${plural(rows.without_hour, 'row')} have no event hour that is known`}. ${
    landed > 0 &&
    source.made_by !== null &&
    html`Made by ${source.made_by}: rows of rewritten hours landed again.`
  }`;
}

function hoursBasis({ in_one_hour: alone, counted, spread }: RowsOfSource): string {
  const parts = [
    ...(alone > 0 ? [`${plural(alone, 'row')} lie in files whose metadata name one hour`] : []),
    ...(counted > 0
      ? [`${plural(counted, 'row')} were counted in the event-time column of their files`]
      : []),
    ...(spread > 0
      ? [`${plural(spread, 'row')} are spread evenly between the bounds of their files, which is a guess`]
      : []),
  ];
  return parts.length === 0 ? '' : `Event hours: ${parts.join('; ')}.`;
}

/** Repeated in words, since the end of the dashed lines is out of sight on a phone. */
function missedText({ lookbacks, rows }: ReportedSource, landed: number): Markup {
  if (lookbacks.every(({ at_most: most }) => most === 0))
    return html`<p>A fixed lookback of an hour would have missed none of these rows.</p>`;
  const parts = lookbacks.map(
    ({ lookback_hours: hours, rows: missed, at_least: least, at_most: most }, index) =>
      html`${index > 0 && (index === lookbacks.length - 1 ? ' and ' : ', ')}<b>${hours}\u00a0h</b> ${
        most === 0
          ? 'none'
          : html`${countText(missed)} (${percentText(missed, landed)}${
              rows.spread > 0 && least !== most && html`; surely ${countText(least)} to ${countText(most)}`
            })`
      }`,
  );
  return html`<p>A fixed lookback would have missed, of these rows: ${parts}.</p>`;
}

const delayTable = (table: string, { bins, totals }: HeatGrid): Markup =>
  tableHtml<{ readonly label: string; readonly rows: number }>(
    `Rows of ${table} by delay`,
    [
      { head: 'landed', cell: ({ label }) => label },
      { head: 'rows', number: true, cell: ({ rows }) => countText(rows) },
    ],
    bins.map(({ label }, index) => ({ label, rows: totals[index] ?? 0 })),
  );

/** 1 to 6, on a logarithmic scale: a single late row stays visible beside 10,000 that came in time. */
const levelOf = (rows: number, most: number): number =>
  most <= 1 ? 6 : 1 + Math.min(5, Math.floor((6 * Math.log(Math.max(1, rows))) / Math.log(most + 1)));

function heatmap(source: ReportedSource, grid: HeatGrid, isTouched: boolean): Markup {
  const height = TOP + grid.bins.length * ROW + 24;
  const bottom = TOP + grid.bins.length * ROW;
  const y = (bin: number): number => bottom - (bin + 1) * ROW;
  const hours = grid.columns * grid.hoursPerColumn;
  const x = (hour: number): number => LEFT + ((hour - grid.first) / hours) * PLOT;
  const width = LEFT + PLOT + RIGHT;
  return html`<svg role="img" aria-label="Rows of ${source.table} by event hour and delay; as a table below" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect class="plot" x="${LEFT}" y="${TOP}" width="${PLOT}" height="${bottom - TOP}"/>
<text class="m e" x="${LEFT + PLOT + 76}" y="12">rows</text>
${cellsHtml(grid, { x, y, isTouched })}
${grid.bins.map(
  ({ label }, bin) =>
    html`<text class="m e" x="${LEFT - 8}" y="${y(bin) + 12.5}">${label}</text>${
      (grid.totals[bin] ?? 0) > 0 &&
      html`<text class="m e" x="${LEFT + PLOT + 76}" y="${y(bin) + 12.5}">${countText(grid.totals[bin] ?? 0)}</text>`
    }`,
)}
${rulesHtml(source, grid, y)}
${hourTicks(grid.first, grid.first + hours - 1, 6).map(
  ({ at, label }) =>
    html`<path class="axis" d="M${px(x(at))} ${bottom}v4"/><text class="m" x="${px(x(at))}" y="${bottom + 17}">${label}</text>`,
)}
</svg>`;
}

interface Places {
  readonly x: (hour: number) => number;
  readonly y: (bin: number) => number;
}

/**
 * Draws the cells: each with its details, or, for a source without them, all cells of one colour as one
 * path.
 */
function cellsHtml(
  grid: HeatGrid,
  { isTouched, ...places }: Places & { readonly isTouched: boolean },
): HtmlValue {
  const drawn = drawnCells(grid, places);
  if (!isTouched) return pathsOf(drawn);
  const { first, hoursPerColumn } = grid;
  return drawn.map(({ cell, name, left, top, width }) => {
    const from = first + cell.column * hoursPerColumn;
    const events = rangeLabel(hourText(from), hourText(from + hoursPerColumn - 1));
    const landed = rangeLabel(hourText(cell.firstLanded), hourText(cell.lastLanded));
    return html`<rect class="${name}" x="${px(left)}" y="${top}" width="${px(width)}" height="${ROW - 1}"><title>${plural(cell.rows, 'row')} of ${events}, landed ${landed}</title></rect>`;
  });
}

interface DrawnCell {
  readonly cell: HeatCell;
  /** The class of its colour. */
  readonly name: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

function drawnCells({ bins, cells, first, hoursPerColumn }: HeatGrid, { x, y }: Places): DrawnCell[] {
  const most = cells.reduce((greatest, { rows }) => Math.max(greatest, rows), 0);
  const gap = x(first + hoursPerColumn) - x(first) > 6 ? 1 : 0;
  return cells.map((cell) => {
    const from = first + cell.column * hoursPerColumn;
    const isLate = (bins[cell.bin]?.from ?? 0) > 0;
    return {
      cell,
      name: `${isLate ? 'l' : 'c'}${levelOf(cell.rows, most)}`,
      left: x(from),
      top: y(cell.bin),
      width: x(from + hoursPerColumn) - x(from) - gap,
    };
  });
}

const pathsOf = (drawn: readonly DrawnCell[]): HtmlValue =>
  [...Map.groupBy(drawn, ({ name }) => name)].map(([name, cells]) => {
    const boxes = cells.map(
      ({ left, top, width }) => `M${px(left)} ${top}h${px(width)}v${ROW - 1}h-${px(width)}z`,
    );
    return html`<path class="${name}" d="${boxes.join('')}"/>`;
  });

/** Draws a line above the last hour that a lookback reads. */
function rulesHtml(source: ReportedSource, { bins }: HeatGrid, y: (bin: number) => number): HtmlValue {
  return source.lookbacks.map(({ lookback_hours: hours, rows }) => {
    const bin = bins.findIndex(({ from, to }) => from === hours && to === hours);
    if (bin < 0) return null;
    const at = y(bin);
    return html`<path class="rule" d="M${LEFT} ${at}h${PLOT}m86 0h14"/><text class="rt" x="${LEFT + PLOT + 106}" y="${at + 4}">${hours} h lookback misses ${countText(rows)}</text>`;
  });
}
