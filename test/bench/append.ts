/**
 * A session that appends 100,000 and 1,000,000 new rows, beside the same SELECT written by plain DuckDB from
 * the same files in the same process.
 */
import fs from 'node:fs';
import path from 'node:path';
import { besideEachOther, type Cost, costLine, costOf, cpuRatio, ms, timingOf } from './measure.ts';
import { type BenchProject, benchProject, SELECT_LIST } from './project.ts';

const RUNS = 5;

export async function appendBench(): Promise<string[]> {
  const project = await benchProject();
  try {
    // Warm: tables exist, DuckDB's code is loaded.
    await project.land(1000, 0);
    await project.psyberg.run();
    return [
      ...(await appends(project, { rows: 100_000, firstHour: 1 })),
      ...(await appends(project, { rows: 1_000_000, firstHour: 1 + RUNS })),
    ];
  } finally {
    await project.close();
  }
}

async function appends(
  project: BenchProject,
  { rows, firstHour }: { readonly rows: number; readonly firstHour: number },
): Promise<string[]> {
  const { psyberg } = project;
  const [sessions, copies]: [Cost[], Cost[]] = [[], []];
  const stages: Record<string, number[]> = { init: [], load: [], audit: [], publish: [] };
  for (let run = 0; run < RUNS; run += 1) {
    const hour = firstHour + run;
    await project.land(rows, hour);
    const copy = path.join(project.root, 'copy');
    const [session, plain] = await besideEachOther(
      run,
      () =>
        costOf(async () => {
          const [record] = await psyberg.run();
          if (record?.status !== 'published' || record.rows_written !== String(rows))
            throw new Error(`the session did not publish: ${JSON.stringify(record)}`);
          for (const [stage, seconds] of Object.entries(record.seconds)) stages[stage]?.push(seconds * 1000);
        }),
      () => costOf(() => plainCopy(psyberg, project.landedFiles(hour), copy)),
    );
    sessions.push(session);
    copies.push(plain);
    fs.rmSync(copy, { recursive: true, force: true });
  }
  return [
    `${rows.toLocaleString('en')} rows of 9 columns, 3 % late, into hourly partitions; two audits`,
    `  session, init to publish   ${costLine(sessions)}`,
    `    of which                 ${Object.entries(stages)
      .map(([stage, times]) => `${stage} ${ms(timingOf(times).medianMs)}`)
      .join(', ')}`,
    `  plain COPY, partitioned    ${costLine(copies)}`,
    `  ratio of the medians       ${cpuRatio(sessions, copies)}`,
  ];
}

/** The same SELECT from the same files, as a user of plain DuckDB writes it. */
export async function plainCopy(
  psyberg: { sql(query: string): Promise<unknown> },
  files: readonly string[],
  directory: string,
): Promise<void> {
  await psyberg.sql(
    `copy (select ${SELECT_LIST}, date_trunc('hour', event_ts) as event_hour from ${parquetOf(files)}) to '${directory}' (format parquet, partition_by (event_hour))`,
  );
}

/** `read_parquet(['…', …])`. */
export const parquetOf = (files: readonly string[]): string =>
  `read_parquet([${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')}])`;
