/** Makes the fragments of `inspect/rows_asked`: which rows are asked for. Values -> SQL. Pure. */
import { hourText } from '../model/hour.ts';
import { quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';
import { eventHourFragment, type TestColumn } from './test-rows.ts';

export interface RowsAsked {
  /** `namespace.name`. */
  readonly table: { readonly namespace: readonly string[]; readonly name: string };
  /** The event time, with the unit of an integer (`epoch_ms`, …); undefined if none is known. */
  readonly eventTime: (TestColumn & { readonly unit: string | undefined }) | undefined;
  /** False if the table has a column with the name that DuckDB gives to the file of a row. */
  readonly hasFileName: boolean;
  /** The user's condition, or an hour counted since 1970. */
  readonly rows: { readonly where: string } | { readonly hour: number };
  readonly rowLimit: number;
}

/** Fragments by their names. */
export const rowsAskedFragments = ({
  table,
  eventTime,
  hasFileName,
  rows,
  rowLimit,
}: RowsAsked): Readonly<Record<'file' | 'hour' | 'table' | 'condition' | 'row_limit', SqlFragment>> => ({
  file: statementFragment(hasFileName ? 'filename' : 'null::varchar'),
  hour:
    eventTime === undefined
      ? statementFragment('null::bigint')
      : eventHourFragment(eventTime, eventTime.unit),
  table: statementFragment(`${quoteIdentifier(table.namespace.join('.'))}.${quoteIdentifier(table.name)}`),
  condition: 'where' in rows ? statementFragment(rows.where) : inHour(eventTime, rows.hour),
  row_limit: statementFragment(String(Math.trunc(rowLimit))),
});

/** How many units of an integer time column an hour has. */
const HOUR_IN_UNITS: Readonly<Record<string, number>> = {
  epoch_s: 3600,
  epoch_ms: 3_600_000,
  epoch_us: 3_600_000_000,
};

/** Compares the column itself, so that files can be skipped. */
function inHour(column: RowsAsked['eventTime'], hour: number): SqlFragment {
  if (column === undefined) return statementFragment('false');
  const name = quoteIdentifier(column.name);
  const between = (first: string, end: string): SqlFragment =>
    statementFragment(`${name} >= ${first} and ${name} < ${end}`);
  const units = HOUR_IN_UNITS[column.unit ?? ''];
  if (units !== undefined) return between(String(hour * units), String((hour + 1) * units));
  const at = (text: string): string => `${quoteLiteral(text)}::${column.type}`;
  if (column.type === 'DATE') return statementFragment(`${name} = ${at(hourText(hour).slice(0, -10))}`);
  return between(at(hourText(hour)), at(hourText(hour + 1)));
}
