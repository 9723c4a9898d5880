// Goal: faults that people make are found by tests of the kind that the sample worlds have. Method: small faults are put
// into the SQL of the sample processes, one at a time. Those of increments are played against tests that expect nothing:
// equality with a recompute in every order has to find them alone. Those of business rules are the same in the recompute:
// the rows that the sample tests expect have to find them, and a test of each proves that the recompute does not.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TestReport } from '../../src/model/test-record.ts';
import { readProject } from '../../src/project/read-project.ts';
import { runTests, type TestRequest } from '../../src/testing/run-tests.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Fault {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** Tests without expectations, by world: only orders and the recompute judge. */
const UNTOLD = {
  'member-lifecycle': `tests:
  - name: cancels
    process: cancel_fact_load
    arrivals:
      - rows:
          raw.raw_cancels: [{ event_id: 1, account_id: 7, processing_ts: 1694665800000 }, { event_id: 7, account_id: 10, processing_ts: 1694665800000 }]
          facts.cancel_request_fact: [{ event_id: 9, account_id: 7, request_ts: 2023-09-14T04:20:00Z }, { event_id: 8, account_id: 8, request_ts: 2023-09-14T04:10:00Z }]
      - rows:
          raw.raw_cancels: [{ event_id: 2, account_id: 8, processing_ts: 1694669400000 }, { event_id: 4, account_id: 7, processing_ts: 1694669500000 }]
      - rows:
          raw.raw_cancels: [{ event_id: 3, account_id: 9, processing_ts: 1694669300000 }]
          facts.cancel_request_fact: [{ event_id: 6, account_id: 9, request_ts: 2023-09-14T05:40:00Z }, { event_id: 5, account_id: 10, request_ts: 2023-09-14T05:50:00Z }]
  - name: sign-ups
    process: signup_fact_load
    arrivals:
      - rows: { raw.raw_signups: [{ event_id: 1, account_id: 1, plan: basic, country: de, processing_ts: 1694665800000 }] }
      - rows: { raw.raw_signups: [{ event_id: 2, account_id: 1, plan: premium, country: de, processing_ts: 1694669400000 }] }
      - rows: { raw.raw_signups: [{ event_id: 3, account_id: 2, plan: basic, country: us, processing_ts: 1694662200000 }] }
  - name: states
    process: account_state_dimension_load
    arrivals:
      - at: 2023-09-14T06:05:00Z
        rows:
          facts.signup_fact: [{ event_id: 1, account_id: 1, signup_ts: 2023-09-14T03:10:00Z, plan: basic, plan_rank: 1 }]
      - at: 2023-09-14T06:05:00Z
        rows:
          facts.account_plan_fact: [{ event_id: 2, account_id: 1, change_ts: 2023-09-14T04:15:00Z, plan: premium, plan_rank: 3 }]
      - at: 2023-09-14T06:05:00Z
        rows:
          facts.cancel_fact: [{ event_id: 3, account_id: 1, cancel_ts: 2023-09-14T05:15:00Z, churn_type: voluntary }]
`,
  flights: `tests:
  - name: departures
    processes: [departures_fact_load, route_hour_stats_load]
    arrivals:
      - rows: { raw.raw_departures: [{ departure_id: 1, scheduled_ts: 2001-01-01T05:10:00, delay_minutes: 0, distance_miles: 600, origin: ORD, destination: JFK }] }
      - rows: { raw.raw_departures: [{ departure_id: 2, scheduled_ts: 2001-01-01T06:30:00, delay_minutes: 20, distance_miles: 600, origin: ORD, destination: JFK }] }
      - rows: { raw.raw_departures: [{ departure_id: 3, scheduled_ts: 2001-01-01T05:50:00, delay_minutes: 90, distance_miles: 600, origin: ORD, destination: JFK }] }
`,
} as const;
type World = keyof typeof UNTOLD;

const CANCEL = 'processes/cancel_fact_load.sql';
const SIGNUP = 'processes/signup_fact_load.sql';
const STATE = 'processes/account_state_dimension_load.sql';
const FACT = 'processes/departures_fact_load.sql';
const STATS = 'processes/route_hour_stats_load.sql';
const BEFORE_CANCEL = `             and request.request_ts <= make_timestamptz(raw_cancels.processing_ts * 1000)
`;
const WINDOW = '    window: { before: 30d, key: account_id }\n';

