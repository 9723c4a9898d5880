/** Writes the results of tests, as text for people. TestResult -> text. Pure. */
import type { WithGrain } from '../model/grain.ts';
import type {
  ChangedRow,
  RowObject,
  TestFailure,
  TestPlan,
  TestReport,
  TestResult,
} from '../model/test-record.ts';
import { cellText } from './cell-text.ts';
import type { PageOptions } from './document-text.ts';
import { type Fit, UNLIMITED } from './fit.ts';
import { errorText } from './run-report.ts';
import { PLAIN, type Style } from './style.ts';
import { borderedTable } from './table.ts';
import { hourLabel, indent, plural, rangeLabel, secondsText, unitsLabel } from './text.ts';

/** Writes one line for a test, and below it what failed. */
export function testText(result: TestResult, { style = PLAIN, width = UNLIMITED }: PageOptions = {}): string {
  const status = STATUS[result.status](style);
  const facts = [
    result.orders > 1 ? plural(result.orders, 'order') : '',
    result.seconds === 0 ? '' : secondsText(result.seconds),
  ].filter((part) => part !== '');
  const head = `${status}  ${style.faint(result.file)}  ${result.name}`;
  const said = facts.join(', ');
  const isLong = HEAD_START + result.file.length + 2 + result.name.length + 2 + said.length > width;
  return [
    ...(said === '' || isLong ? [head] : [`${head}  ${style.faint(said)}`]),
    ...(isLong && said !== '' ? [indent(style.faint(said), HEAD_START)] : []),
    ...result.failures.map((failure, index) => {
      // Failures of one step share one plan: it is shown below the last of them.
      const { plan } = failure;
      const shown = isSameStep(failure, result.failures[index + 1]) ? { ...failure, plan: null } : failure;
      return indent(failureText(shown, { style, width: width - 6, target: plan?.target }), 6);
    }),
    ...(result.error === null ? [] : [indent(errorText(result.error, style), 6)]),
    ...(result.folder === undefined
      ? []
      : [indent(style.faint(`kept: psyberg sql --project ${result.folder} "show all tables"`), 6)]),
  ].join('\n');
}

/** The column where a file's name begins. */
const HEAD_START = 7;

const isSameStep = (one: TestFailure, other: TestFailure | undefined): boolean =>
  other !== undefined &&
  one.arrival === other.arrival &&
  one.process_name === other.process_name &&
  one.order.join() === other.order.join();

const STATUS: Readonly<Record<TestResult['status'], (style: Style) => string>> = {
  passed: (style) => style.good('pass '),
  failed: (style) => style.bad('FAIL '),
  error: (style) => style.bad('ERROR'),
};

/** Writes the last line. */
export function testSummary(
  { tests, passed, failed }: TestReport,
  seconds: number,
  style: Style = PLAIN,
): string {
  const errors = tests.filter(({ status }) => status === 'error').length;
  const parts = [
    `${passed} passed`,
    ...(failed - errors > 0 ? [style.bad(`${failed - errors} failed`)] : []),
    ...(errors > 0 ? [style.bad(`${errors} could not be run`)] : []),
  ];
  return `${plural(tests.length, 'test')}: ${parts.join(', ')}; ${secondsText(seconds)}`;
}

interface FailurePage extends Required<PageOptions> {
  readonly target: string | undefined;
}

function failureText(failure: TestFailure, { style, width, target }: FailurePage): string {
  return [
    style.strong(headline(failure, target)),
    ...(failure.error === null ? [] : [indent(errorText(failure.error, style), 2)]),
    ...(failure.missing.length + failure.extra.length === 0
      ? []
      : [indent(rowsText(failure, { style, width: width - 2 }), 2)]),
    ...(failure.plan === null ? [] : [indent(style.faint(planText(failure, failure.plan)), 2)]),
    `  ${style.faint('again:')} ${failure.rerun}`,
  ].join('\n');
}

