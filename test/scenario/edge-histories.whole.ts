// Goal: with two windows and a lookup, sources of different completeness, event times of every unit that lie on the
// edges of hours, clocks that go back, and days and hours of other time zones across their changes, every target
// equals the same SQL over whole tables, and no hour stays owed. Method: random histories of one process, compared
// with plain SQL after every session; at the end all sources are complete. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED,
// _PATH and _REPORT as in histories.whole.ts.
import { expect, it } from 'vitest';
import {
  apart,
  columns,
  fileOf,
  firstHour,
  grainOf,
  type History,
  history,
  isJoined,
  KEYS,
  patternOf,
  type Row,
  SIDES,
  type Side,
  SQL_TYPE,
  type Step,
  sidesOf,
  sqlOf,
  T,
  typeOf,
  value,
} from '../support/edge-history.ts';
import { histories } from '../support/histories.ts';
import { createWorld, hourAt, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({
  shrinksByPath: true,
  runs: 8,
  timeLimitMs: (runs) => 60_000 + runs * 20_000,
});

interface Played {
  readonly h: History;
  readonly world: World;
  readonly log: string[];
  next: number;
  complete: Map<Side, number>;
}

const insertOf = (played: Played, s: Side, list: readonly Row[]): string =>
  `select * from (values ${list.map((each) => `(${played.next++}::bigint, ${KEYS(played.h, each.k)}, ${value(played.h, s, each)})`).join(', ')}) as rows(id, k, ts)`;

async function wholeSql(played: Played, limit: string): Promise<string> {
  const { h } = played;
  const ctes = sidesOf(h)
    .map((s) => `${s} as (from raw.${s})`)
    .join(', ');
  if (patternOf(h) === 'stateful') return `with ${ctes} ${sqlOf(h)}`;
  const inner = /select k, 1 \+ n1 \* 10 \+ n2 \* 100 as n from \(([\s\S]*)\) union all by name/.exec(
    sqlOf(h),
  )?.[1];
  const unit = grainOf(h);
  return `with ${ctes}, rows as (select k, ts, 1 + n1 * 10 + n2 * 100 as n from (${inner})),
    beginnings as (${begins(h)}),
    hours as (select unnest(generate_series((select date_trunc('${unit}', min(ts)) from beginnings), timestamptz '${limit}', interval 1 ${unit})) as hour)
    select hour as ts, k, sum(n)::bigint as n from hours join rows on rows.ts < hour + interval 1 ${unit} group by all`;
}
const begins = (h: History): string => `select ${T(typeOf(h, 'd'), 'ts')} as ts from d`;

const HONEST = ['history-expired', 'source-rewound'];

async function session(played: Played, untilComplete: boolean): Promise<void> {
  const { world, log } = played;
  const record = (await world.psyberg.run(['p'], { untilComplete })).at(-1);
  if (record === undefined) return;
  log.push(
    `   ${record.status} ${record.error?.code ?? ''} ${record.error?.message ?? ''} owes ${record.owed_hours} range ${JSON.stringify(record.range)}`,
  );
  cover(`${record.status} ${record.error?.code ?? ''}`);
  if (record.error !== null) {
    expect(HONEST, JSON.stringify(record)).toContain(record.error.code);
    return;
  }
  expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
  await compare(played, record as never);
}

async function compare(
  played: Played,
  record: { owed_hours: readonly string[]; catchup?: { later_hours: number } },
): Promise<void> {
  const { world, h } = played;
  let plan = await world.plan('p');
  const isLeft = (record.catchup?.later_hours ?? 0) > 0;
  if (
    !isLeft &&
    plan.status === 'work' &&
    plan.hours.every(({ reason }) => reason === 'reached' || reason === 'contiguous')
  ) {
    // Hours up to the newest one that a window reaches, rows or not.
    cover('reached hours follow');
    await world.run(['p']);
    plan = await world.plan('p');
  }
  if (!isLeft) expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
  if (!(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'p' }))) return;
  const limit = plan.target.complete_to_hour;
  if (limit === null) {
    expect(await world.rows('from facts.p')).toEqual([]);
    return;
  }
  const unit = grainOf(h);
  const owed = [...new Set([...plan.owed_hours, ...record.owed_hours])].sort();
  const units = owed.map((hour) => `date_trunc('${unit}', timestamptz '${hour}')`);
  const notOwed =
    units.length === 0
      ? 'true'
      : patternOf(h) === 'dimension'
        ? `ts::timestamptz < ${units[0]}`
        : `date_trunc('${unit}', ts::timestamptz) not in (${units})`;
  const judged = `ts < timestamptz '${limit}' + interval 1 hour and ${notOwed}`;
  const found = await world.rows(`select ${columns(h)} from facts.p where ${judged}`);
  const wanted = await world.rows(
    `select ${columns(h)} from (${await wholeSql(played, limit)}) where ${judged}`,
  );
  expect(found, `to ${limit}, owed ${owed}`).toEqual(wanted);
  expect(
    await world.rows(
      `select ${columns(h)} from facts.p where not (ts < timestamptz '${limit}' + interval 1 hour)`,
    ),
  ).toEqual([]);
  cover(`compared ${h.mode}${found.length === 0 ? ' (empty)' : ''}`);
  const [verified] = await world.psyberg.verify(['p']);
  expect(
    verified?.status,
    JSON.stringify(verified, (_, each) => (typeof each === 'bigint' ? String(each) : each), 1),
  ).not.toBe('different');
  cover(`verified ${verified?.error?.code ?? verified?.status}`);
}