/** What a session does with a part of the rows differs from what the query does with all. */
const OF_INCREMENTS: Readonly<Record<World, readonly Fault[]>> = {
  'member-lifecycle': [
    { what: 'requests after the cancel, too', file: CANCEL, from: BEFORE_CANCEL, to: '' },
    { what: 'requests of other hours without a window', file: CANCEL, from: WINDOW, to: '' },
    { what: 'a window that is too short', file: CANCEL, from: 'before: 30d', to: 'before: 0h' },
    {
      what: 'cancels numbered over all hours',
      file: CANCEL,
      from: 'select event_id,',
      to: 'select row_number() over (order by event_id) as number, event_id,',
    },
    {
      what: 'cancels counted over all hours',
      file: CANCEL,
      from: 'select event_id,',
      to: 'select count(*) over () as cancels, event_id,',
    },
    {
      what: 'the first cancel of an account',
      file: CANCEL,
      from: 'select event_id,',
      to: 'select min(event_id) over (partition by account_id) as first_event, event_id,',
    },
    {
      what: 'the time before',
      file: CANCEL,
      from: 'select event_id,',
      to: 'select lag(event_id) over (order by processing_ts) as before, event_id,',
    },
    {
      what: 'the wrong hour',
      file: CANCEL,
      from: 'make_timestamptz(processing_ts * 1000) as cancel_ts',
      to: 'make_timestamptz(processing_ts * 1000) - interval 1 hour as cancel_ts',
    },
    {
      what: 'the time of the load',
      file: CANCEL,
      from: 'select event_id,',
      to: 'select now() as loaded_at, event_id,',
    },
    { what: 'dice', file: CANCEL, from: 'select event_id,', to: 'select random() as dice, event_id,' },
    {
      what: 'the first hour of the session',
      file: CANCEL,
      from: 'select event_id,',
      to: 'select $first_hour as loaded_from, event_id,',
    },
    {
      what: 'sign-ups counted in an append',
      file: SIGNUP,
      from: 'select event_id,',
      to: 'select count(*) over () as signups, event_id,',
    },
    {
      what: 'sign-ups numbered in an append',
      file: SIGNUP,
      from: 'select event_id,',
      to: 'select row_number() over (order by processing_ts) as number, event_id,',
    },
    {
      what: 'one sign-up an account in an append',
      file: SIGNUP,
      from: 'from raw_signups',
      to: 'from raw_signups qualify row_number() over (partition by account_id order by processing_ts) = 1',
    },
    {
      what: 'the newest sign-up in an append',
      file: SIGNUP,
      from: 'from raw_signups',
      to: 'from raw_signups where processing_ts = (select max(processing_ts) from raw_signups)',
    },
    {
      what: 'a share in an append',
      file: SIGNUP,
      from: 'select event_id,',
      to: 'select 1.0 / sum(1) over () as share, event_id,',
    },
    {
      what: 'the time of the load in an append',
      file: SIGNUP,
      from: 'select event_id,',
      to: 'select current_timestamp as loaded_at, event_id,',
    },
    {
      what: 'dice in a dimension',
      file: STATE,
      from: 'select $first_hour::timestamptz as state_hour,',
      to: 'select $first_hour::timestamptz as state_hour, random()::double as dice,',
    },
    {
      what: 'the time of the load in a dimension',
      file: STATE,
      from: 'select $first_hour::timestamptz as state_hour,',
      to: 'select $first_hour::timestamptz as state_hour, now()::timestamptz as loaded_at,',
    },
    {
      what: 'a state of the next hour',
      file: STATE,
      from: 'select $first_hour::timestamptz as state_hour,',
      to: 'select $first_hour::timestamptz + interval 1 hour as state_hour,',
    },
  ],
  flights: [
    {
      what: 'departures numbered in an append',
      file: FACT,
      from: 'select departure_id,',
      to: 'select row_number() over () as number, departure_id,',
    },
    {
      what: 'the mean delay in an append',
      file: FACT,
      from: 'select departure_id,',
      to: 'select avg(delay_minutes) over () as mean, departure_id,',
    },
    {
      what: 'statistics of the route over all hours',
      file: STATS,
      from: '       count(*) as departures,',
      to: '       count(*) as departures, sum(count(*)) over (partition by origin) as all_departures,',
    },
    {
      what: 'a rank over all hours',
      file: STATS,
      from: '       count(*) as departures,',
      to: "       count(*) as departures, rank() over (order by date_trunc('hour', scheduled_ts)) as place,",
    },
    {
      what: 'statistics by the day',
      file: STATS,
      from: "date_trunc('hour', scheduled_ts) as",
      to: "date_trunc('day', scheduled_ts) as",
    },
    {
      what: 'statistics by the hour of departure',
      file: STATS,
      from: "date_trunc('hour', scheduled_ts) as",
      to: "date_trunc('hour', departed_ts) as",
    },
    {
      what: 'a share of all hours',
      file: STATS,
      from: '       count(*) as departures,',
      to: '       count(*) as departures, count(*) / sum(count(*)) over () as share,',
    },
  ],
};

