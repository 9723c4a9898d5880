/** Has PyIceberg or Spark change a source, and takes their refusals for what they are. Operation -> snapshots. */
import { FIRST_DAY_MS, type Operation, type Rows, type Side } from './history.ts';
import { HOUR_MS, type Played } from './played.ts';
import { applySpark, type SparkOn } from './spark.ts';

/** With ids, and rows of other tables by theirs. */
function rowsOf(played: Played, batch: readonly Rows[]): unknown[] {
  const rows: unknown[] = [];
  const taken = new Set<number>();
  for (const { hour, count, k, v, id } of batch)
    for (let at = 0; at < count; at += 1) {
      let mine = id === undefined ? 0 : 1 + (id % Math.max(1, played.next - 1));
      if (mine === 0 || taken.has(mine)) mine = played.next++;
      taken.add(mine);
      const ms = hour === null ? null : FIRST_DAY_MS + hour * HOUR_MS + ((mine * 797) % 3600) * 1000;
      rows.push([mine, ms, k, v]);
    }
  return rows;
}

function withRows(played: Played, operation: Operation): Operation {
  const { batch, batches, operations, ...rest } = operation;
  return {
    ...rest,
    ...(batch === undefined ? {} : { rows: rowsOf(played, batch) }),
    ...(batches === undefined
      ? {}
      : { files: batches.map((each) => rowsOf(played, each)), name: `landed-${played.files++}` }),
    ...(operations === undefined ? {} : { operations: operations.map((each) => withRows(played, each)) }),
  };
}

export async function changeSource(
  played: Played,
  side: Side,
  operation: Operation,
  via: string,
): Promise<void> {
  const { python, cover, log } = played;
  if (operation.kind === 's-sql') return changeBySpark(played, side, operation);
  const what = `${operation.kind}${operation['move'] ?? operation['change'] ?? ''}${operation['branch'] === undefined ? '' : ' on branch'}`;
  try {
    // Of a file without statistics it takes any partition for NULL, and says so in its manifests.
    const bare = operation['bare'] === true && isUnpartitioned(played, side);
    await python.ask(operation.kind, { ...withRows(played, operation), bare, via, table: `raw.${side}` });
    cover(`${what} v${played.each.shapes[side].version}`);
  } catch (error) {
    const { message, cause } = error as Error;
    log.push(`  PyIceberg: ${message.slice(0, 300)}`);
    cover(`PyIceberg refuses ${what}: ${message.slice(0, 70)}`);
    if (/ServerError|RESTError|BadRequestError: (?!ValidationException)/.test(message))
      throw new Error(`catalog: ${message}\n${cause}`);
  }
}

async function changeBySpark(played: Played, side: Side, given: Operation): Promise<void> {
  const { spark, log, cover, each } = played;
  const operation = withRows(played, given);
  const what =
    (given['statements'] as string[]).find((text) => !/^(alter table \{t\} set|set)/.test(text)) ?? 'set';
  const short = what.replace(/\(?\{(full)?rows.*|where.*|table =>.*/, '').slice(0, 60);
  const { version, time } = each.shapes[side];
  try {
    await applySpark(spark as SparkOn, { operation, table: `raw.${side}`, time, version });
    cover(`${short} v${version}`);
  } catch (error) {
    const { message } = error as Error;
    log.push(`  Spark: ${message.slice(0, 300)}`);
    cover(`Spark refuses ${short}: ${message.slice(0, 90)}`);
    if (/ServerError|RESTException|ServiceFailure|Internal/i.test(message))
      throw new Error(`catalog: ${message}`);
  }
}

const isUnpartitioned = ({ each: { shapes, steps } }: Played, side: Side): boolean =>
  shapes[side].partition.length === 0 && !JSON.stringify(steps).includes('"kind":"spec"');

export const changeNoted = (played: Played, side: Side, operation: Operation): Promise<void> => {
  played.changed.add(side);
  return changeSource(played, side, operation, 'rest');
};
