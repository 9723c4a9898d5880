/** Says what changed in the sources of a plan, and what a session reads of them. Plan -> blocks. Pure. */
import { hourText, parseHour } from '../../model/hour.ts';
import type { Plan, PlanChange, PlanPosition, PlanSource } from '../../model/plan.ts';
import { plannedWindow } from '../../model/window-hours.ts';
import { type Block, faint, type Spans, strong } from '../document.ts';
import { bytesText, countText, hourLabel, instantLabel, plural, rangeLabel, windowText } from '../text.ts';
import { keysText } from './keys.ts';
import { lookupFacts, lookupNews } from './lookups.ts';
import { unplacedText } from './summary.ts';

/**
 * Writes a headline for each source, and below it its new snapshots and facts; for an idle one only the
 * headline.
 */
export function sourceBlocks(plan: Plan): Block[] {
  return plan.sources.flatMap((source) => {
    const changes = changesTable(source);
    const facts = factsOf(source, plan);
    return [
      { kind: 'lines' as const, lines: [headline(source, plan)] },
      ...(changes === undefined ? [] : [changes]),
      ...(facts.length === 0 ? [] : [{ kind: 'facts' as const, level: 2 as const, facts }]),
    ];
  });
}

/** Whether a source has nothing new, so that one line is enough. */
const isIdle = (source: PlanSource): boolean =>
  source.changes.length === 0 &&
  source.files === 0 &&
  (source.detected_by === 'snapshots' || source.detected_by === 'files');

function headline(source: PlanSource, plan: Plan): Spans {
  const named = source.alias === source.table.split('.').at(-1) ? '' : ` as ${source.alias}`;
  const head = [strong(source.table), `${named}: `];
  if (source.lookup === true) return [...head, lookupNews(source)];
  if (!isIdle(source)) return [...head, foundBy(source), newsText(source)];
  const at = source.head === null && source.files_glob === undefined ? 'no rows yet' : 'nothing new';
  const complete = source.vtts_hour === null ? '' : `, complete to ${hourLabel(source.vtts_hour)}`;
  return [...head, `${at}${complete}${plan.status === 'work' ? `; ${readText(source, plan)}` : ''}`];
}

function newsText(source: PlanSource): string {
  if (source.files === 0) return '';
  return `; ${plural(source.rows, 'row')} in ${plural(source.files, 'file')}, ${bytesText(source.bytes)}`;
}

function foundBy(source: PlanSource): string {
  const skipped = source.changes.filter((change) => !change.counted).length;
  const counts =
    source.changes.length === 0
      ? 'no new snapshot'
      : `${plural(source.changes.length, 'new snapshot')}${skipped === 0 ? '' : `, ${skipped} of them not counted`}`;
  switch (source.detected_by) {
    case 'first-load':
      return source.head === null
        ? 'first load: the source has no rows yet'
        : 'first load: everything the source holds';
    case 'snapshots':
      return counts;
    case 'rewound':
      return `the source was rolled back behind the watermark: ${counts}`;
    case 'files':
      return 'files that no session has read';
    case 'live-files':
      return 'the snapshots in between were expired: live files newer than the watermark';
  }
}

const CHANGES_SHOWN = 8;

/** Lists the new snapshots, only the last ones if there are many. */
function changesTable(source: PlanSource): Block | undefined {
  const { changes } = source;
  // What is new in a folder are files, which its headline counts.
  if (changes.length === 0 || source.files_glob !== undefined) return undefined;
  const shown = changes.slice(-CHANGES_SHOWN);
  const more = changes.slice(0, changes.length - shown.length);
  return {
    kind: 'table',
    level: 2,
    head: ['snapshot', '', 'committed, UTC', ''],
    fits: ['keep', 'keep', 'keep', 'wrap'],
    rows: [...(more.length === 0 ? [] : [earlierRow(more)]), ...shown.map(changeRow)],
  };
}

function changeRow(change: PlanChange): Spans[] {
  const rows = [
    delta('+', change.added_files, change.added_rows),
    delta('-', change.removed_files, change.removed_rows),
  ].filter((text) => text !== '');
  const what = rows.join(' ');
  const why = change.counted ? change.reason : `not counted: ${change.reason ?? 'no news'}`;
  return [
    [change.snapshot_id],
    [change.operation],
    [instantLabel(change.committed_at).replace(' UTC', '')],
    why === null ? [what] : [what === '' ? '' : `${what}; `, faint(why)],
  ];
}

