/**
 * Whether a session gives an hour, or of a stateless process a row, what another session would. Audited ->
 * the same, or `hours-not-alone`, or `rows-not-alone`.
 *
 * A session computes the hours of which something changed, and what these are depends on what came when.
 * Where the SQL does not say by itself that an hour gets the same rows whichever others are computed beside
 * it (`plan/rows-alone.ts`), an hour is computed once more: alone where the session has several, and with its
 * neighbours where it has one. That is no proof; but a running total, a LAG, a LIMIT or a share of a total
 * comes out otherwise at once, and then nothing is published. A stateless session reads the rows that came
 * since the one before: some of them are read at once, and in two halves.
 */
import {
  boundIn,
  ownQuery,
  processParameters,
  restatesAppended,
  rowsApart,
  stagedTable,
} from '../../compile/index.ts';
import { fileLayoutOf, isLayout } from '../../iceberg/file-layout.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { unitHours, unitOf, unitStarts, type WithGrain } from '../../model/grain.ts';
import { type Hour, type HourRange, hourText } from '../../model/hour.ts';
import { ascending } from '../../model/hour-sets.ts';
import {
  exactColumnsFragment,
  fileColumnsFragment,
  noValuesFragment,
  renderStatement,
  statement,
  statementFragment,
  sumsDifferFragment,
} from '../../statements/index.ts';
import type { Audited } from '../session.ts';
import { showStaged } from '../stages/compose.ts';
import { hoursStaged, storedHour, targetTime } from './staged-hours.ts';

/** The same session, perhaps with its staged rows shown. Throws `hours-not-alone` and `rows-not-alone`. */
export async function checkRowsCompared(audited: Audited): Promise<Audited> {
  const { plan } = audited;
  if (plan.compares_rows !== true || audited.rowsWritten === 0n || restatesAppended(plan)) return audited;
  return patternOf(plan).loadsHours ? checkHours(audited) : checkHalves(audited);
}

async function checkHalves(audited: Audited): Promise<Audited> {
  const { plan, spec, ports } = audited;
  const fragments = comparedColumns(audited);
  if (fragments === undefined) return audited;
  const apart = statement('audit/rows_apart', { ...fragments, ...rowsApart(plan, spec) });
  const { parameters } = boundIn(apart.sql, spec, processParameters(plan, undefined));
  const [row] = await ports.engine.query(apart, parameters);
  const differing = inWords(row);
  if (differing !== undefined) throw rowsNotAlone(audited, differing);
  return audited;
}

async function checkHours(audited: Audited): Promise<Audited> {
  const { plan } = audited;
  const shown = await showStaged(audited);
  const time = targetTime(shown);
  // A row of a date is of its whole day.
  const unit: WithGrain = time.unit === 'day' ? { grain: 'day' } : plan;
  const staged = unitStarts(unit, ascending(await hoursStaged(shown, time)));
  const [first, last] = [staged[0], staged.at(-1)];
  if (first === undefined || last === undefined) return shown;
  const isOne = plan.hours.length * unitHours(plan) <= unitHours(unit);
  for (const start of new Set([first, last])) {
    const compared = unitOf(unit, start);
    const beside = isOne ? unitHours(unit) : 0;
    const computed = { firstHour: compared.firstHour - beside, lastHour: compared.lastHour + beside };
    const differing = await differingRows(shown, compared, computed);
    if (differing !== undefined) throw hoursNotAlone(shown, { start, unit, isOne, differing });
  }
  return shown;
}

/** In words; undefined: none. */
async function differingRows(
  audited: Audited,
  compared: HourRange,
  computed: HourRange,
): Promise<string | undefined> {
  const { plan, spec, ports } = audited;
  const fragments = comparedColumns(audited);
  if (fragments === undefined) return undefined;
  const query = ownQuery(plan, spec, computed);
  const [row] = await ports.engine.query(
    statement('audit/rows_alone', {
      ...fragments,
      query: statementFragment(query.sql),
      staged: stagedTable(spec),
      ...storedHour(targetTime(audited)),
    }),
    { ...query.parameters, compared_first: compared.firstHour, compared_last: compared.lastHour },
  );
  return inWords(row);
}

/** Undefined of a target that DuckDB does not write. */
function comparedColumns({ composed }: Audited) {
  const layout = fileLayoutOf(composed.metadata);
  if (!isLayout(layout)) return undefined;
  const { columns } = layout;
  return {
    columns: fileColumnsFragment(columns, []),
    no_values: noValuesFragment(columns),
    what_differs: statementFragment(
      renderStatement('fragments/what_differs', {
        exact_columns: exactColumnsFragment(columns),
        sums_differ: sumsDifferFragment(columns),
      }),
    ),
  };
}

interface Compared {
  readonly rows_differing: bigint;
  readonly values_differ: boolean;
}

function inWords(row: Compared | undefined): string | undefined {
  if (row === undefined) return undefined;
  if (row.rows_differing > 0n) return `rows that differ: ${row.rows_differing}`;
  return row.values_differ ? 'numbers differ' : undefined;
}

const anew = ({ sources }: Audited['plan']): string =>
  sources.some(({ read }) => read.kind === 'files')
    ? 'land the rows of the files as they are, and put them together in a process of its own with pattern: stateful, which computes each hour anew from all of its rows'
    : 'use pattern: stateful, which computes each hour anew from all of its rows';

function rowsNotAlone({ plan, spec }: Audited, differing: string): PsybergError {
  return refusal(
    'rows-not-alone',
    `${plan.process_name} gives other rows when those that it read are read in two halves (${differing}): its SQL takes rows together, and a stateless session never meets those of another one; nothing was published`,
    {
      hint: `${anew(plan)}; or take each row alone; where it is meant so, write accept: [rows-not-alone] in the header of ${spec.file}`,
      context: { process_name: plan.process_name, table: plan.target.table },
    },
  );
}

interface Difference {
  readonly start: Hour;
  readonly unit: WithGrain;
  /** The session has one hour, or day. */
  readonly isOne: boolean;
  readonly differing: string;
}

function hoursNotAlone({ plan, spec }: Audited, { start, unit, isOne, differing }: Difference): PsybergError {
  const name = unit.grain ?? 'hour';
  const how = isOne ? `beside the ${name}s around it` : 'alone';
  return refusal(
    'hours-not-alone',
    `${plan.process_name} gives the ${name} ${hourText(start)} other rows when it is computed ${how} than this session did (${differing}): its SQL takes rows of several ${name}s together, and which ${name}s a session computes depends on what came when; nothing was published`,
    {
      hint: `in ${spec.file} group by, partition by and join on the ${name}, date_trunc('${name}', …) of the event time; or say how far rows matter with window: { before: 1d } at the source; or use pattern: dimension, which has \`previous\`; where it is meant so, write accept: [hours-not-alone] in the header`,
      context: { process_name: plan.process_name, table: plan.target.table, hour: hourText(start) },
    },
  );
}
