/**
 * What a look at a process on Spark reads: its query or one of its sources, and which sources are empty. Plan
 * -> statements of Spark. Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { usageError } from '../../model/errors.ts';
import { hourText } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import {
  identifierFragment,
  identifierListFragment,
  renderStatement,
  statement,
  statementFragment,
} from '../../statements/index.ts';
import { emptySourcesStatement } from '../empty-sources.ts';
import type { LimitedShape, LookDialect, LookRows, LookShape, LookStep } from '../look.ts';
import { beginsAnew, boundIn, processParameters, windowOf, windowsOf } from '../parameters.ts';
import { collectedTable } from '../session-tables.ts';
import { type BareStep, stepAround } from '../step-statements.ts';
import { hourInsert } from './load.ts';
import { queryRows, rowsWithin, sourceRows } from './source-rows.ts';
import { sparkAttach, sparkTexts } from './texts.ts';

/** The most rows that Spark's LIMIT takes. */
const ALL_ROWS = 2 ** 31 - 1;

const limited = (limit: number | undefined) => ({ row_limit: String(limit ?? ALL_ROWS) });

export const SPARK_LOOK: LookDialect = {
  rows,
  source,
  emptySources,
  texts(plan, spec, request) {
    if (patternOf(spec).readsPrevious) refuseUnwritten(plan, spec, request.shape);
    return sparkTexts(plan, spec, request);
  },
  attach: sparkAttach,
};

function rows(plan: Plan, spec: ProcessSpec, { shape, limit }: LimitedShape): LookRows {
  if (patternOf(spec).readsPrevious) return computedRows(plan, spec, { shape, limit });
  const window = windowOf(plan);
  const sources = queryRows(plan, spec, window);
  const own = renderStatement('look/own_query', {
    sources: sources.fragment,
    query: rowsWithin(plan, spec, window),
  });
  const { sql } = statement('look/query_rows', { query: statementFragment(own) });
  const values = { ...processParameters(plan, window), ...sources.parameters };
  return {
    before: [],
    rows: { kind: 'look/query_rows', name: 'query_rows', ...withLimit(sql, spec, values, limit) },
  };
}

/** Each hour is written beside the target before the next one reads it; nothing of it stays. */
function computedRows(plan: Plan, spec: ProcessSpec, { shape, limit }: LimitedShape): LookRows {
  refuseUnwritten(plan, spec, shape);
  const columns = identifierListFragment(shape.columns.map(({ name }) => name));
  const { sql } = statement('look/computed_rows', { columns, rows: collectedTable(spec) });
  return {
    before: windowsOf(plan).map((window, index) => ({
      kind: 'compile/compute_hour',
      name: `compute_hour ${hourText(window.firstHour)}`,
      ...hourInsert(plan, spec, window, {
        previous: index === 0 && !beginsAnew(plan) ? 'target' : 'collected',
      }),
    })),
    rows: { kind: 'look/computed_rows', name: 'computed_rows', ...withLimit(sql, {}, {}, limit) },
  };
}

/** There is no table of its own that its rows could go to. */
function refuseUnwritten(plan: Plan, spec: ProcessSpec, { fitsTarget }: LookShape): void {
  if (plan.target.exists && fitsTarget) return;
  const why = plan.target.exists
    ? `${plan.target.table} does not have all columns of its query yet`
    : `${plan.target.table} is not there yet`;
  throw usageError(
    'engine-cannot',
    `${spec.processName} runs on Spark hour by hour, each hour written in the columns of its target, and ${why}: its rows cannot be computed without it`,
    {
      hint: `run it and look at its target: psyberg run ${spec.processName}`,
      context: { process_name: spec.processName },
    },
  );
}

function source(plan: Plan, alias: string, limit: number | undefined): LookRows {
  const sources = sourceRows(plan, windowOf(plan));
  const { sql } = statement('look/source_rows', {
    sources: sources.fragment,
    source: identifierFragment(alias),
  });
  const step = withLimit(sql, {}, sources.parameters, limit);
  return { before: [], rows: { kind: 'look/source_rows', name: `source_rows ${alias}`, ...step } };
}

function withLimit(
  sql: string,
  spec: Pick<ProcessSpec, 'variables'>,
  values: object,
  limit: number | undefined,
): BareStep {
  const step = stepAround(sql, boundIn(sql, { ...spec, engine: 'spark' }, values));
  return { ...step, parameters: { ...step.parameters, ...limited(limit) } };
}

function emptySources(plan: Plan): LookStep {
  const sources = sourceRows(plan, windowOf(plan));
  const { sql } = emptySourcesStatement(plan, sources.fragment);
  const bound = boundIn(sql, { engine: 'spark' }, sources.parameters);
  return { kind: 'look/empty_sources', name: 'empty_sources', ...stepAround(sql, bound) };
}