function earlierRow(changes: readonly PlanChange[]): Spans[] {
  const rows = changes.reduce((sum, change) => sum + BigInt(change.added_rows), 0n);
  return [[`${countText(changes.length)} earlier`], [], [], [`+${plural(rows, 'row')}`]];
}

const delta = (sign: string, files: number, rows: string): string =>
  files === 0 && rows === '0' ? '' : `${sign}${plural(rows, 'row')} (${plural(files, 'file')})`;

function factsOf(source: PlanSource, plan: Plan): [string, Spans][] {
  if (source.lookup === true) return lookupFacts(source);
  const facts: [string, string][] = [];
  if (source.window != null) facts.push(['window', windowText(source.window)]);
  if (source.window_keys !== undefined) facts.push(['keys', keysText(source.window_keys)]);
  if (!isIdle(source)) {
    facts.push(['watermark', watermarkText(source)]);
    if (source.first_hour !== null && source.last_hour !== null)
      facts.push([
        'event hours',
        `${rangeLabel(source.first_hour, source.last_hour)}${source.bounds_from === null ? '' : `, known from ${boundsText(source.files_glob, source.bounds_from)}`}`,
      ]);
    if (source.processing_uris.length > 0) facts.push(['partitions', partitionsText(source)]);
    if (source.vtts_hour !== null) facts.push(['complete to', hourLabel(source.vtts_hour)]);
    facts.push(['read', readText(source, plan)]);
  }
  const unplaced = unplacedText(source, plan);
  if (unplaced !== '') facts.push(['set aside', unplaced]);
  return facts.map(([name, text]) => [name, [text]]);
}

const BOUNDS = {
  manifest: "the files' statistics",
  partition: 'the partitions',
  scan: "reading the column: the files' statistics do not tell",
} as const;

const boundsText = (glob: string | undefined, from: keyof typeof BOUNDS): string =>
  glob === undefined ? BOUNDS[from] : 'reading their rows';

/** For a folder: how often files of it were read, and how many. */
function watermarkText({ watermark, files_glob: glob, total_records: total, files }: PlanSource): string {
  if (glob === undefined) return position(watermark, 'none: this is the first load');
  if (watermark === null) return 'none: no file was read yet';
  const known = BigInt(total ?? files) - BigInt(files);
  const sessions = plural(watermark.snapshot_id, 'session');
  return `${plural(known, 'file')} read by ${sessions}, the last ${instantLabel(watermark.committed_at)}`;
}

const position = (at: PlanPosition | null, none: string): string =>
  at === null ? none : `snapshot ${at.snapshot_id}, ${instantLabel(at.committed_at)}`;

const PARTITIONS_SHOWN = 1;

function partitionsText(source: PlanSource): string {
  const shown = source.processing_uris.slice(0, PARTITIONS_SHOWN).map((uri) =>
    Object.entries(uri)
      .map(([name, value]) => `${name}=${value === null ? 'null' : String(value)}`)
      .join('/'),
  );
  const more = source.processing_uris.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`;
}

function readText(source: PlanSource, plan: Plan): string {
  if (source.read.kind === 'nothing') return 'nothing is read';
  if (source.read.kind === 'files') return `exactly ${plural(source.files, 'new file')}`;
  if (source.read.kind === 'changes') return `exactly ${plural(source.files, 'new file')}`;
  const hours = plan.range === null ? 'all' : `hours ${rangeLabel(...hoursAsked(source, plan.range))}`;
  return `${hours} as of snapshot ${source.read.snapshot_id}`;
}

/** The hours of a plan, and those that the source's window adds. */
function hoursAsked(
  source: PlanSource,
  { first_hour: first, last_hour: last }: NonNullable<Plan['range']>,
): [string, string] {
  const { beforeHours, afterHours } = plannedWindow(source);
  return [hourText(parseHour(first) - beforeHours), hourText(parseHour(last) + afterHours)];
}
