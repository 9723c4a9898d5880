/**
 * The project of `tests`: fifty tests as people write them, of three arrivals each, over every pattern, with
 * two sources, with windows, and chains. All of them are right, so every order is played to its end.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const TESTS = 50;

const TABLES: Readonly<Record<string, string>> = {
  cancels:
    'create table raw.cancels (event_id bigint, account_id bigint, cancel_ts timestamptz, plan varchar, amount decimal(8, 2));\n',
  requests:
    'create table raw.requests (request_id bigint, account_id bigint, request_ts timestamptz, reason varchar);\n',
};

const CANCELS = '  - { table: raw.cancels, event_time: cancel_ts }\n';
const requests = (more = ''): string => `  - { table: raw.requests, event_time: request_ts${more} }\n`;

interface Process {
  readonly pattern: string;
  readonly sources: string;
  readonly eventTime: string;
  readonly audits: string;
  readonly sql: string;
}

const PROCESSES: Readonly<Record<string, Process>> = {
  cancel_fact_load: {
    pattern: 'stateless',
    sources: CANCELS,
    eventTime: 'cancel_ts',
    audits: '  - source_to_target_count\n  - not_null: { columns: [event_id, cancel_ts] }\n',
    sql: 'select event_id, account_id, cancel_ts, upper(plan) as plan, amount * 1.19 as amount_gross\nfrom cancels',
  },
  cancel_count_load: {
    pattern: 'stateful',
    sources: CANCELS,
    eventTime: 'cancel_hour',
    audits: '  - unique: { columns: [cancel_hour, plan] }\n',
    sql: "select date_trunc('hour', cancel_ts) as cancel_hour, plan, count(*) as cancels, count(distinct account_id) as accounts, sum(amount) as amount\nfrom cancels\ngroup by all",
  },
  churn_fact_load: {
    pattern: 'stateful',
    sources: CANCELS + requests(),
    eventTime: 'cancel_ts',
    audits: '  - source_to_target_count\n  - unique: { columns: [event_id] }\n',
    sql: `select c.event_id, c.account_id, c.cancel_ts, case when exists (
    select 1 from requests r
    where r.account_id = c.account_id and date_trunc('hour', r.request_ts) = date_trunc('hour', c.cancel_ts))
  then 'voluntary' else 'involuntary' end as churn_type
from cancels c`,
  },
  recent_request_load: {
    pattern: 'stateful',
    sources: CANCELS + requests(', window: { before: 3h, key: account_id }'),
    eventTime: 'cancel_ts',
    audits: '  - not_null: { columns: [event_id] }\n',
    sql: `select c.event_id, c.account_id, c.cancel_ts, count(r.request_id) as recent_requests
from cancels c
left join requests r
  on r.account_id = c.account_id
 and date_trunc('hour', r.request_ts) between date_trunc('hour', c.cancel_ts) - interval 3 hour and date_trunc('hour', c.cancel_ts)
group by all`,
  },
  account_state_load: {
    pattern: 'dimension',
    sources: CANCELS,
    eventTime: 'state_hour',
    audits: '  - unique: { columns: [state_hour, account_id] }\n',
    sql: `select $first_hour::timestamptz as state_hour, account_id::bigint as account_id,
  (coalesce(previous.cancels, 0) + coalesce(now.cancels, 0))::bigint as cancels
from (select account_id, count(*) as cancels from cancels group by all) as now
full join previous using (account_id)`,
  },
  fact_count_load: {
    pattern: 'stateful',
    sources: '  - { table: facts.cancel_fact, event_time: cancel_ts }\n',
    eventTime: 'cancel_hour',
    audits: '  - unique: { columns: [cancel_hour] }\n',
    sql: "select date_trunc('hour', cancel_ts) as cancel_hour, count(*) as cancels, sum(amount_gross) as amount\nfrom cancel_fact\ngroup by all",
  },
};

const TARGETS: Readonly<Record<string, string>> = { cancel_fact_load: 'cancel_fact' };

/** What the tests are of, and how many there are of each. */
const KINDS: readonly { readonly processes: readonly string[]; readonly tests: number }[] = [
  { processes: ['cancel_fact_load'], tests: 10 },
  { processes: ['cancel_count_load'], tests: 12 },
  { processes: ['churn_fact_load'], tests: 10 },
  { processes: ['recent_request_load'], tests: 8 },
  { processes: ['account_state_load'], tests: 6 },
  { processes: ['cancel_fact_load', 'fact_count_load'], tests: 4 },
];

