/** The table of signals. Plan + outcome -> rows. Pure. */
import type { Plan } from '../../model/plan.ts';
import { type RowOf, stateTable } from './state-table.ts';

/** A row is an announcement: the target is complete up to that hour. */
export const SIGNAL = stateTable({
  filesPerProcess: 16,
  keptStatement: 'state/kept_rows',
  columns: {
    process_name: 'string',
    signal_name: 'string',
    vtts_utc_dateint: 'int',
    vtts_utc_hour: 'int',
    kind: 'string',
    psyberg_session_id: 'string',
    created_at: 'timestamptz',
  },
});
export type SignalTableRow = RowOf<typeof SIGNAL>;

/** The announcement that the target is complete up to `hour`, or none when it was announced before. */
export function signalRows(
  plan: Plan,
  options: { readonly completeToHour: string | undefined; readonly createdAt: string },
): SignalTableRow[] {
  const { completeToHour } = options;
  if (completeToHour === undefined || completeToHour === plan.target.complete_to_hour) return [];
  return [
    signalRow({
      processName: plan.process_name,
      target: plan.target.table,
      psybergSessionId: plan.psyberg_session_id,
      completeToHour,
      createdAt: options.createdAt,
    }),
  ];
}

/** `completeToHour`: as an ISO text, included. */
export function signalRow(signal: {
  readonly processName: string;
  readonly target: string;
  readonly psybergSessionId: string;
  readonly completeToHour: string;
  readonly createdAt: string;
}): SignalTableRow {
  return {
    process_name: signal.processName,
    signal_name: signal.target,
    vtts_utc_dateint: signal.completeToHour.slice(0, 10).replaceAll('-', ''),
    vtts_utc_hour: String(Number(signal.completeToHour.slice(11, 13))),
    kind: 'complete',
    psyberg_session_id: signal.psybergSessionId,
    created_at: signal.createdAt,
  };
}
