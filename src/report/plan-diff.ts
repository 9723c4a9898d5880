/** Compares two files of plans. CompiledPlan[] twice -> value -> document. Pure. */
import { type Grain, type WithGrain, withGrain } from '../model/grain.ts';
import type { CompiledPlan, PlanSource } from '../model/plan.ts';
import { type Block, bad, type Document, faint, good, type Spans, strong } from './document.ts';
import { lineDiff } from './line-diff.ts';
import { bytesText, countText, rangeLabel, unitsLabel, unitsText } from './text.ts';

/** The value in the first file, and in the second. */
export interface Changed<Value> {
  readonly from: Value;
  readonly to: Value;
}
/** What only the second file has, and what only the first has. */
export interface SetChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Plain JSON. A fact on which both files agree is null. */
export interface ProcessDiff {
  readonly process_name: string;
  /** `added`: only the second file has a plan of the process. */
  readonly change: 'same' | 'changed' | 'added' | 'removed';
  readonly status: Changed<string | null> | null;
  readonly target: Changed<string | null> | null;
  readonly operation: Changed<string | null> | null;
  readonly base_snapshot_id: Changed<string | null> | null;
  /** Only for a process of days: each of `hours` and `owed_hours` is the first hour of a day. */
  readonly grain?: Grain;
  readonly range: Changed<CompiledPlan['range']> | null;
  readonly hours: SetChange | null;
  readonly owed_hours: SetChange | null;
  readonly held_back_by: Changed<string | null> | null;
  readonly follows: SetChange | null;
  readonly expected_hours: SetChange | null;
  readonly rows: Changed<string> | null;
  readonly bytes: Changed<string> | null;
  readonly heads: readonly (Changed<string | null> & { readonly table: string })[];
  readonly audits: SetChange | null;
  /**
   * The process's query as it would run: `-` before lines of the first file, `+` before those of the second.
   */
  readonly sql: string | null;
}

export interface PlansDiff {
  readonly from: string;
  readonly to: string;
  readonly processes: readonly ProcessDiff[];
}

interface PlansOfFile {
  readonly file: string;
  readonly plans: readonly CompiledPlan[];
}

/** Compares every process of either file, in the order of the second. Session ids do not count. */
export function plansDiff(from: PlansOfFile, to: PlansOfFile): PlansDiff {
  const planIn = ({ plans }: PlansOfFile, name: string): CompiledPlan | undefined =>
    plans.find((plan) => plan.process_name === name);
  const names = [...to.plans, ...from.plans].map((plan) => plan.process_name);
  return {
    from: from.file,
    to: to.file,
    processes: [...new Set(names)].map((name) => processDiff(name, planIn(from, name), planIn(to, name))),
  };
}

function processDiff(
  name: string,
  from: CompiledPlan | undefined,
  to: CompiledPlan | undefined,
): ProcessDiff {
  const both = <Value>(read: (plan: CompiledPlan) => Value): Changed<Value | null> | null => {
    const [old, recent] = [from, to].map((plan) => (plan === undefined ? null : read(plan))) as [
      Value | null,
      Value | null,
    ];
    return JSON.stringify(old) === JSON.stringify(recent) ? null : { from: old, to: recent };
  };
  const sets = (valuesOf: (plan: CompiledPlan) => readonly string[]): SetChange | null =>
    setChange(from === undefined ? [] : valuesOf(from), to === undefined ? [] : valuesOf(to));
  const sums = (field: 'rows' | 'bytes'): Changed<string> | null => {
    const [old, recent] = [sumOf(from, field), sumOf(to, field)];
    return old === recent ? null : { from: old, to: recent };
  };
  const facts = {
    status: both((plan) => plan.status),
    target: both((plan) => plan.target.table),
    operation: both((plan) => plan.target.operation),
    base_snapshot_id: both((plan) => plan.target.base_snapshot_id),
    range: both((plan) => plan.range),
    hours: sets((plan) => plan.hours.map(({ hour }) => hour)),
    owed_hours: sets((plan) => plan.owed_hours),
    held_back_by: both((plan) => plan.held_back_by),
    follows: sets((plan) => plan.follows ?? []),
    expected_hours: sets((plan) => plan.expected_hours ?? []),
    rows: sums('rows'),
    bytes: sums('bytes'),
    heads: headChanges(from, to),
    audits: sets(auditsOf),
    sql: sqlChange(from, to),
  };
  const isSame = Object.values(facts).every(
    (each) => each === null || (Array.isArray(each) && each.length === 0),
  );
  const change = from === undefined ? 'added' : to === undefined ? 'removed' : isSame ? 'same' : 'changed';
  return { process_name: name, change, ...withGrain(to ?? from ?? {}), ...facts };
}

function setChange(from: readonly string[], to: readonly string[]): SetChange | null {
  const [old, recent] = [new Set(from), new Set(to)];
  const added = [...recent].filter((each) => !old.has(each));
  const removed = [...old].filter((each) => !recent.has(each));
  return added.length + removed.length === 0 ? null : { added, removed };
}

const sumOf = (plan: CompiledPlan | undefined, field: 'rows' | 'bytes'): string =>
  String((plan?.sources ?? []).reduce((sum, source) => sum + BigInt(source[field]), 0n));