/** The recompute runs the same wrong rule. */
const OF_RULES: Readonly<Record<World, readonly Fault[]>> = {
  'member-lifecycle': [
    { what: 'a lost negation', file: CANCEL, from: 'when exists', to: 'when not exists' },
    {
      what: 'another account',
      file: CANCEL,
      from: 'request.account_id = raw_cancels.account_id',
      to: 'request.account_id > raw_cancels.account_id',
    },
    {
      what: 'a dropped coalesce',
      file: STATE,
      from: 'else coalesce(new_plan, plan) end',
      to: 'else new_plan end',
    },
    {
      what: '< for >',
      file: STATE,
      from: 'last_plan.plan_rank > accounts.plan_rank',
      to: 'last_plan.plan_rank < accounts.plan_rank',
    },
    {
      what: 'a lost carry forward',
      file: STATE,
      from: '  from previous\n',
      to: '  from previous where false\n',
    },
  ],
  flights: [
    { what: '> for >=', file: STATS, from: 'delay_minutes >= 15', to: 'delay_minutes >= 150' },
    { what: 'a sum for a mean', file: STATS, from: 'avg(delay_minutes)', to: 'sum(delay_minutes)' },
    { what: 'a lost filter', file: STATS, from: ' filter (where delay_minutes >= 15)', to: '' },
  ],
};

/** The world with a fault, played. `untold`: by the tests that expect nothing. */
async function play(world: World, fault: Fault, untold: boolean, request: TestRequest): Promise<TestReport> {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-mutation-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const part of ['psyberg.yaml', 'processes', 'audits', 'tables', 'tests'])
    cpSync(join(ROOT, 'warehouse', world, part), join(root, part), { recursive: true });
  if (untold) {
    rmSync(join(root, 'tests'), { recursive: true });
    mkdirSync(join(root, 'tests'));
    writeFileSync(join(root, 'tests', 'untold.yaml'), UNTOLD[world]);
  }
  const file = join(root, fault.file);
  const sql = readFileSync(file, 'utf8');
  expect(sql.split(fault.from)).toHaveLength(2);
  writeFileSync(file, sql.replace(fault.from, fault.to));
  const project = readProject({ root });
  const name = project.processes.find((spec) => spec.file === file)?.processName as string;
  return runTests(project, { only: [name], ...request });
}

const casesOf = (faults: Readonly<Record<World, readonly Fault[]>>) =>
  (Object.keys(faults) as World[]).flatMap((world) =>
    faults[world].map((fault) => [world, fault.what, fault] as const),
  );

describe('without a fault', () => {
  const NONE: Fault = { what: 'none', file: CANCEL, from: 'select event_id,', to: 'select event_id,' };
  it('every test passes, also with each order through whole sessions', async () => {
    const report = await play('member-lifecycle', NONE, true, { wholeSessions: true });
    expect(report).toMatchObject({ failed: 0 });
    expect(report.tests.map(({ orders }) => orders)).toEqual([6]);
  });
});

describe('a fault of increments is found by the recompute', () => {
  it.each(casesOf(OF_INCREMENTS))('%s: %s', async (world, _what, fault) => {
    const { tests } = await play(world, fault, true, {});
    expect(tests.map(({ error }) => error)).toEqual(tests.map(() => null));
    expect(tests.filter(({ status }) => status === 'failed')).not.toEqual([]);
  });
});

describe('a fault of a rule is found by the rows that are expected', () => {
  it.each(casesOf(OF_RULES))('%s: %s', async (world, _what, fault) => {
    const { tests } = await play(world, fault, false, {});
    const failures = tests.flatMap((test) => test.failures);
    expect(failures).not.toEqual([]);
    // An audit may stop the run; rows that were published are those of the wrong rule.
    const differing = failures.filter(({ missing, extra }) => missing.length + extra.length > 0);
    expect(differing.filter(({ what }) => what === 'recompute')).toEqual([]);
  });
});
