/**
 * Random queries that are right by construction: what makes a row of the result lies in its own hour, or no
 * further away than a window reaches. Choices -> SQL with the columns ts (timestamptz), region and id.
 */
export interface ClosedOver {
  /** The aliases of sources, each with the SQL of its event time; `$` stands for the name of the table. */
  readonly sources: Readonly<Record<string, string>>;
  /** A source whose rows matter so many hours before. */
  readonly windowed?: { readonly alias: string; readonly time: string; readonly before: number } | undefined;
}

/** Each choice takes the next number. */
export function closedQuery(choices: readonly number[], { sources, windowed }: ClosedOver): string {
  let at = 0;
  let tables = 0;
  const choose = (count: number): number => (choices[at++ % choices.length] as number) % count;
  const oneOf = <Value>(values: readonly Value[]): Value => values[choose(values.length)] as Value;
  const timeOf = (time: string, table: string): string => time.replaceAll('$', table);

  /** Some are followed through the query, of others a session computes an hour once more. */
  const hourOf = (time: string): string =>
    oneOf([
      `date_trunc('hour', ${time})`,
      `date_trunc('hour', ${time})`,
      `time_bucket(interval '1 hour', ${time})`,
      `(${time} - (${time} - date_trunc('hour', ${time})))`,
      `strptime(strftime(${time}, '%Y-%m-%d %H'), '%Y-%m-%d %H')::timestamptz`,
      `(date_trunc('day', ${time}) + to_hours(extract(hour from ${time})::int))`,
    ]);
  const aggregate = (table: string): string =>
    oneOf([
      'count(*)',
      `sum(${table}.id)`,
      `max(${table}.id) - min(${table}.id)`,
      `count(*) filter (where ${table}.id % 2 = 0)`,
      `count(distinct ${table}.region)`,
      `list_sum(list(${table}.id order by ${table}.id))`,
    ]);

  function leaf(): string {
    const [alias, time] = oneOf(Object.entries(sources));
    const name = oneOf([alias, `t${tables++}`]);
    const where = oneOf(['', '', ` where ${name}.id % 3 <> 0`, ` where ${name}.region <> 'us'`]);
    return `select ${timeOf(time, name)} as ts, ${name}.region, ${name}.id from ${alias} as ${name}${where}`;
  }

  function rows(depth: number): string {
    if (depth === 0) return leaf();
    const [a, b] = [`t${tables++}`, `t${tables++}`];
    const inner = `(${rows(depth - 1)}) as ${a}`;
    const [hour, group] = [hourOf(`${a}.ts`), hourOf(`${a}.ts`)];
    const own = (): string => `(${rows(depth - 1)}) as ${b}`;
    const meets = `${hourOf(`${a}.ts`)} = ${hourOf(`${b}.ts`)} and ${a}.region = ${b}.region`;
    const makers: readonly (() => string)[] = [
      () => `select ${hour} as ts, ${a}.region, ${aggregate(a)} as id from ${inner} group by all`,
      () =>
        `select max(${a}.ts) as ts, ${a}.region, ${aggregate(a)} as id from ${inner} group by ${group}, 2`,
      () =>
        `select ${hour} as ts, ${a}.region, ${aggregate(a)} as id from ${inner} group by grouping sets ((1, 2), (1))`,
      () =>
        `select ${a}.ts, ${a}.region, ${oneOf(['count(*)', `sum(${a}.id)`])} over (partition by ${hour}${oneOf(['', `, ${a}.region`])}${oneOf(['', ` order by ${a}.ts`])}) as id from ${inner}`,
      () =>
        `select ${a}.ts, ${a}.region, ${a}.id from ${inner} qualify row_number() over (partition by ${hour} order by ${a}.id, ${a}.ts) <= 2`,
      () => `select ${a}.ts, ${a}.region, ${a}.id + ${b}.id as id from ${inner} join ${own()} on ${meets}`,
      () =>
        `select coalesce(${a}.ts, ${b}.ts) as ts, coalesce(${a}.region, ${b}.region) as region, coalesce(${a}.id, 0) - coalesce(${b}.id, 0) as id from ${inner} full join ${own()} on ${meets}`,
      () =>
        `select ${a}.ts, ${a}.region, ${a}.id from ${inner} ${oneOf(['semi', 'anti'])} join ${own()} on ${meets}`,
      () =>
        `(${rows(depth - 1)}) ${oneOf(['union all', 'union', 'except', 'intersect all'])} (${rows(depth - 1)})`,
      () => `select distinct ts, region, id from ${inner}`,
      () => `select ts, region, unnest([id, id + 1]) as id from ${inner}`,
      () =>
        `with ${b} as (${rows(depth - 1)}) select x.ts, x.region, x.id - y.most as id from ${b} as x join (select ${hourOf('ts')} as hour, max(id) as most from ${b} group by 1) as y on y.hour = ${hourOf('x.ts')}`,
      () => {
        const [alias, time] = oneOf(Object.entries(sources));
        const isOfHour = `${hourOf(timeOf(time, b))} = ${hour}`;
        return oneOf([
          `select ${a}.ts, ${a}.region, (select count(*) from ${alias} as ${b} where ${isOfHour} and ${b}.region = ${a}.region) as id from ${inner}`,
          `select ${a}.ts, ${a}.region, ${a}.id from ${inner} where not exists (from ${alias} as ${b} where ${isOfHour} and ${b}.id > ${a}.id)`,
        ]);
      },
      () => {
        if (windowed === undefined) return `select * from ${inner} where ts < $range_end`;
        const { alias, time, before } = windowed;
        const other = timeOf(time, b);
        const reached = oneOf([
          `${other} <= ${a}.ts and ${other} > ${a}.ts - interval ${before} hour`,
          `${other} between ${a}.ts - interval ${before * 60} minute and ${a}.ts`,
          `date_trunc('hour', ${other}) = date_trunc('hour', ${a}.ts) - interval ${before} hour`,
        ]);
        return oneOf([
          `select ${a}.ts, ${a}.region, ${b}.id from ${inner} join ${alias} as ${b} on ${b}.region = ${a}.region and ${reached}`,
          `select ${a}.ts, ${a}.region, ${a}.id from ${inner} anti join ${alias} as ${b} on ${b}.region = ${a}.region and ${reached}`,
          `select ${a}.ts, ${a}.region, (select count(*) from ${alias} as ${b} where ${b}.region = ${a}.region and ${reached}) as id from ${inner}`,
        ]);
      },
    ];
    return oneOf(makers)();
  }
  return `select ts, region, id::bigint as id from (${rows(1 + choose(3))}) as made`;
}
