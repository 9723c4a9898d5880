/** Shows sessions over time, and what lookbacks would have cost. WarehouseReport -> HTML. Pure. */
import type { HistoryRow } from '../status.ts';
import { bytesText, countText, plural, secondsText } from '../text.ts';
import { folded, type HtmlValue, html, MANY, type Markup, tableHtml } from './html.ts';
import type { ReportedProcess, Savings, WarehouseReport } from './report-document.ts';
import { cutText, percentText, px, timeTicks } from './scales.ts';
import { medianOf, type SessionRun, STAGES, sessionRuns } from './session-runs.ts';

const LEFT = 232;
const PLOT = 600;
const RIGHT = 214;
const LANE = 46;
const BAR = 18;
/** With more sessions each bar is drawn as a whole: its stages would make the page too large. */
const STAGES_DRAWN_MAX = 3000;

interface Lane {
  readonly name: string;
  readonly runs: readonly SessionRun[];
}

export function sessionsPanel(report: WarehouseReport): Markup {
  const { sessions, processes } = report;
  const byProcess = Map.groupBy(sessions, ({ process_name: name }) => name);
  const lanes = [...lanesOf(processes, byProcess)];
  return html`<section id="sessions" aria-labelledby="sessions-head" data-panel="sessions" data-items="${sessions.length}">
<h2 id="sessions-head">Sessions</h2>
${
  sessions.length === 0
    ? html`<p class="muted">No session ${report.since !== null && report.older_sessions > 0 ? `since ${report.since.slice(0, 10)}` : 'yet; run psyberg run'}.</p>`
    : html`<p>${plural(sessions.length, 'session')}${report.older_sessions > 0 && `; ${countText(report.older_sessions)} older ones are left out`}. Above the line: how long each took, by stage where that is known. Below: rows read.</p>
${lanes.length > MANY ? folded('lanes', 'Sessions over time, a line for each process', lanesFigure(lanes)) : lanesFigure(lanes)}
${totalsTable(lanes)}`
}
${savingsHtml(processes)}
</section>`;
}

const lanesFigure = (lanes: readonly Lane[]): Markup => html`${legendHtml()}
<figure><div class="scroll" tabindex="0" role="region" aria-label="Sessions over time">${lanesSvg(lanes)}</div>
<figcaption>${basisText(lanes)}</figcaption></figure>`;

function lanesOf(
  processes: readonly ReportedProcess[],
  byProcess: ReadonlyMap<string, readonly HistoryRow[]>,
): Lane[] {
  const known = processes.map(({ process_name: name }) => name);
  const stages = new Map(processes.map((each) => [each.process_name, each.stages]));
  // Sessions of a process that is no longer in the project are also shown.
  const names = [...known, ...[...byProcess.keys()].filter((name) => !known.includes(name))];
  return names.flatMap((name) => {
    const runs = sessionRuns(byProcess.get(name) ?? [], stages.get(name));
    return runs.length === 0 ? [] : [{ name, runs }];
  });
}

/** A snapshot cannot tell how long the commit takes that publishes it. */
const STAGE_LABELS: Readonly<Record<(typeof STAGES)[number], string>> = {
  init: 'init',
  load: 'load',
  audit: 'audit',
  publish: 'publish, before its commit',
};

const LEGEND: readonly (readonly [string, string])[] = [
  ...STAGES.map((stage) => [`s-${stage}`, STAGE_LABELS[stage]] as const),
  ['s-good', 'all stages together'],
  ['s-none', 'nothing new, or waiting'],
  ['s-bad', 'did not publish'],
  ['s-rows', 'rows read'],
];

const legendHtml = (): Markup =>
  html`<ul class="legend">${LEGEND.map(
    ([name, text]) =>
      html`<li><svg width="12" height="12" aria-hidden="true"><path class="${name}" stroke-width="12" d="M6 0v12"/></svg>${text}</li>`,
  )}</ul>`;

/** Says what the durations are based on. */
function basisText(lanes: readonly Lane[]): string {
  const runs = lanes.flatMap((lane) => lane.runs);
  const known = runs.filter(({ stages }) => stages !== undefined).length;
  const others = 'from its opening, which is known to the second, to its record';
  if (known === 0) return `What a session took is the time ${others}.`;
  const rest = known === runs.length ? '' : `; of each other one it is the time ${others}`;
  return `The stages are those of ${plural(known, 'session')} that ran as a whole and whose snapshot the target still has, up to its commit${rest}.`;
}

