/** A plan as text for people: what, why, and the SQL with its parameters. CompiledPlan -> text. Pure. */
import { patternOf } from '../kinds/patterns/index.ts';
import { hourText, parseHour } from '../model/hour.ts';
import type {
  CompiledPlan,
  PlanCause,
  PlanHour,
  PlanPosition,
  PlanSource,
  PlanWindow,
  PlanWindowKeys,
  Step,
  StepValue,
} from '../model/plan.ts';
import { RUN_INPUTS } from '../model/step.ts';
import { PLAIN, type Style } from './style.ts';
import {
  bytesText,
  columnsText,
  countText,
  hourLabel,
  hourRanges,
  hoursLabel,
  indent,
  instantLabel,
  plural,
  rangeLabel,
  windowText,
} from './text.ts';

/** The whole plan. The steps are the very list that a run executes. */
export function explainPlan(
  plan: CompiledPlan,
  style: Style = PLAIN,
  { allCauses = false }: { readonly allCauses?: boolean } = {},
): string {
  const sections = [
    headline(plan, style),
    section('Sources', plan.sources.map((source) => sourceText(source, plan, style)).join('\n'), style),
  ];
  const { warnings = [] } = plan;
  if (warnings.length > 0)
    sections.push(
      section(
        'Warnings',
        warnings.map(({ message, hint }) => indent(`${style.warn(message)}\n  ${hint}`, 2)).join('\n'),
        style,
      ),
    );
  if (plan.hours.length > 0)
    sections.push(section(`Hours: ${plural(plan.hours.length, 'hour')}`, indent(hoursText(plan), 2), style));
  if (allCauses) sections.push(section('Causes', indent(causesText(plan), 2), style));
  if (plan.owed_hours.length > 0) sections.push(section('Owed', indent(owedText(plan), 2), style));
  sections.push(section('Target', indent(targetText(plan), 2), style));
  if (plan.steps.length > 0)
    sections.push(
      section(
        `Steps: ${plan.steps.length}`,
        plan.steps.map((step, index) => stepText(step, index + 1, style)).join('\n\n'),
        style,
      ),
    );
  return sections.join('\n\n');
}

const section = (title: string, body: string, style: Style): string => `${style.strong(title)}\n${body}`;

/** What a run would do, in one line. */
export function planSummary(plan: CompiledPlan): string {
  const { target } = plan;
  if (plan.status === 'nothing-new')
    return plan.owed_hours.length === 0
      ? 'nothing new'
      : `nothing new; ${plural(plan.owed_hours.length, 'hour')} owed`;
  if (plan.status === 'waiting')
    return plan.owed_hours.length === 0
      ? 'waits for a source that does not exist yet'
      : `waits: ${hoursLabel(plan.owed_hours, 2)} is not complete yet${plan.held_back_by === null ? '' : ` in ${plan.held_back_by}`}`;
  const what = target.operation === 'append' ? 'append to' : 'overwrite';
  const when =
    plan.range === null ? changedHours(plan) : rangeLabel(plan.range.first_hour, plan.range.last_hour);
  return `${what} ${target.table}${when === '' ? '' : `, ${when}`}`;
}

/** The hours of a stateless plan: where the new rows land. */
export function changedHours(plan: CompiledPlan): string {
  if (plan.hours.length > 0) return hoursLabel(plan.hours.map((hour) => hour.hour));
  const [source] = plan.sources;
  return source?.first_hour == null || source.last_hour === null
    ? ''
    : rangeLabel(source.first_hour, source.last_hour);
}

function headline(plan: CompiledPlan, style: Style): string {
  const status =
    plan.status === 'work'
      ? style.good(plan.status)
      : plan.status === 'waiting'
        ? style.warn(plan.status)
        : style.faint(plan.status);
  return [
    `${style.strong(plan.process_name)}  ${plan.pattern}  ${status}`,
    `  ${planSummary(plan)}`,
    style.faint(`  session ${plan.psyberg_session_id}`),
  ].join('\n');
}