const auditsOf = ({ steps }: CompiledPlan): string[] =>
  steps.flatMap((step) => (step.kind === 'audit' ? [step.name] : []));

function headChanges(from: CompiledPlan | undefined, to: CompiledPlan | undefined): ProcessDiff['heads'] {
  const headIn = (plan: CompiledPlan | undefined, table: string): string | null =>
    plan?.sources.find((source: PlanSource) => source.table === table)?.head?.snapshot_id ?? null;
  const tables = [...(to?.sources ?? []), ...(from?.sources ?? [])].map(({ table }) => table);
  return [...new Set(tables)]
    .map((table) => ({ table, from: headIn(from, table), to: headIn(to, table) }))
    .filter((head) => head.from !== head.to);
}

/** A plan without work has no SQL; for a plan of an earlier release, the SQL of its insert is compared. */
function sqlChange(from: CompiledPlan | undefined, to: CompiledPlan | undefined): string | null {
  const [old, recent] = [from, to].map((plan) => plan?.query?.sql ?? insertOf(plan));
  if (old === undefined || recent === undefined) return null;
  const diff = lineDiff(old, recent);
  return diff === '' ? null : diff;
}

const insertOf = (plan: CompiledPlan | undefined): string | undefined =>
  plan?.steps.findLast((step) => step.stage === 'load' && step.name === 'insert')?.sql;

/** Writes what `psyberg plan diff` says. */
export function diffDocument({ from, to, processes }: PlansDiff): Document {
  const same = processes.filter(({ change }) => change === 'same');
  const others = processes.filter(({ change }) => change !== 'same');
  return [
    { kind: 'lines', level: 0, lines: [[faint(`from ${from} to ${to}`)]] },
    ...others.map(processBlock),
    ...(same.length === 0
      ? []
      : [
          {
            kind: 'lines',
            level: 0,
            lines: [[faint(sameText(same.map((each) => each.process_name)))]],
          } as const,
        ]),
  ];
}

const NAMES_SHOWN = 6;

function sameText(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).join(', ');
  return `no difference: ${shown}${names.length > NAMES_SHOWN ? ` and ${names.length - NAMES_SHOWN} more` : ''}`;
}

const WORDS: Readonly<Record<ProcessDiff['change'], Spans>> = {
  same: ['  no difference'],
  changed: [],
  added: ['  ', good('only in the second')],
  removed: ['  ', bad('only in the first')],
};

function processBlock(diff: ProcessDiff): Block {
  const facts = diff.change === 'changed' ? factsOf(diff) : [];
  return {
    kind: 'details',
    summary: [strong(diff.process_name), ...WORDS[diff.change]],
    blocks: [
      ...(facts.length === 0 ? [] : [{ kind: 'facts' as const, facts }]),
      ...(diff.sql === null || diff.change !== 'changed'
        ? []
        : [
            { kind: 'heading' as const, text: [strong('SQL')] },
            { kind: 'code' as const, language: 'diff' as const, text: diff.sql },
          ]),
    ],
  };
}

function factsOf(diff: ProcessDiff): [string, Spans][] {
  const facts: [string, string][] = [];
  const said = <Value>(
    name: string,
    change: Changed<Value> | null,
    textOf: (value: NonNullable<Value>) => string = String,
  ): void => {
    if (change === null) return;
    const text = (value: Value): string => (value === null || value === undefined ? 'none' : textOf(value));
    facts.push([name, `${text(change.from)} → ${text(change.to)}`]);
  };
  said('status', diff.status);
  said('target', diff.target);
  said('operation', diff.operation);
  said('range', diff.range, (range) => rangeLabel(range.first_hour, range.last_hour, diff));
  pushSets(facts, diff.grain === 'day' ? 'days' : 'hours', diff.hours, diff);
  pushSets(facts, 'owed', diff.owed_hours, diff);
  said('held back by', diff.held_back_by);
  pushNames(facts, 'follows', diff.follows);
  pushSets(facts, 'expected', diff.expected_hours, diff);
  said('new rows', diff.rows, countText);
  said('bytes', diff.bytes, bytesText);
  for (const head of diff.heads) said(`head of ${head.table}`, head);
  said('base', diff.base_snapshot_id);
  pushNames(facts, 'audits', diff.audits);
  return facts.map(([name, text]) => [name, [text]]);
}

function pushNames(facts: [string, string][], name: string, sets: SetChange | null): void {
  if (sets === null) return;
  const { added, removed } = sets;
  facts.push([name, [...added.map((each) => `+${each}`), ...removed.map((each) => `-${each}`)].join(', ')]);
}

function pushSets(facts: [string, string][], name: string, sets: SetChange | null, of: WithGrain): void {
  if (sets === null) return;
  const { added, removed } = sets;
  if (added.length > 0)
    facts.push([`${name} +`, `${unitsText(of, added.length)}: ${unitsLabel(of, added, 3)}`]);
  if (removed.length > 0)
    facts.push([`${name} -`, `${unitsText(of, removed.length)}: ${unitsLabel(of, removed, 3)}`]);
}
