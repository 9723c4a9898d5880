/** Reads the rows of sources as PyIceberg or Spark do, what SQL over all of them gives, and what targets hold. */
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Name, Side } from './history.ts';
import type { Played } from './played.ts';
import { COLUMNS, sidesOf, wholeSql } from './processes.ts';
import { readBySpark } from './spark.ts';

const pathOf = ({ world }: Played, side: Side): string => join(world.root, `${side}.parquet`);

export async function readSources(played: Played): Promise<Record<Side, string[]>> {
  const found = played.columns;
  for (const side of played.changed)
    if (played.spark !== undefined)
      found[side] = await readBySpark(played.spark, `raw.${side}`, pathOf(played, side));
    else
      found[side] = (
        await played.python.ask<{ columns: string[] }>('read', {
          table: `raw.${side}`,
          to: pathOf(played, side),
        })
      ).columns;
  played.changed.clear();
  return found as Record<Side, string[]>;
}

const asText = (rows: readonly (readonly unknown[])[]): string[] =>
  rows
    .map((row) => JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
    .sort();

let duckdb: Promise<DuckDBInstance> | undefined;
async function onSources<Result>(
  played: Played,
  name: Name,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  duckdb ??= DuckDBInstance.create(':memory:');
  const connection = await (await duckdb).connect();
  try {
    await connection.run("set timezone = 'UTC'");
    for (const side of sidesOf[name])
      await connection.run(
        `create or replace temp view ${side} as from read_parquet('${pathOf(played, side)}${played.spark === undefined ? '' : '/*.parquet'}')`,
      );
    return await work(connection);
  } finally {
    connection.closeSync();
  }
}

const textsOf = (name: Name): string =>
  COLUMNS[name]
    .split(', ')
    .map((each) => `${each}::varchar`)
    .join(', ');

export const wantedRows = (played: Played, name: Name, limit: string): Promise<string[]> =>
  onSources(played, name, async (connection) =>
    asText(
      (
        await connection.runAndReadAll(`select ${textsOf(name)} from (${wholeSql(played.each, name, limit)})`)
      ).getRows(),
    ),
  );

export const copyWanted = (played: Played, name: Name, limit: string, path: string): Promise<unknown> =>
  onSources(played, name, (connection) =>
    connection.run(
      `copy (select * from (${wholeSql(played.each, name, limit)}) where ts is not null or ${name === 'copy'}) to '${path}' (format parquet)`,
    ),
  );

export async function foundRows({ world }: Played, name: Name, judged: string): Promise<string[]> {
  const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name });
  if (!exists) return [];
  return asText(
    (await world.psyberg.sql(`select ${textsOf(name)} from facts.${name} where ${judged}`))
      .rows as unknown[][],
  );
}