function sourceText(source: PlanSource, plan: CompiledPlan, style: Style): string {
  const named = source.alias === source.table.split('.').at(-1) ? '' : ` as ${source.alias}`;
  const rows: string[][] = [
    ['watermark', position(source.watermark, 'none: this is the first load')],
    ['head', position(source.head, 'none: the source has no rows yet')],
    ['found by', foundBy(source)],
  ];
  const lines = [
    `  ${style.strong(source.table)}${named}${source.event_time === null ? '' : `, event time ${source.event_time}`}`,
    indent(columnsText(rows), 4),
  ];
  const changes = changesText(source, style);
  if (changes !== '') lines.push(indent(changes, 6));
  const facts: string[][] = [];
  if (source.window != null) facts.push(['window', windowText(source.window)]);
  if (source.window_keys !== undefined) facts.push(['keys', keysText(source.window_keys)]);
  if (source.files > 0 || source.changes.length > 0)
    facts.push([
      'new',
      `${plural(source.files, 'file')}, ${plural(source.rows, 'row')}, ${bytesText(source.bytes)}`,
    ]);
  if (source.first_hour !== null && source.last_hour !== null)
    facts.push([
      'event hours',
      `${rangeLabel(source.first_hour, source.last_hour)}${source.bounds_from === null ? '' : ` (known from ${BOUNDS[source.bounds_from]})`}`,
    ]);
  const unplaced = unplacedText(source, plan);
  if (unplaced !== '') facts.push(['set aside', unplaced]);
  if (source.processing_uris.length > 0) facts.push(['partitions', partitionsText(source)]);
  if (source.vtts_hour !== null) facts.push(['complete to', hourLabel(source.vtts_hour)]);
  facts.push(['read', readText(source, plan)]);
  lines.push(indent(columnsText(facts), 4));
  return lines.join('\n');
}

/**
 * Rows that a process of hours does not load: those without an event time, and those of the future. A
 * stateless load takes both.
 */
export function unplacedText(source: PlanSource, plan: Pick<CompiledPlan, 'pattern'>): string {
  if (!patternOf(plan).loadsHours) return '';
  return [
    ...(source.null_event_times === '0'
      ? []
      : [`${plural(source.null_event_times, 'row')} without an event time: skipped`]),
    ...(source.future_rows === '0'
      ? []
      : [`${plural(source.future_rows, 'row')} of the future (${hoursLabel(source.future_hours)}): owed`]),
  ].join('; ');
}

const BOUNDS = {
  manifest: "the files' statistics",
  partition: 'the partitions',
  scan: "reading the column: the files' statistics do not tell",
} as const;

const position = (at: PlanPosition | null, none: string): string =>
  at === null
    ? none
    : `snapshot ${at.snapshot_id}, sequence number ${at.sequence_number}, ${instantLabel(at.committed_at)}`;

function foundBy(source: PlanSource): string {
  const skipped = source.changes.filter((change) => !change.counted).length;
  const counts =
    source.changes.length === 0
      ? 'no new snapshot'
      : `${plural(source.changes.length, 'new snapshot')}${skipped === 0 ? '' : `, ${skipped} of them not counted`}`;
  switch (source.detected_by) {
    case 'first-load':
      return source.head === null ? 'first load' : 'first load: everything the source holds';
    case 'snapshots':
      return counts;
    case 'rewound':
      return `the source was rolled back behind the watermark: ${counts}`;
    case 'files':
      return 'comparing what is there with the files that were read';
    case 'live-files':
      return 'the snapshots in between were expired: live files newer than the watermark';
  }
}

const CHANGES_SHOWN = 12;

function changesText(source: PlanSource, style: Style): string {
  const shown = source.changes.slice(0, CHANGES_SHOWN);
  const rows = shown.map((change) => [
    change.operation,
    `snapshot ${change.snapshot_id}`,
    instantLabel(change.committed_at),
    [delta('+', change.added_files, change.added_rows), delta('-', change.removed_files, change.removed_rows)]
      .filter((text) => text !== '')
      .join(' '),
    change.counted ? (change.reason ?? '') : style.faint(`not counted: ${change.reason ?? 'no news'}`),
  ]);
  const more = source.changes.length - shown.length;
  return more > 0 ? `${columnsText(rows)}\nand ${plural(more, 'more snapshot')}` : columnsText(rows);
}

