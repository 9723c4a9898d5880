/**
 * The walkthrough as lines of text, at most 100 columns wide. Acts and steps -> lines. Pure, but for the
 * colours' on or off.
 */
import colors from 'picocolors';
import { hourPicture } from '../../src/index.ts';
import { type Comparison, isEqual } from '../sample-project.ts';
import { type Act, type ActScript, hoursOfDay, type ProcessStep, SHOWN_HOURS } from './walkthrough.ts';

const WIDTH = 99;

type Paint = (text: string) => string;
/** The colours of the marks; the letters are those of `psyberg plan --explain`. */
const PAINTS = {
  late: colors.yellow,
  new: colors.green,
  between: colors.cyan,
  expected: colors.cyan,
  owed: colors.magenta,
  done: colors.dim,
  none: (text: string) => text,
} as const;

const pictureOf = (plans: Parameters<typeof hourPicture>[0]): ReturnType<typeof hourPicture> =>
  hourPicture(plans, { hours: SHOWN_HOURS, paint: (text, mark) => PAINTS[mark](text) });

const number = (value: number | string): string => Number(value).toLocaleString('en-US');

/** What the reader is about to see, and what the letters mean. */
export function drawOpening(): string[] {
  return [
    `${colors.bold('psyberg')} plays the member lifecycle: 2023-09-14, hours 0 to 7 (UTC), five processes, Iceberg tables`,
    pictureOf([]).legend,
  ];
}

export function drawActOpening(script: ActScript, index: number): string[] {
  const heading = drawRow({
    process: 'process',
    hours: pictureOf([]).head.at(-1) ?? '',
    deed: 'what it does',
    rowsIn: 'rows in',
    rowsOut: 'out',
    audits: 'audits',
    time: 'time',
  });
  return ['', drawRule(`${index + 1}`, script.title), colors.dim(heading)];
}

export function drawStep({ plan, run }: ProcessStep): string {
  const published = run.status === 'published';
  const failed = run.audits.filter((audit) => audit.status === 'failed').length;
  return drawRow(
    {
      process: run.process_name,
      hours: pictureOf([plan]).rows[0]?.cells ?? '',
      deed: describeDeed(run, hoursOfDay(plan.hours.map((each) => each.hour))),
      rowsIn: published ? number(run.rows_read) : '',
      rowsOut: published ? number(run.rows_written) : '',
      audits: run.audits.length === 0 ? '' : failed === 0 ? `${run.audits.length} ok` : `${failed} bad`,
      time: `${run.seconds.total.toFixed(2)}s`,
    },
    failed === 0 ? colors.green : colors.red,
  );
}

interface Cells {
  readonly process: string;
  readonly hours: string;
  readonly deed: string;
  readonly rowsIn: string;
  readonly rowsOut: string;
  readonly audits: string;
  readonly time: string;
}

/**
 * Pads before painting: colour codes have a length, but no width. The hours come painted, and always fill
 * their column.
 */
function drawRow(
  { process, hours, deed, rowsIn, rowsOut, audits, time }: Cells,
  paintAudits: Paint = (text) => text,
): string {
  return `${process.padEnd(28)}  ${hours}  ${deed.padEnd(23)} ${rowsIn.padStart(7)} ${rowsOut.padStart(6)}  ${paintAudits(audits.padEnd(6))} ${time.padStart(5)}`;
}

const drawRule = (head: string, title: string): string =>
  colors.bold(`─ ${head} ─ ${title} ${'─'.repeat(Math.max(0, WIDTH - head.length - title.length - 6))}`);

function describeDeed(run: ProcessStep['run'], hours: readonly number[]): string {
  if (run.status !== 'published') return run.status.replace('-', ' ');
  const owes = run.owed_hours.length === 0 ? '' : `, owes ${hoursOfDay(run.owed_hours).join(', ')}`;
  return `${run.operation === 'append' ? 'appends to' : 'overwrites'} ${rangesOf(hours)}${owes}`;
}

