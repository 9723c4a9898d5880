/**
 * `event-time-missing`, `event-time-type`, `window-key-missing`, `lookup-key-missing`: columns of sources
 * that a header names.
 */
import { eventTimeHint } from '../../model/event-time-hint.ts';
import { tableName } from '../../model/names.ts';
import type { EventTimeUnit } from '../../model/process-spec.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import type { CheckedProcess, CheckedSource } from '../facts.ts';
import { columnOfName, type Found, perProcess } from './rule.ts';

export const sourceColumns = perProcess((process) =>
  process.sources.flatMap((source) => [
    ...eventTimeOf(process, source),
    ...windowKeyOf(process, source),
    ...lookupKeyOf(process, source),
  ]),
);

function eventTimeOf({ file, draft }: CheckedProcess, { spec, index, columns }: CheckedSource): Found[] {
  const { eventTime, eventTimeUnit } = spec;
  if (eventTime === undefined || columns === undefined) return [];
  const column = columnOfName(columns, eventTime);
  const table = tableName(spec.table);
  const place = draft.placeOf(['sources', index, 'event_time']);
  if (column === undefined)
    return [
      {
        code: 'event-time-missing',
        file,
        place,
        message: `the source ${table} has no column '${eventTime}'`,
        hint: didYouMean(
          eventTime,
          columns.map(({ name }) => name),
          'its columns',
        ),
      },
    ];
  if (holdsTime(column.type, eventTimeUnit)) return [];
  return [
    {
      code: 'event-time-type',
      file,
      place,
      message: `the event time ${table}.${column.name} is of type ${column.type}, expected a timestamp, a date, or an integer with a unit`,
      hint: eventTimeHint(column.name, {
        isInteger: INTEGERS.test(column.type),
        times: columns.filter(({ type }) => TIMES.test(type)).map(({ name }) => name),
      }),
    },
  ];
}

/** Types as DuckDB names them, in full or in short; smaller integers are stored as these. */
const TIMES = /^(?:TIMESTAMP(?: WITH TIME ZONE|TZ|_NS)?|DATE)$/i;
const INTEGERS = /^(?:TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER)$/i;

const holdsTime = (type: string, unit: EventTimeUnit | undefined): boolean =>
  TIMES.test(type) || (unit !== undefined && INTEGERS.test(type));

/** The source of the window must have the key, and so must every source without a window. */
function windowKeyOf({ spec, file, draft, sources }: CheckedProcess, source: CheckedSource): Found[] {
  const key = source.spec.window?.key;
  if (key === undefined) return [];
  return sources
    .filter((each) => each === source || (each.spec.window === undefined && each.spec.lookup === undefined))
    .flatMap((each): Found[] => {
      if (each.columns === undefined || columnOfName(each.columns, key) !== undefined) return [];
      const names = each.columns.map(({ name }) => name).join(', ');
      return [
        {
          code: 'window-key-missing',
          file,
          place: draft.placeOf(['sources', source.index, 'window', 'key']),
          message: `${tableName(each.spec.table)} has no column '${key}', by which a window of ${spec.processName} is to be narrowed`,
          hint: `name a column that the source of the window and every source without one have, or remove the key; ${tableName(each.spec.table)} has ${names}`,
        },
      ];
    });
}

/** The lookup must have the key, and so must another source. */
function lookupKeyOf({ spec, file, draft, sources }: CheckedProcess, source: CheckedSource): Found[] {
  const { key } = source.spec.lookup ?? {};
  if (key === undefined) return [];
  const name = tableName(source.spec.table);
  const found = (message: string, hint: string): Found[] => [
    {
      code: 'lookup-key-missing',
      file,
      place: draft.placeOf(['sources', source.index, 'key']),
      message,
      hint,
    },
  ];
  if (source.columns !== undefined && columnOfName(source.columns, key) === undefined)
    return found(
      `the lookup ${name} has no column '${key}'`,
      `name one of its columns as key: ${source.columns.map((each) => each.name).join(', ')}; or remove the key, and a change computes all hours again`,
    );
  const others = sources.filter((each) => each.spec.lookup === undefined);
  // A source whose columns are not known may have it.
  if (others.some(({ columns }) => columns === undefined || columnOfName(columns, key) !== undefined))
    return [];
  return found(
    `no source of ${spec.processName} but the lookup ${name} has a column '${key}'`,
    'name a column that the lookup and another source have; or remove the key, and a change computes all hours again',
  );
}
