/** Lists the hours of a plan with what made each necessary, and those it leaves. Plan -> blocks. Pure. */
import { parseHour } from '../../model/hour.ts';
import type { Plan, PlanCause, PlanHour, PlanWindow } from '../../model/plan.ts';
import { type Block, faint, type Spans, warn } from '../document.ts';
import { owedTexts } from '../owed.ts';
import { countText, hourLabel, plural, unitLabel, unitsLabel, windowText } from '../text.ts';
import { type HourMark, MARKS, marksOf } from './marks.ts';
import { heldBackText } from './summary.ts';

/** Number of lines for hours; all hours with the same causes share one. */
const LINES_SHOWN = 12;
/** Number of stretches of hours that a line names. */
const RANGES_SHOWN = 2;
const SNAPSHOTS_SHOWN = 2;

/** `Hours: 6 (1 new, 3 late, 2 recomputed)`, or `Days`. */
export function hoursHeading(plan: Plan): Spans {
  const { mark } = marksOf(plan);
  const counts = new Map<HourMark, number>();
  for (const { hour } of plan.hours) {
    const found = mark(parseHour(hour));
    counts.set(found, (counts.get(found) ?? 0) + 1);
  }
  const parts = (Object.keys(MARKS) as HourMark[]).flatMap((each) =>
    counts.has(each) ? [`${countText(counts.get(each) as number)} ${MARKS[each].meaning}`] : [],
  );
  return [
    `${plan.grain === 'day' ? 'Days' : 'Hours'}: ${countText(plan.hours.length)}`,
    faint(parts.length === 0 ? '' : ` (${parts.join(', ')})`),
  ];
}

/** Lists the hours; those with the same mark and causes share a line. */
export function reasonsTable(plan: Plan): Block {
  const fine = groupsOf(plan, (hour) => snapshotsKey(hour));
  // If too many hours came with different snapshots, they are only told apart by their sources.
  const groups = fine.length <= LINES_SHOWN ? fine : groupsOf(plan, (hour) => sourcesKey(hour));
  const shown = groups.slice(0, LINES_SHOWN);
  const rest = groups.slice(LINES_SHOWN).flatMap(({ hours }) => hours);
  const windows = new Map(
    plan.sources.flatMap(({ table, window }) => (window == null ? [] : [[table, window] as const])),
  );
  const folders = new Set(
    plan.sources.flatMap(({ table, files_glob }) => (files_glob === undefined ? [] : table)),
  );
  return {
    kind: 'table',
    head: [],
    fits: ['keep', 'wrap', 'wrap'],
    rows: [
      ...shown.map(({ mark, hours }): Spans[] => [
        [MARKS[mark].letter],
        [
          unitsLabel(
            plan,
            hours.map(({ hour }) => hour),
            RANGES_SHOWN,
          ),
        ],
        [whyText(hours, windows, folders)],
      ]),
      ...(rest.length === 0
        ? []
        : [
            [
              [],
              [`and ${plural(rest.length, `more ${plan.grain ?? 'hour'}`)}`],
              [faint(unitsLabel(plan, hoursOnly(rest), RANGES_SHOWN))],
            ],
          ]),
    ],
  };
}

const hoursOnly = (hours: readonly PlanHour[]): string[] => hours.map(({ hour }) => hour);

interface Group {
  readonly mark: HourMark;
  readonly hours: PlanHour[];
}

