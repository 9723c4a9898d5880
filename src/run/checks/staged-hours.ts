/** Finds the hours of the rows that a session has staged, as its target stores them. */
import { SESSION_CATALOG } from '../../compile/index.ts';
import { columnOf, currentSchema, storedUnit } from '../../iceberg/event-time.ts';
import type { WithGrain } from '../../model/grain.ts';
import type { Hour } from '../../model/hour.ts';
import { statement, storedHour, tableFragment } from '../../statements/index.ts';
import type { StoredColumn } from '../../workload/port.ts';
import type { Audited } from '../session.ts';

/** The event time of the target as it is written: its plan may be older than the target. */
export function targetTime({ spec, composed }: Audited): StoredColumn {
  const name = spec.target.eventTime as string;
  const type = String(columnOf(currentSchema(composed.metadata), name)?.type ?? 'timestamptz');
  return { name, type, unit: storedUnit(type, undefined) ?? 'us' };
}

/** In which the target's rows are counted: a row of a date is of its whole day. */
export const unitOfRows = ({ unit }: StoredColumn, plan: WithGrain): WithGrain =>
  unit === 'day' ? { grain: 'day' } : plan;

/** In no order; each hour once. The staged rows must be shown. */
export async function hoursStaged({ spec, ports }: Audited, time: StoredColumn): Promise<Hour[]> {
  const rows = await ports.engine.query(
    statement('audit/hours_of_rows', {
      rows: tableFragment(SESSION_CATALOG, { namespace: ['staged'], name: spec.target.table.name }),
      ...storedHour(time),
    }),
    {},
  );
  return rows.map(({ hour }) => Number(hour));
}
