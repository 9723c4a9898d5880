/**
 * Shows the SQL of a plan: the process's own, its audits, and the engine's statements. Plan -> blocks. Pure.
 */
import { assertNever } from '../../model/errors.ts';
import type { WithGrain } from '../../model/grain.ts';
import type { CompiledPlan, PlanQuery, PlanReads } from '../../model/plan.ts';
import { type AuditStep, RUN_INPUTS, type Step, type StepValue } from '../../model/step.ts';
import { type Block, bad, code, faint, good, type Spans, strong, warn } from '../document.ts';
import { bytesText, countText, plural } from '../text.ts';

/** Compares what is read with what a fixed lookback would read and miss. */
export function readsTable(reads: PlanReads): Block {
  const counts = ({ rows, files, bytes }: Pick<PlanReads, 'rows' | 'files' | 'bytes'>): Spans[] => [
    [countText(rows)],
    [countText(files)],
    [bytesText(bytes)],
  ];
  return {
    kind: 'table',
    head: ['reads at most', 'rows', 'files', 'bytes', ''],
    alignRight: [1, 2, 3],
    fits: ['keep', 'keep', 'keep', 'keep', 'wrap'],
    rows: [
      [[strong('this plan')], ...counts(reads), [good('misses nothing')]],
      ...reads.lookbacks.map((each): Spans[] => [
        [`lookback ${each.lookback_hours} h`],
        ...counts(each),
        each.missed_hours === 0 && each.missed_rows === '0'
          ? ['misses nothing']
          : [bad(`misses ${plural(each.missed_hours, 'hour')}`), missedRows(each.missed_rows)],
      ]),
    ],
  };
}

const missedRows = (rows: string): string => (rows === '0' ? '' : `, ${plural(rows, 'row')}`);

/** Longer queries are cut here; `--steps` shows them whole. */
const QUERY_LINES_SHOWN = 60;

/** Shows the process's query with its sources, and the values bound in it. */
export function queryBlocks(plan: Pick<CompiledPlan, 'query' | 'sources' | 'grain'>): Block[] {
  const { query, sources } = plan;
  if (query === undefined) return [];
  const lines = query.sql.split('\n');
  const more = lines.length - QUERY_LINES_SHOWN;
  const text =
    more > 1 ? [...lines.slice(0, QUERY_LINES_SHOWN), `-- and ${more} more lines`].join('\n') : query.sql;
  const values = Object.entries(query.parameters).map(
    ([name, value]) => [`$${name}`, [valueText(value)]] as const,
  );
  return [
    { kind: 'heading', text: queryHeading(query, plan) },
    { kind: 'code', language: 'sql', text },
    ...(values.length === 0 ? [] : [{ kind: 'facts' as const, level: 2 as const, facts: values }]),
    ...(sources.some(({ window }) => window != null)
      ? [{ kind: 'lines' as const, level: 2 as const, lines: [[faint(LEFT_OUT)]] }]
      : []),
  ];
}

const LEFT_OUT = 'rows for hours beside those of the plan, from what the windows add, are left out';

const queryHeading = ({ runs }: PlanQuery, { grain = 'hour' }: WithGrain): Spans =>
  runs === 1
    ? [strong('SQL')]
    : [
        strong('SQL'),
        faint(` of the first of ${countText(runs)} ${grain}s; each reads the one before as previous`),
      ];

/** Lists the declared audits in their order. */
export function auditLines(plan: Pick<CompiledPlan, 'steps'>): Block | undefined {
  const audits = plan.steps.filter((step): step is AuditStep => step.kind === 'audit');
  if (audits.length === 0) return undefined;
  const named = audits.map(({ audit, severity }) =>
    severity === 'warn' ? warn(`${audit} (warns)`) : code(audit),
  );
  return {
    kind: 'lines',
    lines: [named.flatMap((span, index) => (index === 0 ? [span] : [', ', span]))],
  };
}