async function apply(played: Played, step: Step): Promise<void> {
  const { world, h, log } = played;
  if ('side' in step && !sidesOf(h).includes(step.side)) return;
  const hasRows = async (where = 'true') =>
    'side' in step && (await world.rows(`select 1 from raw.${step.side} where ${where} limit 1`)).length > 0;
  const nowBase = Date.parse(hourAt(firstHour(h) + 60 + (grainOf(h) === 'day' ? 60 : 0)));
  switch (step.kind) {
    case 'land':
      return world.land(`raw.${step.side}`, insertOf(played, step.side, step.rows), 'name');
    case 'delete':
      if (await hasRows(`id % 3 = ${step.rest}`))
        await world.sql(`delete from raw.${step.side} where id % 3 = ${step.rest}`);
      return;
    case 'rekey':
      if (await hasRows(`id % 3 = ${step.rest}`))
        await world.sql(`update raw.${step.side} set k = ${KEYS(h, step.rest)} where id % 3 = ${step.rest}`);
      return;
    case 'move':
      if (await hasRows(`id % 3 = ${step.rest}`))
        await world.sql(
          `update raw.${step.side} set ts = ${value(h, step.side, { hour: step.rest * 2, offset: step.rest, k: 0 })} where id % 3 = ${step.rest}`,
        );
      return;
    case 'overwrite':
      if (!(await hasRows())) return;
      await world.changeFiles(`raw.${step.side}`, {
        operation: 'overwrite',
        remove: (files) => files.filter((_, index) => index === step.file % files.length),
        insert: insertOf(played, step.side, step.rows).replace('select *', 'select id, k, ts'),
      });
      return;
    case 'rollback': {
      const to = (await world.history(`raw.${step.side}`)).at(-1 - step.back);
      if (to !== undefined) await world.rollback(`raw.${step.side}`, to['snapshot-id']);
      return;
    }
    case 'complete': {
      if (step.side === 'l' || step.hour <= (played.complete.get(step.side) ?? -1)) return;
      played.complete.set(step.side, step.hour);
      await world.sql(
        `insert into aux.complete_${step.side} values (timestamptz '${hourAt((step.hour + 1) * apart(h) + firstHour(h))}')`,
      );
      return;
    }
    case 'clock':
      world.nowMs = Math.max(nowBase - 80 * 3_600_000, (world.nowMs as number) + step.hours * 3_600_000);
      return;
    case 'session':
      return session(played, step.untilComplete);
    case 'restate': {
      if (!(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'p' }))) return;
      const at = (hour: number) => hourAt(hour * apart(h) + firstHour(h)).slice(0, 13);
      try {
        const [record] = await world.psyberg.restate(
          'p',
          step.hours === undefined ? { all: true } : { hours: `${at(step.hours[0])}..${at(step.hours[1])}` },
        );
        log.push(`   restate ${record?.status} ${record?.error?.code ?? ''}`);
        cover(`restate ${record?.status} ${record?.error?.code ?? ''}`);
      } catch (error) {
        log.push(`   restate thrown ${(error as { code?: string }).code}`);
        cover(`restate thrown ${(error as { code?: string }).code}`);
        if ((error as { code?: string }).code === undefined) throw error;
      }
      return;
    }
    case 'compact':
      if (
        h.partitioned !== undefined ||
        !(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'p' }))
      )
        return;
      if ((await world.rows('from facts.p limit 1')).length === 0) return;
      return world.changeFiles('facts.p', {
        operation: 'replace',
        remove: (files) => files,
        insert: 'from facts.p',
      });
    case 'maintain':
      await world.psyberg.maintain(undefined, { olderThanMs: 0, orphanGraceMs: 0, force: true });
      return;
  }
}

