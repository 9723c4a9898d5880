/**
 * A session that appends 1,000,000 new rows, beside the same SELECT written by plain DuckDB from the same
 * files in the same process.
 */
import fs from 'node:fs';
import path from 'node:path';
import { ms, range, timingOf } from './measure.ts';
import { benchProject, SELECT_LIST } from './project.ts';

const ROWS = 1_000_000;
const RUNS = 5;

export async function appendBench(): Promise<string[]> {
  const project = await benchProject();
  try {
    // Warm: tables exist, DuckDB's code is loaded.
    await project.land(1000, 0);
    await project.psyberg.run();
    const session: number[] = [];
    const copy: number[] = [];
    const stages: Record<string, number[]> = { init: [], load: [], audit: [], publish: [] };
    for (let run = 1; run <= RUNS; run += 1) {
      await project.land(ROWS, run);
      const plain = async (): Promise<void> => {
        const startedMs = performance.now();
        await plainCopy(project.psyberg, project.landedFiles(run), path.join(project.root, 'copy'));
        copy.push(performance.now() - startedMs);
        fs.rmSync(path.join(project.root, 'copy'), { recursive: true, force: true });
      };
      // Turn about: whoever comes second finds the files in the page cache.
      if (run % 2 === 0) await plain();
      const startedMs = performance.now();
      const [record] = await project.psyberg.run();
      session.push(performance.now() - startedMs);
      if (record?.status !== 'published' || record.rows_written !== String(ROWS))
        throw new Error(`the session did not publish: ${JSON.stringify(record)}`);
      for (const [stage, seconds] of Object.entries(record.seconds)) stages[stage]?.push(seconds * 1000);
      if (run % 2 === 1) await plain();
    }
    const [ours, plain] = [timingOf(session), timingOf(copy)];
    return [
      `1,000,000 rows of 9 columns, 3 % late, into hourly partitions; two audits`,
      `session, init to publish   ${range(ours)}`,
      `  of which                 ${Object.entries(stages)
        .map(([stage, times]) => `${stage} ${ms(timingOf(times).medianMs)}`)
        .join(', ')}`,
      `plain COPY, partitioned    ${range(plain)}`,
      `ratio of the medians       ${(ours.medianMs / plain.medianMs).toFixed(2)}`,
    ];
  } finally {
    await project.close();
  }
}

/** The same SELECT from the same files, as a user of plain DuckDB writes it. */
export async function plainCopy(
  psyberg: { sql(query: string): Promise<unknown> },
  files: readonly string[],
  directory: string,
): Promise<void> {
  const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ');
  await psyberg.sql(
    `copy (select ${SELECT_LIST}, date_trunc('hour', event_ts) as event_hour from read_parquet([${list}])) to '${directory}' (format parquet, partition_by (event_hour))`,
  );
}
