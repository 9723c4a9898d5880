/**
 * Folders of many small files: one session over 10,000 new ones beside a plain COPY of the same, the plan of a
 * folder of 100,000 that were read, and the ledger of 1,000,000.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openEngine } from '../../src/engine/index.ts';
import { summarizeLedger, unreadAmong } from '../../src/landing/ledger.ts';
import type { FilesSpec } from '../../src/model/files-source.ts';
import { tableName } from '../../src/model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../src/model/process-spec.ts';
import { open } from '../support/open-project.ts';
import { type Cost, costLine, costOf } from './measure.ts';

const NEW = 10_000;
const KNOWN = 100_000;
const LEDGER = 1_000_000;
const ROWS_PER_FILE = 5;
const RUNS = 3;

const LOAD = `/*---
process_name: orders_load
pattern: stateless
sources: [{ files: landing/*.jsonl, alias: orders, event_time: ordered_at }]
target: { table: raw.orders, event_time: ordered_at }
audits: [source_to_target_count]
---*/
select id, ordered_at, customer, amount, note from orders
`;

/** Where the project lies; `files` JSON lines in its folder. */
function makeProject(files: number): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  for (const folder of ['processes', 'landing']) fs.mkdirSync(path.join(root, folder));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(path.join(root, 'processes', 'orders_load.sql'), LOAD);
  for (let file = 0; file < files; file += 1)
    fs.writeFileSync(
      path.join(root, 'landing', `orders-${String(file).padStart(6, '0')}.jsonl`),
      linesOf(file),
    );
  return root;
}

const linesOf = (file: number): string =>
  Array.from({ length: ROWS_PER_FILE }, (_each, row) => {
    const id = file * ROWS_PER_FILE + row;
    const at = new Date(Date.UTC(2023, 8, 14) + id * 1000).toISOString();
    return `${JSON.stringify({ id, ordered_at: at, customer: `c${id % 997}`, amount: (id % 2000) / 100, note: 'by post' })}\n`;
  }).join('');

/** The first session over `files` new ones, and a plain COPY of the same, turn about. */
async function oneSession(files: number): Promise<string[]> {
  const root = makeProject(files);
  const engine = await openEngine();
  const [copies, sessions]: [Cost[], Cost[]] = [[], []];
  try {
    const names = fs.readdirSync(path.join(root, 'landing')).map((name) => path.join(root, 'landing', name));
    const list = `[${names.map((name) => `'${name}'`).join(', ')}]`;
    for (let run = 0; run < RUNS; run += 1) {
      const to = path.join(root, `copy-${run}.parquet`);
      copies.push(
        await costOf(() =>
          engine.execute({ sql: `copy (from read_json(${list})) to '${to}'`, parameters: {} }),
        ),
      );
      fs.rmSync(path.join(root, 'warehouse'), { recursive: true, force: true });
      const psyberg = await open({ project: root });
      // DuckDB and its extensions are loaded, as they are for COPY.
      await psyberg.sql('select 1');
      sessions.push(await costOf(() => psyberg.run()));
      await psyberg.close();
    }
  } finally {
    await engine.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
  return [
    `${files} new files, a session     ${costLine(sessions)}`,
    `the same, plain COPY             ${costLine(copies)}`,
  ];
}

/** A folder whose files were all read but a few, as a plan sees it. */
async function knownFolder(): Promise<string[]> {
  const root = makeProject(KNOWN);
  const psyberg = await open({ project: root });
  try {
    const first = await costOf(() => psyberg.run());
    const again: Cost[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      fs.writeFileSync(path.join(root, 'landing', `new-${run}.jsonl`), linesOf(KNOWN + run));
      again.push(await costOf(() => psyberg.plan()));
    }
    return [
      `${KNOWN} new files, a session    ${costLine([first])}`,
      `a plan over ${KNOWN} that were read  ${costLine(again)}`,
    ];
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** What planning asks of a ledger of many rows: how many count, and which of the files that are there. */
async function longLedger(): Promise<string[]> {
  const root = makeProject(1);
  const psyberg = await open({ project: root });
  try {
    await psyberg.run();
    const { internals } = psyberg;
    const [spec] = internals.project.processes as [ProcessSpec];
    const [{ files }] = spec.sources as [SourceSpec & { files: FilesSpec }];
    const table = internals.project.tables.fileTable;
    await psyberg.sql(`insert into ${tableName(table)}
      select process_name, src_files, 'landing/orders-' || i || '.jsonl', bytes, modified_at, etag, rows, psyberg_session_id, created_at, session_number, columns
      from ${tableName(table)}, range(${LEDGER - 1}) as t(i)`);
    const engine = await internals.engine();
    const ledger = { engine, fileTable: table, process: spec, session: 1n };
    const listed = Array.from({ length: NEW }, (_each, index) => ({
      path: `landing/orders-${index * 200}.jsonl`,
      bytes: 1n,
      modifiedAtUs: 0n,
      etag: null,
    }));
    const all: Cost[] = [];
    for (let run = 0; run < RUNS; run += 1)
      all.push(
        await costOf(async () => {
          await summarizeLedger(ledger, files);
          await unreadAmong(ledger, files, listed);
        }),
      );
    return [`a ledger of ${LEDGER} rows asked for ${NEW} files  ${costLine(all)}`];
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

export async function filesBench(): Promise<string[]> {
  return [
    ...(await oneSession(1)),
    ...(await oneSession(NEW)),
    ...(await knownFolder()),
    ...(await longLedger()),
  ];
}
