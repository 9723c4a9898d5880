// Goal: 80 columns are enough for every table that the command line prints. Method: records with names as long
// as people make them, printed 80 and 140 columns wide; no line is longer, and where there is room nothing is
// cut.
import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/model/run-record.ts';
import type { TestResult } from '../../src/model/test-record.ts';
import { doctorText } from '../../src/report/doctor.ts';
import { documentText } from '../../src/report/document-text.ts';
import { explainPlans } from '../../src/report/explain.ts';
import { planOverview } from '../../src/report/plan-overview.ts';
import { runText } from '../../src/report/run-report.ts';
import { historyText, signalsText, statusText } from '../../src/report/status.ts';
import type { Style } from '../../src/report/style.ts';
import { testText } from '../../src/report/test-report.ts';
import { displayWidth } from '../../src/report/width.ts';
import { planOf } from '../support/session-data.ts';
import { hourAt } from '../support/world.ts';

const LONG = 'customer_account_subscription_state_dimension_load';
const TABLE = 'warehouse_of_the_company.customer_account_subscription_state_dimension';
const SECOND = 'warehouse_of_the_company.payment_service_provider_settlement_events';
const AT = '2026-11-28T23:59:59.123Z';

const PLAN = planOf({
  pattern: 'stateful',
  completeTo: 5,
  spec: { processName: LONG },
  target: { previousSessionId: '20230914051501' },
  sources: {
    settlement_events_of_the_provider: {
      table: 'payment_service_provider_settlement_events',
      added: [[2, 3], 26],
      owed: [5],
      vtts: 26,
      state: { totalRecords: 10n ** 15n },
    },
    requests: { awaited: true, loaded: false, vtts: 24 },
  },
});
const EXPLAINED = {
  ...PLAN,
  hours: PLAN.hours.map((hour) => ({
    ...hour,
    causes: hour.causes.map((cause) => ({ ...cause, snapshot_id: '8160943478014935151' })),
  })),
  reads: {
    rows: '123456789012',
    files: 1_234_567,
    bytes: '123456789012345',
    lookbacks: [1, 3, 6, 12].map((hours) => ({
      lookback_hours: hours,
      first_hour: hourAt(1),
      last_hour: hourAt(1 + hours),
      rows: '123456789012',
      files: 1_234_567,
      bytes: '123456789012345',
      missed_hours: 2160,
      missed_rows: '123456789012',
    })),
  },
};

const RECORD: RunRecord = {
  process_name: LONG,
  psyberg_session_id: '20230914061501',
  status: 'published',
  target: TABLE,
  operation: 'overwrite',
  published_snapshot_id: '5',
  branch: 'b',
  rows_read: '123456789',
  rows_written: '123456789',
  range: { first_hour: hourAt(-1), last_hour: hourAt(30) },
  owed_hours: [hourAt(40), hourAt(42), hourAt(44)],
  held_back_by: SECOND,
  skipped_null_event_times: '12',
  waited_seconds: 61,
  audits: [],
  seconds: { init: 0.1, load: 0.1, audit: 0.05, publish: 0.05, total: 125 },
  error: null,
};

const ROW = Object.fromEntries(
  Array.from({ length: 24 }, (_, index) => [
    `column_with_a_long_name_${index}`,
    `value ${index} of some length`,
  ]),
);
const TEST: TestResult = {
  name: 'a late settlement',
  file: 'tests/settlements.yaml',
  process_names: [LONG],
  status: 'failed',
  seconds: 1,
  orders: 2,
  error: null,
  failures: [
    {
      arrival: 2,
      order: [1, 2],
      what: 'rows',
      process_name: LONG,
      expected: null,
      actual: null,
      columns: Object.keys(ROW),
      missing: [ROW],
      extra: [ROW],
      changed: [],
      error: null,
      plan: null,
      rerun: 'psyberg test',
    },
  ],
};