function lanesSvg(lanes: readonly Lane[]): Markup {
  const times = lanes.flatMap(({ runs }) => runs.map(({ openedMs }) => openedMs));
  const first = times.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
  const last = times.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY);
  const x = (ms: number): number => LEFT + 3 + ((ms - first) / Math.max(1, last - first)) * (PLOT - 6);
  const bottom = lanes.length * LANE;
  const byStage = times.length <= STAGES_DRAWN_MAX;
  const width = LEFT + PLOT + RIGHT;
  return html`<svg role="img" aria-label="Duration and rows of sessions over time; sums in the table below" width="${width}" height="${bottom + 24}" viewBox="0 0 ${width} ${bottom + 24}">
${lanes.map(({ name, runs }, index) => laneHtml({ name, runs }, { top: index * LANE, x, byStage }))}
${timeTicks(first, last, 6).map(
  ({ at, label }) =>
    html`<path class="axis" d="M${px(x(at))} ${bottom}v4"/><text class="m c" x="${px(x(at))}" y="${bottom + 17}">${label}</text>`,
)}
</svg>`;
}

const levelOfRun = ({ status }: SessionRun): 'good' | 'bad' | 'none' =>
  status === 'published' ? 'good' : status === 'nothing-new' || status === 'waiting' ? 'none' : 'bad';

interface LanePlace {
  readonly top: number;
  readonly x: (ms: number) => number;
  readonly byStage: boolean;
}

