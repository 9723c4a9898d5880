/**
 * What Spark is asked where rows of a session are held against the same ones computed in another company.
 * Plan + spec + columns -> statements. Pure.
 */
import type { HourRange } from '../../model/hour.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import {
  comparedOnSpark,
  hourCountFragment,
  identifierFragment,
  identifierListFragment,
  inRangeFragment,
  joinedFragment,
  type RangeBound,
  type ReturnedColumn,
  renderStatement,
  type SqlFragment,
  sparkBoundFragment,
  sparkCteFragment,
  sparkExactFragment,
  sparkHourOfColumn,
  sparkReturnedFragment,
  sparkSumsFragments,
  statement,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import type { LookStep } from '../look.ts';
import { boundIn, processParameters } from '../parameters.ts';
import { sourceTable, stagedTable } from '../session-tables.ts';
import { stepAround } from '../step-statements.ts';
import { queryRows, rowsWithin, wholeSource } from './source-rows.ts';

/** As many as on DuckDB: enough to see rows that are taken together. */
const SAMPLED_ROWS = 100_000;

/** A stateless process's query over some rows of its sources, all at once and in two halves. */
export function sparkRowsApart(plan: Plan, spec: ProcessSpec, columns: readonly ReturnedColumn[]): LookStep {
  const compared = comparedOnSpark(columns);
  const over = (half: SqlFragment): SqlFragment => {
    const ctes = plan.sources.map((source) =>
      sparkCteFragment(
        source.alias,
        source.lookup === true ? wholeSource(plan, source) : sampledRows(source, half),
      ),
    );
    const query = { sources: joinedFragment(ctes, ',\n'), query: userQueryFragment(spec.sql) };
    return statementFragment(renderStatement('look/own_query', query));
  };
  const { sql } = statement('spark/rows_apart_on_spark', {
    columns: sparkReturnedFragment(compared),
    whole: over(statementFragment('true')),
    first_half: over(halfOf(0)),
    second_half: over(halfOf(1)),
    what_differs: whatDiffers(compared),
  });
  const bound = boundIn(sql, spec, processParameters(plan, undefined));
  return { kind: 'look/query_rows', name: 'rows_apart', ...stepAround(sql, bound) };
}

const halfOf = (number: 0 | 1): SqlFragment =>
  statementFragment(
    renderStatement('spark/half_of_rows_on_spark', { number: statementFragment(String(number)) }),
  );

const sampledRows = ({ alias, files }: PlanSource, half: SqlFragment): string =>
  renderStatement('spark/sampled_rows_on_spark', {
    source: sourceTable(alias),
    rows_of_each: hourCountFragment(Math.ceil(SAMPLED_ROWS / Math.max(1, files))),
    half,
  });

interface Hours {
  readonly compared: HourRange;
  readonly computed: HourRange;
  /** The event time of the target: its name, and its Iceberg type. */
  readonly time: { readonly name: string; readonly type: string };
}

/** The staged rows of some hours beside what the query gives for them, computed with others. */
export function sparkRowsAlone(
  plan: Plan,
  spec: ProcessSpec,
  { compared: hours, computed, time }: Hours,
  columns: readonly ReturnedColumn[],
): LookStep {
  const compared = comparedOnSpark(columns);
  const sources = queryRows(plan, spec, computed);
  const query = renderStatement('look/own_query', {
    sources: sources.fragment,
    query: rowsWithin(plan, spec, computed),
  });
  const eventTime = identifierFragment(time.name);
  const from: RangeBound = { parameter: 'range_start', later: hours.firstHour - computed.firstHour };
  const to: RangeBound = { parameter: 'range_end', later: hours.lastHour - computed.lastHour };
  const type = { type: time.type, unit: null };
  const { sql } = statement('spark/rows_alone_on_spark', {
    columns: sparkReturnedFragment(compared),
    query: statementFragment(query),
    staged_columns: identifierListFragment(compared.map(({ name }) => name)),
    staged: stagedTable(spec),
    near: statementFragment(
      renderStatement('spark/near_bounds', {
        event_time: eventTime,
        from: sparkBoundFragment(from, type),
        to: sparkBoundFragment(to, type),
      }),
    ),
    is_compared: inRangeFragment(sparkHourOfColumn(eventTime), hours.firstHour, hours.lastHour),
    what_differs: whatDiffers(compared),
  });
  const values = { ...processParameters(plan, computed), ...sources.parameters };
  return { kind: 'look/query_rows', name: 'rows_alone', ...stepAround(sql, boundIn(sql, spec, values)) };
}

const whatDiffers = (columns: readonly ReturnedColumn[]): SqlFragment =>
  statementFragment(
    renderStatement('spark/what_differs_on_spark', {
      exact_columns: sparkExactFragment(columns),
      ...sparkSumsFragments(columns),
    }),
  );
