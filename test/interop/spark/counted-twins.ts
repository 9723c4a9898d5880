/**
 * A process on Spark in the middle of whose INSERT there is time for something to break, and its twin on DuckDB
 * that nothing disturbs: rows of `raw.events` counted by hour.
 */
import { processFile } from '../../support/world.ts';

/** `asked`: columns beside the hour; `pauseMs`: how long each row takes Spark; `more`: of the header. */
export function countedTwins({
  asked,
  pauseMs,
  more = {},
}: {
  readonly asked: string;
  readonly pauseMs: number;
  readonly more?: object;
}): ReturnType<typeof processFile>[] {
  const counts = `select date_trunc('hour', ts) as hour, ${asked} from e`;
  const sleeps = `java_method('java.lang.Thread', 'sleep', ${pauseMs}L) = 'null'`;
  const header = (engine: string) => ({
    process_name: `counted_${engine}`,
    engine,
    pattern: 'stateful',
    sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
    target: { table: `facts.counted_${engine}`, event_time: 'hour', partition_by: ['hour(hour)'] },
    ...more,
  });
  return [
    processFile(header('spark') as never, `${counts} where ${sleeps} group by 1`),
    processFile(header('duckdb') as never, `${counts} group by 1`),
  ];
}
