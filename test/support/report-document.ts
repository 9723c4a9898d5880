/** A report as a value: what tests change a part of. */
import { hourText } from '../../src/model/hour.ts';
import type {
  ReportedProcess,
  ReportedSource,
  WarehouseReport,
} from '../../src/report/page/report-document.ts';
import type { HistoryRow } from '../../src/report/status.ts';

const DAY = 470_000;
/** The hour so many hours after midnight of the day. */
export const reportHour = (hour: number): string => hourText(DAY + hour);

export const reportedSource = (over: Partial<ReportedSource> = {}): ReportedSource => ({
  table: 'raw.events',
  event_time: 'ts',
  made_by: null,
  read_by: ['load'],
  landed_by: 'commits',
  landed_fields: [],
  filled_from_history: false,
  rows: { total: 1234, in_one_hour: 1200, counted: 34, spread: 0, without_hour: 0, without_landing: 0 },
  delay_hours: { p50: 0, p90: 0, p95: 0, p99: 2, max: 5 },
  late_rows: 34,
  lookbacks: [1, 3, 6, 12].map((hours, index) => {
    const rows = [30, 12, 0, 0][index] as number;
    return { lookback_hours: hours, rows, at_least: rows, at_most: rows };
  }),
  cells: [
    { event_hour: reportHour(0), landed_hour: reportHour(0), rows: 1200 },
    { event_hour: reportHour(0), landed_hour: reportHour(2), rows: 22 },
    { event_hour: reportHour(1), landed_hour: reportHour(6), rows: 12 },
  ],
  ...over,
});

export const historyRow = (over: Partial<HistoryRow> = {}): HistoryRow => ({
  process_name: 'load',
  psyberg_session_id: '20230914060000',
  status: 'published',
  target_table: 'facts.target',
  src_tables: 'raw.events',
  first_hour: reportHour(0),
  last_hour: reportHour(1),
  rows_read: '1234',
  rows_written: '1234',
  created_at: '2023-09-14T06:00:02.500Z',
  trigger: 'changes',
  reason: null,
  new_files: '2',
  new_bytes: '2048',
  files_written: '1',
  bytes_written: '1024',
  error: null,
  ...over,
});

export const reportedProcess = (over: Partial<ReportedProcess> = {}): ReportedProcess => {
  const name = over.process_name ?? 'load';
  return {
    process_name: name,
    pattern: 'stateful',
    file: `processes/${name}.sql`,
    sql: 'select id, ts from events',
    target: 'facts.target',
    event_time: 'ts',
    sources: [{ table: 'raw.events', event_time: 'ts', kind: 'events' }],
    audits: [{ name: 'unique', kind: 'unique', severity: 'block' }],
    status: {
      process_name: name,
      pattern: 'stateful',
      target: 'facts.target',
      target_exists: true,
      complete_to_hour: reportHour(1),
      sources: [
        {
          table: 'raw.events',
          exists: true,
          watermark: { snapshot_id: '11', committed_at: '2023-09-14T05:59:00.000Z' },
          head: { snapshot_id: '11', committed_at: '2023-09-14T05:59:00.000Z' },
          snapshots_behind: 0,
          owed_hours: [],
        },
      ],
      branches: [],
      last_session: {
        psyberg_session_id: '20230914060000',
        status: 'published',
        created_at: '2023-09-14T06:00:02.500Z',
      },
      sql_changed: null,
    },
    owed_hours: [],
    held_back_by: null,
    failing_audits: [],
    columns: [{ name: 'id', type: 'long', required: true }],
    writes: [
      {
        psyberg_session_id: '20230914060000',
        opened_at: '2023-09-14T06:00:00Z',
        rows_written: '1234',
        trigger: 'changes',
        reason: null,
        hours: [{ first_hour: reportHour(0), last_hour: reportHour(1), change: 'written' }],
        reopened: [],
        known_from: 'record',
        causes: [{ source: 'raw.events', partitions: 2, first_partitions: ['landing_hour=0'], files: 2 }],
      },
    ],
    savings: null,
    stages: [{ psyberg_session_id: '20230914060000', init: 0.4, load: 1.2, audit: 0.6, publish: 0.1 }],
    ...over,
  };
};

export const warehouseReport = (over: Partial<WarehouseReport> = {}): WarehouseReport => ({
  report_version: 1,
  project: 'lake',
  made_at: '2023-09-14T07:00:00.000Z',
  since: null,
  processes: [reportedProcess()],
  sources: [reportedSource()],
  sessions: [historyRow()],
  older_sessions: 0,
  tables: [
    {
      table: 'raw.events',
      rows: '1234',
      bytes: '4096',
      process_name: null,
      format_version: 2,
      snapshots: 3,
      last_commit_at: '2023-09-14T05:59:00.000Z',
      files: '3',
      partitioned_by: ['hour(ts)'],
      maintenance: null,
    },
  ],
  problems: [],
  ...over,
});