/** `2, 3, 6` and `0..5`: three hours or more in a row become a range. */
export function rangesOf(hours: readonly number[]): string {
  const runs: number[][] = [];
  for (const each of hours) {
    const last = runs.at(-1);
    if (last?.at(-1) === each - 1) last.push(each);
    else runs.push([each]);
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}..${run.at(-1)}` : run.join(', '))).join(', ');
}

/**
 * Below an act: how the late hours were found, what they changed, and what a fixed lookback would have cost.
 */
export function drawActEnding(act: Act, before: Act | undefined): string[] {
  return before === undefined
    ? []
    : [...drawFindings(act), ...drawCorrections(act, before), drawLookbacks(act)];
}

/**
 * Of the process whose source got files in the most partitions: an old partition among them is what a filter
 * by landing hour overlooks.
 */
function drawFindings(act: Act): string[] {
  const [step] = [...act.steps].sort((left, right) => partitionsOf(right).length - partitionsOf(left).length);
  if (step === undefined || partitionsOf(step).length < 2) return [];
  const hours = rangesOf(hoursOfDay(step.plan.hours.map((each) => each.hour)));
  return [
    label(
      'found by',
      `${step.plan.sources[0]?.table}: new files in landing hour/batch ${partitionsOf(step).join(', ')}, bounds say ${hours}`,
    ),
  ];
}

const partitionsOf = ({ plan }: ProcessStep): string[] =>
  (plan.sources[0]?.processing_uris ?? []).flatMap((uri) =>
    'landing_hour' in uri ? [`${uri['landing_hour']}/${uri['batch_id']}`] : [],
  );

/**
 * Hour 5 seemed complete when act 1 ended; what late rows changed in it is what a reader would have got
 * wrong.
 */
function drawCorrections(act: Act, before: Act): string[] {
  const changed = [...act.answers].filter(([answer, count]) => before.answers.get(answer) !== count);
  return ['accounts', 'cancels'].flatMap((question) => {
    const texts = changed
      .filter(([answer]) => answer.startsWith(question))
      .map(
        ([answer, count]) =>
          `${answer.slice(question.length + 1)} ${number(before.answers.get(answer) ?? 0)}→${number(count)}`,
      );
    return texts.length === 0 ? [] : [label('hour 5', `${question}: ${texts.join(', ')}`)];
  });
}

function drawLookbacks(act: Act): string {
  const costs = act.lookbacks.map(({ lookbackHours, rowsRead, rowsMissed }) => {
    const missed = `misses ${number(rowsMissed)}`;
    return `${lookbackHours} h lookback ${number(rowsRead)}, ${rowsMissed > 0 ? colors.red(missed) : missed}`;
  });
  return label(
    'rows in',
    [`psyberg ${number(act.rowsRead)}, ${colors.green('misses 0')}`, ...costs].join(' │ '),
  );
}

const label = (name: string, text: string): string => `${colors.dim(name.padEnd(8))} ${text}`;

/** The end: every table against its full recompute, and what to try next. */
export function drawEnding({
  acts,
  folder,
  seconds,
}: {
  readonly acts: readonly Act[];
  readonly folder: string;
  readonly seconds: number;
}): string[] {
  const wrong = acts.flatMap((act, index) => (act.comparisons.every(isEqual) ? [] : [`${index + 1}`]));
  const verdict =
    wrong.length === 0
      ? colors.green('Equal after each of the three runs.')
      : colors.red(`Not equal after run ${wrong.join(', ')}.`);
  return [
    '',
    drawRule('Check', 'every table against a full recompute from all raw rows (EXCEPT ALL, both ways)'),
    ...(acts.at(-1)?.comparisons ?? []).map(drawComparison),
    `${verdict} ${seconds.toFixed(1)} s in all. Try next:`,
    `  npx psyberg history --project ${folder}`,
    `  npx psyberg sql "from psyberg.high_water_mark_table" --project ${folder}`,
    '  npm run demo -- flights',
  ];
}

export function drawComparison(comparison: Comparison): string {
  const verdict = isEqual(comparison)
    ? colors.green('equal: 0 rows missing, 0 too many')
    : colors.red(`${number(comparison.missingRows)} rows missing, ${number(comparison.extraRows)} too many`);
  return `${comparison.target.padEnd(28)}  ${number(comparison.rowCount).padStart(9)} rows   ${verdict}`;
}