/** Says what was expected, and where. */
function headline(failure: TestFailure, table: string | undefined): string {
  const of = failure.plan ?? {};
  const { arrival, order, what, expected, actual, process_name: name, missing, extra } = failure;
  const isGiven = order.every((each, index) => each === index + 1);
  const where = isGiven ? `after arrival ${arrival}` : `arrivals in the order ${order.join(', ')}`;
  if (what === 'recompute') {
    const target = table ?? `the target of ${name}`;
    return missing.length + extra.length === 0
      ? `${where}: ${name}: expected ${valueText(expected)}, found ${valueText(actual)}`
      : `${where}: ${target} is not what ${name} gives over whole tables: ${plural(missing.length, 'row')} missing, ${extra.length} extra`;
  }
  if (what === 'rows')
    return `${where}: rows of the target of ${name}: ${plural(missing.length, 'row')} missing, ${extra.length} not expected`;
  return `${where}: ${what} of ${name}: expected ${valueText(expected, of)}, found ${valueText(actual, of)}`;
}

function valueText(value: unknown, of: WithGrain = {}): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) {
    if (value.length === 0) return 'none';
    return value.every(isHourText) ? unitsLabel(of, value) : JSON.stringify(value);
  }
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key} ${String(each)}`)
    .join(', ');
}

const isHourText = (value: unknown): value is string =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:00:00Z$/.test(value);

/** Number of rows that are shown of each kind. */
const ROWS_SHOWN = 10;

/** `~` for a row with other cells, `-` for one that is missing, `+` for one that is not expected. */
function rowsText(
  { columns, missing, extra, changed }: TestFailure,
  { style, width }: Required<PageOptions>,
): string {
  const paired = new Set(changed.flatMap(({ expected, found }) => [expected, found]));
  const rowOf = (mark: string, row: RowObject, paint: (text: string) => string): string[] => [
    paint(mark),
    ...columns.map((name) => (Object.hasOwn(row, name) ? paint(cellText(row[name])) : '')),
  ];
  const lost = missing.filter((row) => !paired.has(row));
  const found = extra.filter((row) => !paired.has(row));
  const rows = [
    ...changed.slice(0, ROWS_SHOWN).map((each) => changedRow(columns, each, style)),
    ...lost.slice(0, ROWS_SHOWN).map((row) => rowOf('-', row, style.bad)),
    ...found.slice(0, ROWS_SHOWN).map((row) => rowOf('+', row, style.warn)),
  ];
  const left = changed.length + lost.length + found.length - rows.length;
  const cut = columns.map((): Fit => 'cut');
  return [
    borderedTable({ head: ['', ...columns], rows, fits: ['keep', ...cut], width, style }),
    style.faint(
      `- missing  + extra  ~ cell: found, not expected${left > 0 ? `; ${plural(left, 'more row')} in --json` : ''}`,
    ),
  ].join('\n');
}

const changedRow = (
  columns: readonly string[],
  { expected, found, columns: differing }: ChangedRow,
  style: Style,
): string[] => [
  style.warn('~'),
  ...columns.map((name) => {
    if (differing.includes(name))
      return style.warn(`${cellText(found[name])}, not ${cellText(expected[name])}`);
    return Object.hasOwn(found, name) ? cellText(found[name]) : '';
  }),
];

function workText(plan: TestPlan): string {
  const what = `${plan.operation === 'append' ? 'append to' : 'overwrite'} ${plan.target}`;
  if (plan.hours.length > 0) return `${what}, ${unitsLabel(plan, plan.hours)}`;
  const { range } = plan;
  return range === null ? what : `${what}, ${rangeLabel(range.first_hour, range.last_hour, plan)}`;
}

/** Says what the session of that step was going to do, and why. */
function planText({ process_name: name }: TestFailure, plan: TestPlan): string {
  const idle = plan.status === 'waiting' ? 'waits' : 'nothing new';
  const head = plan.status === 'work' ? workText(plan) : idle;
  const sources = plan.sources.map(({ table, rows, first_hour: first, last_hour: last, vtts_hour: vtts }) => {
    const news =
      rows === '0' && first === null
        ? 'nothing new'
        : `${plural(rows, 'new row')}${first === null || last === null ? '' : ` in ${rangeLabel(first, last)}`}`;
    return `  ${table}: ${news}${vtts === null ? '' : `, complete to ${hourLabel(vtts)}`}`;
  });
  const owed =
    plan.owed_hours.length === 0
      ? []
      : [
          `  owed: ${unitsLabel(plan, plan.owed_hours)}${plan.held_back_by === null ? '' : `, held back by ${plan.held_back_by}`}`,
        ];
  return [`plan of ${name} at that step: ${head}`, ...sources, ...owed].join('\n');
}
