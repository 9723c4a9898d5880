// Goal: `psyberg test` judges lookups by what their process means: with restate by the lookup at the end, with ignore by
// the one that the session of an hour used; and tells a key that is not the one of the join. Method: tests of a project
// with a lookup, played in one process.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readProject } from '../../src/project/read-project.ts';
import { runTests } from '../../src/testing/run-tests.ts';

const process = (name: string, header: string, sql: string): string => `/*---
process_name: ${name}
${header}
---*/
${sql}
`;
const QUERY = `select o.id, o.country, o.ts, c.region
from orders o left join countries c on c.country = o.country`;

const FILES: Readonly<Record<string, string>> = {
  'psyberg.yaml': 'name: shop\ncatalog: { warehouse: warehouse }\n',
  'tables/raw/orders.sql':
    'create table raw.orders (id integer, country varchar, note varchar, ts timestamp)',
  'tables/ref/countries.sql': 'create table ref.countries (country varchar, note varchar, region varchar)',
  'processes/ignoring.sql': process(
    'ignoring',
    'pattern: stateful\nsources: [{ table: raw.orders, event_time: ts }, { table: ref.countries, lookup: true }]\ntarget: { table: facts.ignoring, event_time: ts }',
    QUERY,
  ),
  'processes/restating.sql': process(
    'restating',
    'pattern: stateful\nsources: [{ table: raw.orders, event_time: ts }, { table: ref.countries, lookup: true, on_change: restate, key: note }]\ntarget: { table: facts.restating, event_time: ts }',
    QUERY,
  ),
  'tests/lookups.yaml': `tests:
  - name: hours keep what they had
    process: ignoring
    orders: 2
    arrivals:
      - rows: { raw.orders: [{ id: 1, country: DE, ts: 2024-03-01T05:10:00 }, { id: 2, country: US, ts: 2024-03-01T06:10:00 }] }
      - rows: { ref.countries: [{ country: DE, region: EU }, { country: US, region: AM }] }
        expect: { status: nothing-new }
      - rows: { raw.orders: [{ id: 3, country: DE, ts: 2024-03-01T06:20:00 }] }
        expect: { rows: [{ id: 1, region: null }, { id: 2, region: AM }, { id: 3, region: EU }] }
  - name: the key is not that of the join
    process: restating
    orders: given
    arrivals:
      - rows:
          raw.orders: [{ id: 1, country: DE, note: a, ts: 2024-03-01T05:10:00 }]
          ref.countries: [{ country: FR, note: a, region: EU }]
      - rows: { ref.countries: [{ country: DE, note: b, region: EU }] }
  - name: a lookup has no hours
    process: ignoring
    arrivals:
      - rows: { ref.countries: [{ country: DE }] }
        complete_to: { ref.countries: 2024-03-01T05 }
`,
};

it('judges lookups as their process means them', { timeout: 120_000 }, async () => {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-lookups-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  const { tests } = await runTests(readProject({ root, environment: {} }), { from: root });
  const of = (name: string) => tests.find((each) => each.name === name);
  expect(of('hours keep what they had')).toMatchObject({ status: 'passed', orders: 2 });
  expect(of('the key is not that of the join')).toMatchObject({
    status: 'failed',
    failures: [{ what: 'recompute', missing: [{ region: 'EU' }], extra: [{ region: null }] }],
  });
  expect(of('a lookup has no hours')?.error?.message).toContain(
    'ref.countries is a lookup: it has no hours, and none waits for it',
  );
});
