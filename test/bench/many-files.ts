/**
 * A session of ten new files on a source of 1,000,000 data files, beside the same on one of 10,000. The files
 * are those of 10,000 hours; 100 manifests name them all.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type OpenedProject, open } from '../support/open-project.ts';
import { lengthen } from './long-history.ts';
import { type Cost, costLine, costOf } from './measure.ts';

const FILES = 10_000;
const NEW_FILES = 10;
const RUNS = 7;

const processOf = (name: string, pattern: string, target: string): string => `/*---
process_name: ${name}
pattern: ${pattern}
sources: [{ table: raw.events, event_time: ts }]
target: ${target}
audits: [source_to_target_count]
---*/
select id, ts from events
`;

export async function manyFilesBench(): Promise<string[]> {
  const lines: string[] = [];
  for (const manifests of [1, 100]) {
    const { append, overwrite } = await sessions(manifests);
    const files = (manifests * FILES).toLocaleString('en').padStart(9);
    lines.push(
      `${files} files   stateless  ${costLine(append)}`,
      `${files} files   stateful   ${costLine(overwrite)}`,
    );
  }
  return lines;
}

async function sessions(manifests: number): Promise<{ readonly append: Cost[]; readonly overwrite: Cost[] }> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  const processes = {
    append_load: processOf('append_load', 'stateless', '{ table: facts.appended }'),
    overwrite_load: processOf(
      'overwrite_load',
      'stateful',
      '{ table: facts.overwritten, event_time: ts, partition_by: [hour(ts)] }',
    ),
  };
  for (const [name, sql] of Object.entries(processes))
    fs.writeFileSync(path.join(root, 'processes', `${name}.sql`), sql);
  const psyberg = await open({ project: root });
  try {
    await load(psyberg, manifests);
    const [append, overwrite]: [Cost[], Cost[]] = [[], []];
    for (let run = 0; run < RUNS; run += 1) {
      await psyberg.sql(
        `insert into raw.events select i, timestamptz '2023-09-14' + to_hours(i::int + ${run * NEW_FILES}) from range(${NEW_FILES}) as t(i)`,
      );
      append.push(await costOf(() => publish(psyberg, 'append_load')));
      overwrite.push(await costOf(() => publish(psyberg, 'overwrite_load')));
    }
    return { append, overwrite };
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

async function load(psyberg: OpenedProject, manifests: number): Promise<void> {
  await psyberg.sql('create schema raw');
  await psyberg.sql(
    "create table raw.events (id bigint, ts timestamptz) partitioned by (hour(ts)) with ('format-version' = '2')",
  );
  await psyberg.internals.client.createNamespace(['facts']);
  await psyberg.sql("create table facts.appended (id bigint, ts timestamptz) with ('format-version' = '2')");
  await psyberg.sql(
    "create table facts.overwritten (id bigint, ts timestamptz) partitioned by (hour(ts)) with ('format-version' = '2')",
  );
  await psyberg.sql(
    `insert into raw.events select i, timestamptz '2020-01-01' + to_hours(i::int) from range(${FILES}) as t(i)`,
  );
  if (manifests > 1) await lengthen(psyberg, { namespace: ['raw'], name: 'events' }, manifests);
  for (const name of ['append_load', 'overwrite_load']) await psyberg.adopt(name);
}

async function publish(psyberg: OpenedProject, name: string): Promise<void> {
  const [record] = await psyberg.run([name]);
  if (record?.status !== 'published' || record.rows_written !== String(NEW_FILES))
    throw new Error(`${name} did not publish the new rows: ${JSON.stringify(record)}`);
}