/** A part of a bar: its position, and how far above the middle it begins and ends (negative: below). */
interface Bar {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

function laneHtml({ name, runs }: Lane, { top, x, byStage }: LanePlace): Markup {
  const longest = Math.max(...runs.map(({ seconds = 0 }) => seconds), 0.001);
  const mostRows = Math.max(...runs.map(({ rowsRead }) => rowsRead), 1);
  const width = Math.max(1, Math.min(7, (PLOT / runs.length) * 0.7));
  const middle = top + 4 + BAR;
  const tall = (share: number): number => Math.max(1, share * BAR);
  const classed = Map.groupBy(
    runs.flatMap((run) => barsOf(run, { x, byStage, heightOf: (seconds) => (seconds / longest) * BAR })),
    ({ name: each }) => each,
  );
  const rows = runs
    .filter(({ rowsRead }) => rowsRead > 0)
    .map(({ openedMs, rowsRead }) => ({ at: x(openedMs), from: 0, to: -tall(rowsRead / mostRows) }));
  const drawn: (readonly [string, readonly Bar[]])[] = [...classed, ['s-rows', rows]];
  return html`<text class="b e" x="${LEFT - 10}" y="${middle + 4}">${cutText(name, 29)}</text>
<rect class="plot" x="${LEFT}" y="${top + 2}" width="${PLOT}" height="${LANE - 6}"/>
${drawn.map(
  ([each, bars]) =>
    bars.length > 0 &&
    html`<path class="${each}" fill="none" stroke-width="${px(width)}" d="${bars.map(({ at, from, to }) => `M${px(at)} ${px(middle - from)}v${px(from - to)}`).join('')}"/>`,
)}
<text class="m" x="${LEFT + PLOT + 8}" y="${middle - 4}">to ${secondsText(longest)}</text><text class="m" x="${LEFT + PLOT + 8}" y="${middle + 14}">to ${plural(mostRows, 'row')}</text>
`;
}

/** Draws one bar, or one part on top of the other for the stages. */
function barsOf(
  run: SessionRun,
  {
    x,
    byStage,
    heightOf,
  }: Pick<LanePlace, 'x' | 'byStage'> & { readonly heightOf: (seconds: number) => number },
): (Bar & { readonly name: string })[] {
  const at = x(run.openedMs);
  const { stages } = run;
  if (stages === undefined || !byStage)
    return [{ name: `s-${levelOfRun(run)}`, at, from: 0, to: Math.max(1, heightOf(run.seconds ?? 0)) }];
  let from = 0;
  return STAGES.map((stage) => {
    const bar = { name: `s-${stage}`, at, from, to: from + heightOf(stages[stage]) };
    from = bar.to;
    return bar;
  });
}

const sumOf = (runs: readonly SessionRun[], of: (run: SessionRun) => number): string =>
  countText(runs.reduce((sum, run) => sum + of(run), 0));

const totalsTable = (lanes: readonly Lane[]): Markup =>
  tableHtml<Lane>(
    'Sessions of each process',
    [
      { head: 'process', cell: ({ name }) => name },
      { head: 'sessions', number: true, cell: ({ runs }) => countText(runs.length) },
      { head: 'published', number: true, cell: ({ runs }) => countOf(runs, 'good') },
      { head: 'did not', number: true, cell: ({ runs }) => countOf(runs, 'bad') },
      { head: 'median', number: true, cell: ({ runs }) => medianText(runs.map(({ seconds }) => seconds)) },
      ...STAGES.map((stage) => ({
        head: stage,
        number: true,
        cell: ({ runs }: Lane) => medianText(runs.map(({ stages }) => stages?.[stage])),
      })),
      { head: 'rows read', number: true, cell: ({ runs }) => sumOf(runs, ({ rowsRead }) => rowsRead) },
      { head: 'written', number: true, cell: ({ runs }) => sumOf(runs, ({ rowsWritten }) => rowsWritten) },
      { head: 'new files', number: true, cell: ({ runs }) => filesCell(runs, 'newFiles', 'newBytes') },
      {
        head: 'files written',
        number: true,
        cell: ({ runs }) => filesCell(runs, 'filesWritten', 'bytesWritten'),
      },
    ],
    lanes,
  );

/** `62 files`, and below it `1.4 MB`: beside each other they would make the table wider than the page. */
function filesCell(
  runs: readonly SessionRun[],
  files: 'newFiles' | 'filesWritten',
  bytes: 'newBytes' | 'bytesWritten',
): Markup {
  const sum = (key: typeof files | typeof bytes): number => runs.reduce((all, run) => all + run[key], 0);
  return html`${plural(sum(files), 'file')}<br>${bytesText(sum(bytes))}`;
}

const countOf = (runs: readonly SessionRun[], level: ReturnType<typeof levelOfRun>): string =>
  countText(runs.filter((run) => levelOfRun(run) === level).length);

function medianText(seconds: readonly (number | undefined)[]): string {
  const median = medianOf(seconds.filter((each) => each !== undefined));
  return median === undefined ? '—' : secondsText(median);
}

interface SavingProcess {
  readonly process_name: string;
  readonly savings: Savings;
}

function savingsHtml(processes: readonly ReportedProcess[]): HtmlValue {
  const known = processes.flatMap(({ process_name, savings }): SavingProcess[] =>
    savings === null ? [] : [{ process_name, savings }],
  );
  const hours = known[0]?.savings.lookbacks.map(({ lookback_hours: each }) => each) ?? [];
  if (known.length === 0) return null;
  return html`<h3>Beside fixed lookbacks</h3>
<p>The same sessions, had each read so many hours back from its newest one: rows and bytes that they would have read, and of the rows that came since the session before those that they would have missed, with the hours in which these lie. Bytes are those of the rows that are still there, each with its share of its file.</p>
${known.length > MANY ? folded('savings', `Rows and bytes of ${countText(known.length)} processes`, savingsTable(known, hours)) : savingsTable(known, hours)}`;
}

const savingsTable = (known: readonly SavingProcess[], hours: readonly number[]): Markup =>
  tableHtml<SavingProcess>(
    'Rows and bytes read by psyberg and by fixed lookbacks',
    [
      { head: 'process', cell: ({ process_name: name }) => name },
      { head: 'sessions', number: true, cell: ({ savings }) => countText(savings.sessions) },
      {
        head: 'psyberg reads',
        number: true,
        cell: ({ savings }) => html`${countText(savings.rows_read)}<br>${bytesText(savings.bytes_read)}`,
      },
      ...hours.map((each, index) => ({
        head: `${each} h lookback`,
        number: true,
        cell: ({ savings }: SavingProcess): HtmlValue => lookbackCell(savings, index),
      })),
    ],
    known,
  );

function lookbackCell(
  { lookbacks, rows_read: own, bytes_read: ownBytes }: Savings,
  index: number,
): HtmlValue {
  const lookback = lookbacks[index];
  if (lookback === undefined) return null;
  const { rows_read: read, bytes_read: bytes, missed_rows: missed, missed_hours: hours } = lookback;
  return html`${countText(read)} <span class="muted">(${percentText(read, own)})</span><br>${bytesText(bytes)} <span class="muted">(${percentText(bytes, ownBytes)})</span><br>${
    missed > 0
      ? html`<span class="badge bad">misses ${countText(missed)} of ${plural(hours, 'hour')}</span>`
      : html`<span class="badge good">misses 0</span>`
  }`;
}