/** Lists the steps, one line each; hours that are computed alike share a line. */
export function statementsTable({ steps }: Pick<CompiledPlan, 'steps'>): Block {
  const rows: Spans[][] = [];
  const mayStop = steps.some(({ kind }) => kind === 'may-stop');
  for (const [index, step] of steps.entries()) {
    if (isOfHours(step) && isOfHours(steps[index - 1])) continue;
    const alike = isOfHours(step) ? countFrom(steps, index) : 1;
    rows.push([
      [faint(String(index + 1))],
      [step.stage],
      [alike === 1 ? step.name : `compute_hour, ${countText(alike)} hours`],
      [faint(isOfHours(step) && alike > 1 && mayStop ? 'the query of one hour; may stop' : doesWhat(step))],
    ]);
  }
  return { kind: 'table', head: [], alignRight: [0], fits: ['keep', 'keep', 'cut', 'wrap'], rows };
}

const isOfHours = (step: Step | undefined): boolean =>
  step?.kind === 'read-ahead' || step?.kind === 'compute-hour' || step?.kind === 'may-stop';

/** Counts the hours that are computed from there on; some of them may turn out not to need it. */
function countFrom(steps: readonly Step[], first: number): number {
  const end = steps.findIndex((step, index) => index > first && !isOfHours(step));
  return steps.slice(first, end < 0 ? undefined : end).filter(({ kind }) => kind === 'compute-hour').length;
}

/** Describes a statement in a few words. */
function doesWhat(step: Step): string {
  switch (step.kind) {
    case 'change-view':
      return 'shows only what is new of the source';
    case 'read-files':
      return 'reads the new files';
    case 'open-session':
      return 'pins sources and target, on a branch';
    case 'create-target':
      return 'creates the target, empty';
    case 'begin-main':
      return 'begins main with an empty snapshot';
    case 'clear-hours':
      return 'finds the files of the replaced hours';
    case 'carry-over':
      return 'writes their rows of other hours again';
    case 'begin-hours':
      return 'a temporary table for the hours';
    case 'read-ahead':
      return 'reads the rows of several hours';
    case 'compute-hour':
      return 'the query above, of one hour';
    case 'may-stop':
      return 'goes on only where the rows came out otherwise';
    case 'differing-hours':
      return 'finds the hours that came out otherwise';
    case 'end-hours':
      return 'the hours are computed';
    case 'insert':
      return 'writes the rows as data files';
    case 'compose-snapshot':
      return 'lists the files of the new snapshot';
    case 'count-sources':
      return 'counts the rows read, file by file';
    case 'count-staged':
      return 'counts the rows staged, where their writer does not tell';
    case 'audit':
      return step.counted ? 'compares the counts' : 'audits what is staged';
    case 'publish':
      return 'one commit: rows, watermarks, signal';
    case 'protect-watermarks':
      return 'keeps what was read from being expired';
    case 'end-name':
      return `takes away what ${step.ended} has left`;
    case 'close-session':
      return 'detaches the session, removes its files';
    default:
      return assertNever(step);
  }
}

/** Shows every step with its SQL and its bound values. */
export const stepBlocks = (plan: Pick<CompiledPlan, 'steps'>): Block[] =>
  plan.steps.flatMap((step, index): Block[] => {
    const values = Object.entries(step.parameters).map(
      ([name, value]) => [`$${name}`, [`= ${valueText(value)}`]] as const,
    );
    return [
      { kind: 'heading', text: [`  ${index + 1}. ${step.stage}  `, strong(step.name)] },
      { kind: 'code', language: 'sql', text: step.sql },
      ...(values.length === 0 ? [] : [{ kind: 'facts' as const, level: 2 as const, facts: values }]),
    ];
  });

const ITEMS_SHOWN = 3;

function valueText(value: StepValue): string {
  if (value !== null && typeof value === 'object' && 'from_run' in value)
    return `<${RUN_INPUTS[value.from_run]}>`;
  if (!Array.isArray(value)) return shorten(JSON.stringify(value));
  const shown = value.slice(0, ITEMS_SHOWN).map((item) => shorten(JSON.stringify(item)));
  return `[${shown.join(', ')}${value.length > ITEMS_SHOWN ? `, and ${value.length - ITEMS_SHOWN} more` : ''}]`;
}

const VALUE_WIDTH = 100;

/** Cuts the beginning: a path is recognized by its end. */
const shorten = (text: string): string =>
  text.length <= VALUE_WIDTH ? text : `…${text.slice(text.length - VALUE_WIDTH + 1)}`;