/** Writes it to a temporary folder; `remove` takes it away. */
export function testsProject(): { readonly root: string; remove(): void } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-tests-'));
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  write('psyberg.yaml', 'name: bench\ncatalog: { warehouse: warehouse }\n');
  for (const [name, ddl] of Object.entries(TABLES)) write(`tables/raw/${name}.sql`, ddl);
  for (const [name, { pattern, sources, eventTime, audits, sql }] of Object.entries(PROCESSES))
    write(
      `processes/${name}.sql`,
      `/*---
process_name: ${name}
pattern: ${pattern}
sources:
${sources}target: { table: facts.${TARGETS[name] ?? name.replace(/_load$/, '')}, event_time: ${eventTime} }
audits:
${audits}---*/
${sql}
`,
    );
  for (const { processes, tests } of KINDS)
    write(
      `tests/${processes.at(-1)}.yaml`,
      `tests:\n${Array.from({ length: tests }, (_each, index) => testText(processes, index)).join('')}`,
    );
  return { root, remove: () => fs.rmSync(root, { recursive: true, force: true }) };
}

/** Rows in order, late ones, and late ones again; each test has others. */
function testText(processes: readonly string[], index: number): string {
  const readsRequests = processes.some((name) => PROCESSES[name]?.sources.includes('raw.requests'));
  const arrivals = [
    { cancels: [row(index, 1, 4), row(index, 2, 5), row(index, 3, 6)], requests: [row(index, 1, 4)] },
    { cancels: [row(index, 4, 7), row(index, 5, 5)], requests: [row(index, 2, 5), row(index, 3, 3)] },
    { cancels: [row(index, 6, 4)], requests: [row(index, 4, 7)] },
  ];
  const rows = arrivals.map(
    (arrival) =>
      `      - rows:\n          raw.cancels:\n${arrival.cancels.map(cancel).join('')}${
        readsRequests ? `          raw.requests:\n${arrival.requests.map(request).join('')}` : ''
      }`,
  );
  return `  - name: ${processes.at(-1)} with late rows, ${index + 1}
    processes: [${processes.join(', ')}]
    arrivals:
${rows.map((text, at) => text + expectOf(processes, at)).join('')}`;
}

interface Row {
  readonly id: number;
  readonly account: number;
  readonly at: string;
}

const row = (test: number, id: number, hour: number): Row => ({
  id,
  account: 1 + ((test * 3 + id) % 4),
  at: `2023-09-14T0${hour}:${String(10 + ((test * 7 + id * 11) % 50)).padStart(2, '0')}:00Z`,
});
const cancel = ({ id, account, at }: Row): string =>
  `            - { event_id: ${id}, account_id: ${account}, cancel_ts: ${at}, plan: ${id % 2 === 0 ? 'basic' : 'premium'}, amount: ${id}.50 }\n`;
const request = ({ id, account, at }: Row): string =>
  `            - { request_id: ${id}, account_id: ${account}, request_ts: ${at}, reason: price }\n`;

/** What a person would write: the first and the last step, the rows of one column. */
const expectOf = (processes: readonly string[], arrival: number): string =>
  arrival === 0
    ? '        expect: { status: published }\n'
    : arrival === 2 && processes.at(-1) === 'churn_fact_load'
      ? `        expect: { operation: overwrite, rows: [${[1, 2, 3, 4, 5, 6].map((id) => `{ event_id: ${id} }`).join(', ')}] }\n`
      : '';
