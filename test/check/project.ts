/** Projects in temporary folders, checked. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { checkProjectFolder } from '../../src/check/check-files.ts';
import type { CheckProblem } from '../../src/model/problem-codes.ts';

export const EVENTS =
  'create table raw.events (event_id bigint, account_id bigint, event_ts timestamptz, kind varchar, ms bigint) partitioned by (day(event_ts));\n';
export const REQUESTS = 'create table raw.requests (account_id bigint, request_ts timestamptz);\n';

export interface ProcessParts {
  readonly pattern?: string;
  /** Lines of YAML; default: the events as `e`. */
  readonly sources?: readonly string[];
  readonly target?: string;
  readonly more?: string;
}

/** A process of events; its header has eight lines unless more is asked for. */
export const processOf = (name: string, sql: string, parts: ProcessParts = {}): string => `/*---
process_name: ${name}
pattern: ${parts.pattern ?? 'stateful'}
sources:
${(parts.sources ?? ['{ table: raw.events, event_time: event_ts, alias: e }']).map((line) => `  - ${line}`).join('\n')}
target: ${parts.target ?? `{ table: facts.${name}, event_time: event_ts }`}
${parts.more ?? ''}---*/
${sql}
`;

export function projectWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-check-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(join(root, 'processes'));
  const all = { 'psyberg.yaml': 'name: checked\ncatalog: { warehouse: warehouse }\n', ...files };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

/** `file:line:column severity code message`, a line each. */
export const lineOf = ({ file, line, column, severity, code, message }: CheckProblem): string =>
  `${file}:${line}:${column} ${severity} ${code} ${message}`;

export async function problemsOf(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems } = await checkProjectFolder({ root: projectWith(files), environment: {} });
  return problems.map(lineOf);
}

/** What is found in one process of events and requests, beside what all of them share. */
export const foundIn = (sql: string, parts: ProcessParts = {}, more: Readonly<Record<string, string>> = {}) =>
  problemsOf({
    'tables/raw/events.sql': EVENTS,
    'processes/a.sql': processOf('a_load', sql, parts),
    ...more,
  });
