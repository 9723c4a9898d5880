/**
 * What the table format asks of every session, whoever runs it: the source's metadata file and its newest
 * manifest list are read, since another program may have written them, and a metadata file is written of the
 * target, for its snapshot, and of the source, for the tag that keeps what was read from expiring.
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeWhole } from '../../src/catalog/files/write-whole.ts';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { type Cost, costOf, timingOf } from './measure.ts';
import type { BenchProject } from './project.ts';

const SOURCE = { namespace: ['raw'], name: 'events' };
const TARGET = { namespace: ['facts'], name: 'event_fact' };
const RUNS = 41;

/** Files as large as the tables' newest ones are read and written; nothing is parsed. */
export async function formatCost({ root, psyberg }: BenchProject): Promise<Cost> {
  const [source, target] = await Promise.all(
    [SOURCE, TARGET].map((table) => psyberg.internals.client.loadTable(table)),
  );
  if (source === undefined || target === undefined) throw new Error('the project has no tables');
  const list = mainSnapshot(source.metadata)?.['manifest-list'] ?? '';
  const folder = path.join(root, 'format-cost');
  const content = [source, target].map(({ metadataLocation }) => readFileSync(placeOf(metadataLocation)));
  const costs: Cost[] = [];
  for (let run = 0; run < RUNS; run += 1)
    costs.push(
      await costOf(async () => {
        for (const file of [source.metadataLocation, list]) readFileSync(placeOf(file));
        for (const [at, bytes] of content.entries()) await writeWhole(folder, `${run}-${at}`, bytes);
      }),
    );
  rmSync(folder, { recursive: true });
  const median = (kind: keyof Cost): number => timingOf(costs.map((cost) => cost[kind])).medianMs;
  return { wallMs: median('wallMs'), cpuMs: median('cpuMs') };
}

const placeOf = (location: string): string => location.replace(/^file:(\/\/)?/, '');
