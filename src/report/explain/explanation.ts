/**
 * Explains plans in a document for people: first the picture of all hours, then each process. Plans ->
 * document. Pure.
 */
import type { CompiledPlan } from '../../model/plan.ts';
import { columnsFollowed } from '../columns-followed.ts';
import { type Block, type Document, faint, type Spans, strong, type Tone, warn } from '../document.ts';
import { sqlChangedText } from '../sql-changed.ts';
import { plural, unitLabel } from '../text.ts';
import { followsBlocks } from './follows.ts';
import { gridLines, hourGrid, legendLine } from './grid.ts';
import { causesText, hoursHeading, owedLines, reasonsTable } from './hours.ts';
import type { HourMark } from './marks.ts';
import { sourceBlocks } from './sources.ts';
import { auditLines, queryBlocks, readsTable, statementsTable, stepBlocks } from './statements.ts';
import { planSummary, statusSpan } from './summary.ts';

export interface ExplainOptions {
  /** True: shows every file behind every hour. */
  readonly allCauses?: boolean;
  /** True: shows every statement whole, instead of one line each. */
  readonly steps?: boolean;
}

/** Shows the picture, then what each process would do and why. */
export function explanation(plans: readonly CompiledPlan[], options: ExplainOptions = {}): Document {
  const picture = gridPicture(plans);
  return [...(picture === undefined ? [] : [picture]), ...plans.map((plan) => processBlock(plan, options))];
}

/** Shows only the statements. */
export const stepsDocument = (plans: readonly CompiledPlan[]): Document =>
  plans.map((plan) => ({
    kind: 'details',
    summary: headline(plan),
    blocks: [{ kind: 'lines', lines: [[planSummary(plan)]] }, ...stepBlocks(plan)],
  }));

/** The least number of places beside the names. */
const LEAST_ROOM = 20;

/** The picture of hours × processes; undefined if no process knows of any hour. */
function gridPicture(plans: readonly CompiledPlan[]): Block | undefined {
  const longest = Math.max(0, ...plans.map(({ process_name: name }) => name.length));
  if (hourGrid(plans, LEAST_ROOM) === undefined) return undefined;
  return {
    kind: 'picture',
    draw: ({ width, paint }) => {
      const page = Number.isFinite(width) ? width : 80;
      const nameWidth = Math.min(longest, Math.floor(page * 0.4));
      const grid = hourGrid(plans, page - nameWidth - 2);
      if (grid === undefined) return [];
      const paintMark = (text: string, mark: HourMark): string => {
        const tone = TONES[mark];
        return tone === undefined ? text : paint(text, tone);
      };
      const text = { nameWidth, paintMark, paintHead: (head: string): string => paint(head, 'faint') };
      return [...gridLines(grid, text), legendLine(grid, text)];
    },
  };
}

const TONES: Readonly<Record<HourMark, Tone | undefined>> = {
  new: 'good',
  late: 'warn',
  between: 'strong',
  owed: 'bad',
  expected: 'strong',
  done: 'faint',
  none: undefined,
};

const headline = (plan: CompiledPlan): Spans => [
  strong(plan.process_name),
  `  ${plan.pattern}${plan.engine === 'spark' ? ' on Spark' : ''}  `,
  statusSpan(plan),
];

function processBlock(plan: CompiledPlan, options: ExplainOptions): Block {
  if (plan.status === 'nothing-new' || plan.status === 'follows') return idleBlock(plan, options);
  return {
    kind: 'details',
    summary: headline(plan),
    blocks: [
      {
        kind: 'lines',
        lines: [
          [planSummary(plan)],
          targetLine(plan),
          ...columnsFollowed(plan).map((text): Spans => [warn(text)]),
        ],
      },
      { kind: 'heading', text: [strong('What changed')] },
      ...sourceBlocks(plan),
      ...warningBlocks(plan),
      ...hourBlocks(plan, options),
      ...followsBlocks(plan),
      ...readBlocks(plan),
      ...queryBlocks(plan),
      ...auditBlocks(plan),
      ...statementBlocks(plan, options),
    ],
  };
}

/** A few lines for a process that has nothing to do, or not yet. */
const idleBlock = (plan: CompiledPlan, options: ExplainOptions): Block => ({
  kind: 'details',
  summary: headline(plan),
  blocks: [
    { kind: 'lines', lines: [...(plan.status === 'follows' ? [[planSummary(plan)]] : []), targetLine(plan)] },
    ...sourceBlocks(plan),
    ...warningBlocks(plan),
    ...hourBlocks(plan, options),
    ...followsBlocks(plan),
  ],
});

const heading = (text: string): Block => ({ kind: 'heading', text: [strong(text)] });

function targetLine(plan: CompiledPlan): Spans {
  const { target, psyberg_session_id: id } = plan;
  const complete =
    target.complete_to_hour === null ? '' : ` is complete to ${unitLabel(plan, target.complete_to_hour)}`;
  const base = target.base_snapshot_id === null ? '' : `, at snapshot ${target.base_snapshot_id}`;
  const state = complete === '' && base === '' ? ' is empty' : `${complete}${base}`;
  const what = target.exists ? state : ' does not exist: it is created from the columns of the query';
  return [faint(`${target.table}${what}; session ${id}`)];
}

function warningBlocks(plan: CompiledPlan): Block[] {
  const { warnings = [] } = plan;
  const changed = sqlChangedText(plan);
  const told = [
    ...(changed === undefined ? [] : [{ message: changed.what, hint: changed.hint }]),
    ...warnings,
  ];
  if (told.length === 0) return [];
  const lines = told.flatMap(({ message, hint }) => [[warn(message)], [faint(hint)]]);
  return [heading('Warnings'), { kind: 'lines', lines }];
}

function hourBlocks(plan: CompiledPlan, { allCauses = false }: ExplainOptions): Block[] {
  const blocks: Block[] = [];
  if (plan.hours.length > 0) blocks.push({ kind: 'heading', text: hoursHeading(plan) }, reasonsTable(plan));
  if (allCauses) blocks.push(heading('Causes'), causesText(plan));
  if (plan.owed_hours.length > 0)
    blocks.push(heading(plan.catchup === undefined ? 'Held back' : 'Owed'), owedLines(plan));
  return blocks;
}

function auditBlocks(plan: CompiledPlan): Block[] {
  const audits = auditLines(plan);
  return audits === undefined ? [] : [heading('Audits'), audits];
}

function statementBlocks(plan: CompiledPlan, { steps = false }: ExplainOptions): Block[] {
  if (plan.steps.length === 0) return [];
  const title = [strong('Statements'), faint(`: ${plural(plan.steps.length, 'step')}`)];
  if (steps) return [{ kind: 'heading', text: title }, ...stepBlocks(plan)];
  return [{ kind: 'heading', text: [...title, faint('; --steps prints them')] }, statementsTable(plan)];
}

/**
 * What the session reads. Left out for a plan of folders alone: no lookback would read files again, so there
 * is nothing to compare.
 */
const readBlocks = ({ reads, sources }: CompiledPlan): Block[] =>
  reads === undefined || sources.every(({ files_glob: glob }) => glob !== undefined)
    ? []
    : [heading('Reads'), readsTable(reads)];
