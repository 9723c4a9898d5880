/** A small project with tests, in a temporary folder: events, a fact of them, cancels beside requests. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TestReport } from '../../src/model/test-record.ts';
import { readProject } from '../../src/project/read-project.ts';
import { runTests, type TestRequest } from '../../src/testing/run-tests.ts';

export interface TestProject {
  readonly root: string;
  write(file: string, text: string): void;
  run(request?: TestRequest): Promise<TestReport>;
}

export interface ProcessText {
  readonly pattern?: string;
  readonly sources?: string;
  readonly sql: string;
  readonly eventTime?: string;
  readonly more?: string;
}

/** A process of `raw.cancels` (event_id, account_id, cancel_ts) and, if it names it, `raw.requests`. */
export const processText = (
  name: string,
  { pattern = 'stateful', sources, sql, eventTime = 'cancel_ts', more = '' }: ProcessText,
): string => `/*---
process_name: ${name}
pattern: ${pattern}
sources:
  - { table: raw.cancels, event_time: cancel_ts }
${sources ?? ''}target: { table: facts.${name}, event_time: ${eventTime} }
${more}---*/
${sql}
`;

export const WITH_REQUESTS = '  - { table: raw.requests, event_time: request_ts }\n';

const TABLES = {
  'tables/raw/cancels.sql':
    'create table raw.cancels (event_id bigint, account_id bigint, cancel_ts timestamptz, note varchar);\n',
  'tables/raw/requests.sql':
    'create table raw.requests (account_id bigint, request_ts timestamptz, fee decimal(6, 2));\n',
};

/** Removed when the running test ends; made in a hook, with the process. */
export function makeTestProject(
  files: Readonly<Record<string, string>>,
  { keep = false }: { readonly keep?: boolean } = {},
): TestProject {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-tests-'));
  const remove = () => rmSync(root, { recursive: true, force: true });
  if (keep) process.once('exit', remove);
  else onTestFinished(remove);
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  mkdirSync(join(root, 'processes'));
  const all = { 'psyberg.yaml': 'name: tested\ncatalog: { warehouse: warehouse }\n', ...TABLES, ...files };
  for (const [file, text] of Object.entries(all)) write(file, text);
  return { root, write, run: (request) => runTests(readProject({ root }), { from: root, ...request }) };
}

/** A cancel of that hour of 2023-09-14, as a row of YAML. */
export const cancel = (id: number, hour: number, account = id): string =>
  `{ event_id: ${id}, account_id: ${account}, cancel_ts: 2023-09-14T0${hour}:30:00Z }`;
export const request = (account: number, hour: number): string =>
  `{ account_id: ${account}, request_ts: 2023-09-14T0${hour}:10:00Z }`;

/** A test whose arrivals bring these rows, by table. */
export const testText = (
  name: string,
  process: string,
  arrivals: readonly Readonly<Record<string, readonly string[]>>[],
  more = '',
): string => `  - name: ${name}
    process: ${process}
${more}    arrivals:
${arrivals
  .map(
    (tables) =>
      `      - rows: { ${Object.entries(tables)
        .map(([table, rows]) => `${table}: [${rows.join(', ')}]`)
        .join(', ')} }`,
  )
  .join('\n')}
`;