const session = {
  process_name: LONG,
  psyberg_session_id: '20230914061501',
  target_table: TABLE,
  src_tables: SECOND,
  first_hour: hourAt(-1),
  last_hour: hourAt(30),
  rows_read: '123456789',
  rows_written: '123456789',
  new_files: '123456',
  new_bytes: '123456789',
  files_written: '123456',
  bytes_written: '123456789',
  created_at: AT,
};

const MARKED: Style = {
  strong: (text) => `\u001b[1m${text}\u001b[22m`,
  faint: (text) => `\u001b[2m${text}\u001b[22m`,
  good: (text) => `\u001b[32m${text}\u001b[39m`,
  warn: (text) => `\u001b[33m${text}\u001b[39m`,
  bad: (text) => `\u001b[31m${text}\u001b[39m`,
};

const PRINTED: Readonly<Record<string, (page: { width: number; style: Style }) => string>> = {
  status: (page) =>
    statusText(
      [
        {
          process_name: LONG,
          pattern: 'stateful',
          target: TABLE,
          target_exists: true,
          complete_to_hour: hourAt(5),
          sources: [
            {
              table: SECOND,
              exists: true,
              watermark: { snapshot_id: '1', committed_at: AT },
              head: { snapshot_id: '1', committed_at: AT },
              snapshots_behind: null,
              owed_hours: [hourAt(1), hourAt(3), hourAt(5), hourAt(30)],
            },
          ],
          branches: [],
          last_session: { psyberg_session_id: '20230914061501', status: 'audit-failed', created_at: AT },
        },
      ],
      page,
    ),
  history: (page) =>
    historyText(
      [
        { ...session, status: 'published', trigger: 'restate', reason: LONG, error: null },
        {
          ...session,
          status: 'refused',
          trigger: 'changes',
          reason: null,
          error: { code: 'adoption-skips-rows' },
        },
      ],
      page,
    ),
  signals: (page) =>
    signalsText(
      [
        {
          signal_name: TABLE,
          process_name: LONG,
          hour: hourAt(5),
          kind: 'reopened',
          psyberg_session_id: '20230914061501',
          created_at: AT,
          hours: [[hourAt(5), hourAt(7)]],
        },
      ],
      page,
    ),
  doctor: (page) =>
    doctorText(
      [
        { name: 'Node', status: 'ok', message: '24.1.0', hint: null },
        {
          name: `${LONG} < ${SECOND}`,
          status: 'warn',
          message: `${TABLE} keeps its snapshots for a shorter time than its readers need them\nsecond line of ${TABLE}`,
          hint: 'set history.expire.max-snapshot-age-ms, or run more often than the snapshots go',
        },
      ],
      page,
    ),
  plan: (page) => documentText(planOverview([PLAN, { ...PLAN, status: 'waiting', hours: [] }]), page),
  'plan --explain': (page) => explainPlans([EXPLAINED], page),
  run: (page) => runText(RECORD, { ...page, nameWidth: LONG.length }),
};

const longest = (text: string): number => Math.max(...text.split('\n').map(displayWidth));

describe('80 columns are enough for', () => {
  it.each(Object.entries(PRINTED))('%s', (_command, print) => {
    const narrow = print({ width: 80, style: MARKED });
    expect(narrow.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
    // What is cut in a narrow table is whole in a wide one.
    expect(print({ width: 400, style: MARKED })).not.toContain('…');
    expect(longest(print({ width: 140, style: MARKED }))).toBeGreaterThan(80);
  });

  it('the rows of a test, of which it says how many columns are left out', () => {
    const lines = testText(TEST, { width: 80 }).split('\n');
    const table = lines.slice(lines.findIndex((line) => line.includes('column')));
    expect(table.filter((line) => displayWidth(line) > 80)).toEqual([]);
    expect(table.join('\n')).toMatch(/and \d+ more columns, for which a line has no room/);
  });
});