async function runHistory(h: History): Promise<void> {
  const world = await createWorld({ processes: [fileOf(h)] });
  const played: Played = { h, world, log: [], next: 1, complete: new Map() };
  try {
    world.nowMs = Date.parse(hourAt(firstHour(h) + 60 + (grainOf(h) === 'day' ? 60 : 0)));
    for (const s of SIDES) {
      const part =
        h.sourceParts === undefined || s === 'l'
          ? undefined
          : h.sourceParts === 'k'
            ? 'k'
            : typeOf(h, s).startsWith('epoch') || typeOf(h, s) === 'timestamp_ns'
              ? undefined
              : `${h.sourceParts}(ts)`;
      await world.create(
        `raw.${s}`,
        `id bigint, k ${h.textKey ? 'varchar' : 'integer'}, ts ${SQL_TYPE[typeOf(h, s)]}`,
        {
          formatVersion: typeOf(h, s) === 'timestamp_ns' ? '3' : h.version,
          ...(part === undefined ? {} : { partitionedBy: part }),
        },
      );
      await world.create(`aux.complete_${s}`, 't timestamptz');
    }
    for (const each of h.steps) {
      played.log.push(JSON.stringify(each));
      await apply(played, each);
    }
    await settle(played);
    cover(`history ${h.mode}`);
  } catch (error) {
    if (
      /INTERNAL Error|entries without partition info|only supports merge-on-read/.test(
        (error as Error).message,
      )
    )
      return cover(`given up: DuckDB ${(error as Error).message.slice(0, 90)}`);
    (error as Error).message += `\n${JSON.stringify({ ...h, steps: undefined })}\n${played.log.join('\n')}`;
    throw error;
  } finally {
    await world.close();
  }
}

/** Rows come by which all hours before are complete: none of them stays owed. */
async function settle(played: Played): Promise<void> {
  const { world, h, log } = played;
  log.push('settling');
  const last = 100;
  world.nowMs = Date.parse(hourAt(firstHour(h) + last + 60));
  for (const s of sidesOf(h).filter((each) => each !== 'l')) {
    const at = { hour: 0, offset: 0, k: 0 };
    const moved = { ...h, firstHour: (h.firstHour + last) as History['firstHour'] };
    const sql = `select ${played.next++}::bigint as id, ${KEYS(h, 0)} as k, ${value(isJoined(h) ? moved : h, s, isJoined(h) ? at : { ...at, hour: Math.floor(last / apart(h)) })} as ts`;
    await world.land(`raw.${s}`, sql, 'name');
    await world.sql(
      `insert into aux.complete_${s} values (timestamptz '${hourAt(firstHour(h) + last + 1)}')`,
    );
  }
  await session(played, true);
  const plan = await world.plan('p');
  const beyond = plan.catchup?.beyond_hours ?? [];
  const limit = plan.target.complete_to_hour ?? '';
  const left = plan.owed_hours.filter(
    (hour) => (hour <= limit || hour < hourAt(firstHour(h) + 60)) && !beyond.includes(hour),
  );
  if (plan.status === 'waiting' || plan.status === 'nothing-new')
    expect({ left }, JSON.stringify(plan, undefined, 1)).toEqual({ left: [] });
  cover('settled');
}

it('edges of hours, of windows and of days elsewhere equal the SQL over whole tables', {
  timeout: timeLimitMs + 600_000,
}, async () => {
  await play(history, runHistory);
});
