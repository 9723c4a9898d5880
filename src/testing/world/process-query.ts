/** A process's query over relations that stand for its sources. ProcessSpec + relations -> SQL. Pure. */
import type { BoundValue } from '../../engine/index.ts';
import { type HourRange, hourText } from '../../model/hour.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { cteFragment, joinedFragment, renderStatement, userQueryFragment } from '../../statements/index.ts';

export interface QueryInput {
  /** Each alias, and the query of its rows. */
  readonly sources: readonly { readonly alias: string; readonly rows: string }[];
  /** What `$first_hour` and `$last_hour` are; undefined: no hours. */
  readonly hours: HourRange | undefined;
}

/** No session has this id: where it stands in a row, any other would do as well. */
export const ANY_SESSION = 'any session';

/** What a process's SQL, or an audit of it, may name as `$name`. */
export function processValues(
  { processName }: Pick<ProcessSpec, 'processName'>,
  hours: HourRange | undefined,
): Readonly<Record<string, BoundValue>> {
  const { firstHour, lastHour } = hours ?? { firstHour: 0, lastHour: 0 };
  return {
    psyberg_session_id: ANY_SESSION,
    process_name: processName,
    first_hour: hourText(firstHour),
    last_hour: hourText(lastHour),
    range_start: hourText(firstHour),
    range_end: hourText(lastHour + 1),
  };
}

export function queryOf(
  spec: ProcessSpec,
  { sources, hours }: QueryInput,
): { readonly sql: string; readonly parameters: Readonly<Record<string, BoundValue>> } {
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
    parameters: Object.fromEntries(names.map((name) => [name, values[name] as BoundValue])),
  };
}
