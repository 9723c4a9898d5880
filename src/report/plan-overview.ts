/** Shows plans as one line each. CompiledPlan[] -> document. Pure. */
import type { ErrorJson } from '../model/errors.ts';
import type { CompiledPlan } from '../model/plan.ts';
import { columnsFollowed } from './columns-followed.ts';
import { type Block, bad, type Document, faint, type Spans, strong, warn } from './document.ts';
import { followsRemarks } from './explain/follows.ts';
import { ignoredChanges } from './explain/lookups.ts';
import { planSummary, statusSpan, unplacedText } from './explain/summary.ts';
import { owedTexts } from './owed.ts';
import { sqlChangedText } from './sql-changed.ts';
import { bytesText, countText, unitsLabel } from './text.ts';

/** A process without a plan, and the reason. */
interface Refused {
  readonly process_name: string;
  readonly error: ErrorJson;
}

/** Writes what `psyberg plan` says. */
export function planOverview(plans: readonly CompiledPlan[], refused: readonly Refused[] = []): Document {
  if (plans.length === 0 && refused.length > 0) return refusals(refused);
  if (plans.length === 0)
    return [
      {
        kind: 'lines',
        level: 0,
        lines: [['the project has no processes; create one with: psyberg new process']],
      },
    ];
  const remarks = [
    ...plans.flatMap(warnings),
    ...plans.flatMap(sqlChanged),
    ...plans.flatMap(columns),
    ...plans.flatMap(setAside),
    ...plans.flatMap(ignored),
    ...plans.flatMap(owed),
    ...plans.flatMap(followsRemarks),
  ];
  return [
    tableOf(plans),
    ...(remarks.length === 0 ? [] : [{ kind: 'lines', level: 0, lines: remarks } as const]),
    ...refusals(refused),
  ];
}

/** Lists what a person has to decide; no lines if there is nothing. */
export const refusals = (refused: readonly Refused[]): Document =>
  refused.length === 0 ? [] : [{ kind: 'lines', level: 0, lines: refused.flatMap(refusal) }];

const refusal = ({ process_name: name, error: { code, message, hint } }: Refused): Spans[] => [
  [strong(name), ' ', bad(code === 'upstream-failed' ? 'waits for a person' : `needs a person (${code})`)],
  [bad(`  ${message}`)],
  ...(hint === null ? [] : [[faint(`  ${hint}`)]]),
];

function tableOf(plans: readonly CompiledPlan[]): Block {
  const sum = (plan: CompiledPlan, field: 'rows' | 'bytes'): string =>
    String(plan.sources.reduce((total, source) => total + BigInt(source[field]), 0n));
  return {
    kind: 'table',
    level: 0,
    head: ['process', 'status', 'new rows', 'bytes', 'a run would'],
    alignRight: [2, 3],
    fits: ['cut', 'keep', 'keep', 'drop', 'wrap'],
    rows: plans.map((plan): Spans[] => [
      [strong(plan.process_name)],
      [statusSpan(plan)],
      [plan.status === 'work' ? countText(sum(plan, 'rows')) : ''],
      [plan.status === 'work' ? bytesText(sum(plan, 'bytes')) : ''],
      [planSummary(plan)],
    ]),
  };
}

const warnings = ({ warnings: given = [] }: CompiledPlan): Spans[] =>
  given.flatMap(({ message, hint }) => [[warn(`warning: ${message}`)], [faint(`  ${hint}`)]]);

const sqlChanged = (plan: CompiledPlan): Spans[] => {
  const told = sqlChangedText(plan);
  return told === undefined ? [] : [[warn(`${plan.process_name}: ${told.what}`)], [faint(`  ${told.hint}`)]];
};

const columns = (plan: CompiledPlan): Spans[] =>
  columnsFollowed(plan).map((text) => [warn(`${plan.process_name}: ${text}`)]);

const ignored = (plan: CompiledPlan): Spans[] => ignoredChanges(plan).map((text) => [faint(text)]);

const setAside = (plan: CompiledPlan): Spans[] =>
  plan.sources.flatMap((source) => {
    const text = unplacedText(source, plan);
    return text === '' ? [] : [[warn(`${plan.process_name} sets aside of ${source.table}: ${text}`)]];
  });

/** Lists what is owed. What is expected of the processes that a plan follows is not owed by this run. */
function owed(plan: CompiledPlan): Spans[] {
  if (plan.catchup !== undefined)
    return owedTexts(plan).map((text) => [warn(`${plan.process_name}: ${text}`)]);
  const expected = new Set(plan.expected_hours ?? []);
  const hours = plan.owed_hours.filter((hour) => !expected.has(hour));
  if (plan.status !== 'work' || hours.length === 0) return [];
  const holder = plan.held_back_by === null ? '' : `: ${plan.held_back_by} is not complete for it`;
  return [[warn(`${plan.process_name} owes ${unitsLabel(plan, hours)}${holder}`)]];
}
