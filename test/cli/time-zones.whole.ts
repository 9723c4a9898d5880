// Goal: where a machine stands does not change what is planned. Method: one project across a change to and
// from daylight saving time, planned by the command line under three time zones; the bytes must be the same.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, expect, it } from 'vitest';
import { COMMAND_FILE } from '../support/command-file.ts';
import { makeProject, removeFolders } from './fixture.ts';

afterAll(removeFolders);

/** stdout of the command in a time zone. The session id is the clock's second: it is masked. */
function planUnder(zone: string, root: string, ...options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND_FILE, 'plan', ...options, '--project', root], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', TZ: zone },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(stdout.replaceAll(SESSION_ID, '<session>')) : reject(new Error(stdout + stderr)),
    );
  });
}
const SESSION_ID = /\b20\d{12}\b|(?<=_)20\d{12}\b/g;

const header = (name: string, pattern: string, extra: string) => `/*---
process_name: ${name}
pattern: ${pattern}${pattern === 'stateful' ? '\nhours: touched' : ''}
sources:
  - { table: raw.events, event_time: ts, alias: e, vtts: { sql: "select timestamp '2023-11-05 12:00:00'" } }
  - { table: raw.days, event_time: day, alias: d, vtts: { sql: "select max(day) + 1 from lake.raw.days" } }
target:
  table: facts.${name}
  ${extra}
---*/
`;

it('the same plans, byte for byte, in Los Angeles, Kolkata and UTC, across both changes of daylight saving time', {
  timeout: 240_000,
}, async () => {
  const project = makeProject({
    'processes/stateless_load.sql': `${header('stateless_load', 'stateless', '')}select id, ts from e`,
    'processes/stateful_load.sql': `${header('stateful_load', 'stateful', 'event_time: ts')}select e.id, e.ts, d.label from e left join d on d.day = e.ts::date where e.ts >= $range_start and $first_hour is not null`,
  });
  // Los Angeles: 02:00 to 03:00 does not exist on 2023-03-12, and 01:00 to 02:00 is there twice on
  // 2023-11-05.
  await project.sql(
    'create schema raw',
    "create table raw.events (id bigint, ts timestamp, landed timestamptz) partitioned by (hour(landed)) with ('format-version' = '2')",
    "create table raw.days (day date, label varchar) with ('format-version' = '2')",
    "insert into raw.events select i, timestamp '2023-03-12 00:30:00' + to_hours(i), timestamptz '2023-03-12 08:00:00Z' + to_hours(i) from range(6) t(i)",
    "insert into raw.events select 10 + i, timestamp '2023-11-05 00:30:00' + to_minutes(30 * i), timestamptz '2023-11-05 07:30:00Z' + to_minutes(30 * i) from range(8) t(i)",
    "insert into raw.days values (date '2023-03-12', 'spring'), (date '2023-11-05', 'autumn')",
  );
  const plans = await Promise.all(
    ['America/Los_Angeles', 'Asia/Kolkata', 'UTC'].map((zone) => planUnder(zone, project.root, '--json')),
  );
  const first = JSON.parse(plans[0] as string) as {
    plans: {
      process_name: string;
      hours: { hour: string }[];
      steps: unknown[];
      sources: { last_hour: string }[];
    }[];
  };
  const hours =
    first.plans.find((plan) => plan.process_name === 'stateless_load')?.hours.map((each) => each.hour) ?? [];
  expect(hours).toContain('2023-03-12T02:00:00Z');
  expect(hours).toContain('2023-11-05T01:00:00Z');
  expect(first.plans.every((plan) => plan.steps.length > 0)).toBe(true);
  const digests = plans.map((text) => createHash('sha256').update(text).digest('hex'));
  expect(new Set(digests).size, plans.join('\n')).toBe(1);
  const [west, east] = await Promise.all(
    ['America/Los_Angeles', 'Asia/Kolkata'].map((zone) => planUnder(zone, project.root, '--explain')),
  );
  expect(east).toBe(west);
});