const delta = (sign: string, files: number, rows: string): string =>
  files === 0 && rows === '0' ? '' : `${sign}${countText(rows)} rows (${plural(files, 'file')})`;

const PARTITIONS_SHOWN = 4;

function partitionsText(source: PlanSource): string {
  const shown = source.processing_uris.slice(0, PARTITIONS_SHOWN).map((uri) =>
    Object.entries(uri)
      .map(([name, value]) => `${name}=${value === null ? 'null' : String(value)}`)
      .join('/'),
  );
  const more = source.processing_uris.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`;
}

function readText(source: PlanSource, plan: CompiledPlan): string {
  if (source.read.kind === 'nothing') return 'nothing';
  if (source.read.kind === 'files') return `exactly ${plural(source.files, 'new file')}`;
  if (source.read.kind === 'changes') return `exactly ${plural(source.files, 'new file')}`;
  const hours = plan.range === null ? '' : `, hours ${rangeLabel(...hoursAsked(source, plan.range))}`;
  return `the table pinned at snapshot ${source.read.snapshot_id}${hours}`;
}

/** What looking for keys cost, and what it saved. */
function keysText(found: PlanWindowKeys): string {
  const read =
    found.files === 0
      ? ''
      : ` (two columns of ${plural(found.files, 'file')} read, ${bytesText(found.bytes)})`;
  const all = plural(found.candidate_hours, 'hour');
  return found.all_hours_because === null
    ? `${plural(found.keys, 'key')} changed; of ${all} in reach ${countText(found.hours)} ${found.hours === 1 ? 'has' : 'have'} rows of them${read}`
    : `all ${all} in reach change: ${found.all_hours_because}${read}`;
}

/** The hours of a plan with those that the source's window adds. */
function hoursAsked(
  { window }: PlanSource,
  { first_hour: first, last_hour: last }: NonNullable<CompiledPlan['range']>,
): [string, string] {
  return [
    hourText(parseHour(first) - (window?.before_hours ?? 0)),
    hourText(parseHour(last) + (window?.after_hours ?? 0)),
  ];
}

/** Neighbouring hours with the same reasons are one line. */
function hoursText({ hours, sources }: CompiledPlan): string {
  const groups: { hours: string[]; why: string }[] = [];
  const windows = new Map(
    sources.flatMap(({ table, window }) => (window == null ? [] : [[table, window] as const])),
  );
  for (const hour of hours) {
    const why = whyText(hour, windows);
    const open = groups.at(-1);
    if (open?.why === why) open.hours.push(hour.hour);
    else groups.push({ hours: [hour.hour], why });
  }
  const shown = groups.slice(0, GROUPS_SHOWN);
  const rows = shown.flatMap((group) =>
    hourRanges(group.hours).map((range) => [rangeLabel(range.firstHour, range.lastHour), group.why]),
  );
  const rest = groups.slice(GROUPS_SHOWN).flatMap((group) => group.hours);
  return rest.length === 0
    ? columnsText(rows)
    : `${columnsText(rows)}\nand ${plural(rest.length, 'more hour')}: ${hoursLabel(rest, 3)}`;
}

const GROUPS_SHOWN = 24;
const SNAPSHOTS_SHOWN = 2;

function whyText(hour: PlanHour, windows: ReadonlyMap<string, PlanWindow>): string {
  if (hour.reason === 'owed')
    return hour.owed_by.length === 0
      ? 'owed since an earlier session'
      : `owed since an earlier session, for ${hour.owed_by.join(', ')}`;
  if (hour.reason === 'reached')
    return 'complete now: rows that were loaded before reach it through a window';
  if (hour.reason === 'contiguous') return 'no change of its own: recomputed with its neighbours';
  const bySource = new Map<
    string,
    { readonly snapshots: Set<string>; readonly through: string | undefined }
  >();
  for (const cause of hour.causes) {
    const found = bySource.get(cause.source) ?? { snapshots: new Set(), through: cause.changed_hour };
    found.snapshots.add(`${cause.snapshot_id}${cause.operation === null ? '' : ` (${cause.operation})`}`);
    bySource.set(cause.source, found);
  }
  return [...bySource]
    .map(([source, { snapshots, through }]) => {
      const shown = [...snapshots].slice(0, SNAPSHOTS_SHOWN);
      const more = snapshots.size - shown.length;
      const window = windows.get(source);
      const reached =
        through === undefined || window === undefined
          ? ''
          : ` of ${hourLabel(through)}, through its window of ${windowText(window)}`;
      return `${source}: snapshot ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}${reached}`;
    })
    .join('; ');
}

/** Every file behind every hour, and behind every partition where there are no hours. */
function causesText(plan: CompiledPlan): string {
  const rows = (label: string, causes: readonly PlanCause[]): string[][] =>
    causes.map((cause, index) => [
      index === 0 ? label : '',
      cause.source,
      `${cause.operation ?? ''} ${cause.snapshot_id}`.trim(),
      cause.change,
      cause.file,
    ]);
  if (plan.hours.length > 0)
    return columnsText(plan.hours.flatMap((hour) => rows(hourLabel(hour.hour), hour.causes)));
  return columnsText(
    plan.sources.flatMap((source) =>
      source.processing_uri_causes.flatMap(({ uri, causes }) => rows(JSON.stringify(uri), causes)),
    ),
  );
}

function owedText(plan: CompiledPlan): string {
  const holder = plan.sources.find((source) => source.table === plan.held_back_by);
  const why =
    plan.held_back_by === null
      ? 'beyond the reach of this session; a later one loads them'
      : `held back by ${plan.held_back_by}, ${holder?.vtts_hour == null ? 'which is complete for no hour yet' : `complete to ${hourLabel(holder.vtts_hour)}`}`;
  return `${hoursLabel(plan.owed_hours)}: ${why}`;
}

function targetText(plan: CompiledPlan): string {
  const { target } = plan;
  const rows = [
    [
      target.table,
      target.exists
        ? target.operation
        : `${target.operation}; the table is created from the columns of the query`,
    ],
  ];
  if (target.exists)
    rows.push([
      'base',
      target.base_snapshot_id === null ? 'no snapshot yet' : `snapshot ${target.base_snapshot_id}`,
    ]);
  if (target.previous_session_id !== null) rows.push(['last session', target.previous_session_id]);
  if (target.complete_to_hour !== null) rows.push(['complete to', hourLabel(target.complete_to_hour)]);
  return columnsText(rows);
}

function stepText(step: Step, number: number, style: Style): string {
  const names = Object.keys(step.parameters);
  const parameters = columnsText(
    names.map((name) => [`$${name}`, `= ${valueText(step.parameters[name] ?? null)}`]),
  );
  return [
    `  ${number}. ${step.stage}  ${style.strong(step.name)}`,
    indent(step.sql, 6),
    ...(names.length === 0 ? [] : [style.faint(indent(parameters, 6))]),
  ].join('\n');
}

const ITEMS_SHOWN = 3;

function valueText(value: StepValue): string {
  if (value !== null && typeof value === 'object' && 'from_run' in value)
    return `<${RUN_INPUTS[value.from_run]}>`;
  if (!Array.isArray(value)) return shorten(JSON.stringify(value));
  const shown = value.slice(0, ITEMS_SHOWN).map((item) => shorten(JSON.stringify(item)));
  return `[${shown.join(', ')}${value.length > ITEMS_SHOWN ? `, and ${value.length - ITEMS_SHOWN} more` : ''}]`;
}

const VALUE_WIDTH = 100;

/** A path is known by its end. */
const shorten = (text: string): string =>
  text.length <= VALUE_WIDTH ? text : `…${text.slice(text.length - VALUE_WIDTH + 1)}`;