function groupsOf(plan: Plan, keyOf: (hour: PlanHour) => string): Group[] {
  const { mark: markOf } = marksOf(plan);
  const groups = new Map<string, Group>();
  for (const hour of plan.hours) {
    const mark = markOf(parseHour(hour.hour));
    const key = `${mark} ${hour.reason} ${hour.unchanged} ${hour.empty} ${hour.owed_by.join()} ${keyOf(hour)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { mark, hours: [hour] });
    else group.hours.push(hour);
  }
  return [...groups.values()];
}

const isReached = (cause: PlanCause): boolean => cause.changed_hour !== undefined;

const snapshotsKey = ({ causes }: PlanHour): string =>
  [...new Set(causes.map((cause) => `${cause.source} ${cause.snapshot_id} ${isReached(cause)}`))].join();

const sourcesKey = ({ causes }: PlanHour): string =>
  [...new Set(causes.map((cause) => `${cause.source} ${isReached(cause)}`))].sort().join();

const MAY_STAY =
  'may stop early: no change of its own, so it stays as it is where the one before comes out as stored';

const EMPTY = 'no source has a row of it or of an earlier hour: it is taken off the target';

/** Says why the hours are replaced: they all have the same reason, and causes in the same sources. */
function whyText(
  hours: readonly PlanHour[],
  windows: ReadonlyMap<string, PlanWindow>,
  folders: ReadonlySet<string>,
): string {
  const [{ reason, empty }] = hours as [PlanHour, ...PlanHour[]];
  if (empty !== true) return causeText(hours, windows, folders);
  return reason === 'contiguous' ? EMPTY : `${causeText(hours, windows, folders)}; ${EMPTY}`;
}

function causeText(
  hours: readonly PlanHour[],
  windows: ReadonlyMap<string, PlanWindow>,
  folders: ReadonlySet<string>,
): string {
  const [{ reason, owed_by: owedBy, unchanged }] = hours as [PlanHour, ...PlanHour[]];
  if (reason === 'owed')
    return owedBy.length === 0
      ? 'owed since an earlier session'
      : `owed since an earlier session, for ${owedBy.join(', ')}`;
  if (reason === 'reached') return 'complete now: rows that were loaded before reach it through a window';
  if (reason === 'restated') {
    const lookups = new Set(hours.flatMap(({ causes }) => causes.map(({ source }) => source)));
    if (lookups.size === 0) return 'asked for: computed again by the SQL of now';
    return `a lookup changed: ${[...lookups].join(', ')}`;
  }
  if (reason === 'contiguous')
    return unchanged === true ? MAY_STAY : 'no change of its own: recomputed with its neighbours';
  const sources = new Map<string, { readonly snapshots: Set<string>; readonly through: Set<string> }>();
  for (const cause of hours.flatMap(({ causes }) => causes)) {
    const found = sources.get(cause.source) ?? { snapshots: new Set(), through: new Set() };
    found.snapshots.add(`${cause.snapshot_id}${cause.operation === null ? '' : ` (${cause.operation})`}`);
    if (cause.changed_hour !== undefined) found.through.add(cause.changed_hour);
    sources.set(cause.source, found);
  }
  return [...sources]
    .map(([source, { snapshots, through }]) =>
      [
        `${source}: ${folders.has(source) ? 'new files' : snapshotsText([...snapshots])}`,
        throughText([...through], windows.get(source)),
      ].join(''),
    )
    .join('; ');
}

function snapshotsText(snapshots: readonly string[]): string {
  if (snapshots.length > SNAPSHOTS_SHOWN * 2) return plural(snapshots.length, 'snapshot');
  const shown = snapshots.slice(0, SNAPSHOTS_SHOWN);
  const more = snapshots.length - shown.length;
  return `snapshot ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Says which changed hour reaches them, and how far. */
function throughText(hours: readonly string[], window: PlanWindow | undefined): string {
  if (hours.length === 0 || window === undefined) return '';
  const [first] = hours as [string, ...string[]];
  const of = hours.length === 1 ? hourLabel(first) : plural(hours.length, 'hour');
  return ` of ${of}, through its window of ${windowText(window)}`;
}

/** Says what is left to a later session, and what holds it back. */
export const owedLines = (plan: Plan): Block => ({
  kind: 'lines',
  lines:
    plan.catchup === undefined
      ? [[warn(unitsLabel(plan, plan.owed_hours)), `: ${heldBackText(plan)}`]]
      : owedTexts(plan).map((text) => [warn(text)]),
});

/** Lists every file behind every hour, or behind every partition if there are no hours. */
export function causesText(plan: Plan): Block {
  const lines = (label: string, causes: readonly PlanCause[]): string[] => [
    label,
    ...causes.flatMap((cause) => [
      `  ${[cause.source, cause.change, 'by', cause.operation ?? '', cause.snapshot_id].filter((word) => word !== '').join(' ')}`,
      // The path is shown whole, so that the file can be found.
      `    ${cause.file}`,
    ]),
  ];
  const text =
    plan.hours.length > 0
      ? plan.hours.flatMap((hour) => lines(unitLabel(plan, hour.hour), hour.causes))
      : plan.sources.flatMap((source) =>
          source.processing_uri_causes.flatMap(({ uri, causes }) => lines(JSON.stringify(uri), causes)),
        );
  return { kind: 'code', language: '', text: text.join('\n') };
}
