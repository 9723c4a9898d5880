/**
 * Builds a process's query over relations that stand for its sources. ProcessSpec + relations -> SQL. Pure.
 */
import { type HourRange, hourText } from '../../model/hour.ts';
import type { ProcessSpec, TypedValue } from '../../model/process-spec.ts';
import { cteFragment, joinedFragment, renderStatement, userQueryFragment } from '../../statements/index.ts';

export interface QueryInput {
  /** Each alias with the query for its rows. */
  readonly sources: readonly { readonly alias: string; readonly rows: string }[];
  /** The values of `$first_hour` and `$last_hour`; undefined: no hours. */
  readonly hours: HourRange | undefined;
}

/** No session has this id. If it shows up in a row, any other id would do as well. */
export const ANY_SESSION = 'any session';

/** No session lands files at this time. If it shows up in a row, any other time would do as well. */
export const ANY_TIME = '1970-01-01T00:00:00.123Z';

/** The values that a process's SQL, or one of its audits, may name as `$name`. */
export function processValues(
  { processName, variables = {} }: Pick<ProcessSpec, 'processName' | 'variables'>,
  hours: HourRange | undefined,
): Readonly<Record<string, TypedValue>> {
  const { firstHour, lastHour } = hours ?? { firstHour: 0, lastHour: 0 };
  const moment = (hour: number): TypedValue => ({ type: 'TIMESTAMP', value: hourText(hour) });
  return {
    ...variables,
    psyberg_session_id: { type: 'VARCHAR', value: ANY_SESSION },
    process_name: { type: 'VARCHAR', value: processName },
    landed_at: { type: 'TIMESTAMPTZ', value: ANY_TIME },
    first_hour: moment(firstHour),
    last_hour: moment(lastHour),
    range_start: moment(firstHour),
    range_end: moment(lastHour + 1),
  };
}

/** SQL with the values that it names. */
export interface TypedQuery {
  readonly sql: string;
  readonly values: Readonly<Record<string, TypedValue>>;
}

export function queryOf(spec: ProcessSpec, { sources, hours }: QueryInput): TypedQuery {
  const values = processValues(spec, hours);
  const names = [...new Set(spec.parameters.map(({ name }) => name))];
  return {
    sql: renderStatement('test/process_query', {
      sources: joinedFragment(
        sources.map(({ alias, rows }) => cteFragment(alias, rows)),
        ',\n',
      ),
      query: userQueryFragment(spec.sql),
    }),
    values: Object.fromEntries(names.map((name) => [name, values[name] as TypedValue])),
  };
}
