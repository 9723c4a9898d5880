/**
 * Rehearses orders in milliseconds, to find those that are worth a play: runs the arrivals and the sessions
 * after them over plain tables in memory. Order -> is it cleared? It only ever clears an order: one that it
 * doubts is played through whole sessions, and they decide. Orders that have led to the same rows continue
 * together.
 */
import type { Relation } from '../../compare/recompute/recompute.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { PsybergError } from '../../model/errors.ts';
import { type Hour, lastAllowedHour } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import {
  eventHourFragment,
  type FragmentsOf,
  hourCountFragment,
  lakeTable,
  type SqlFragment,
  type StatementName,
  statementFragment,
} from '../../statements/index.ts';
import {
  type RecomputeChain,
  type Recomputed,
  recomputedTarget,
  sourceKeyOf,
} from '../judge/judge-recompute.ts';
import type { Order } from '../play/orders.ts';
import { beginning, leastComplete, type Playing, specAt, toldHour } from '../play/play.ts';
import { columnsIn, memoryTable } from '../world/make-tables.ts';
import type { Commit } from '../world/prepare.ts';
import { mayRehearse } from './may-rehearse.ts';
import { rehearseSession } from './rehearse-process.ts';
import { columnNamed, createFrom, hoursIn } from './relations.ts';
import {
  type Change,
  Doubt,
  type Known,
  type News,
  NO_NEWS,
  once,
  type Progress,
  type Scene,
} from './scene.ts';

export interface Rehearsal {
  /** True: after this order every target equals its recompute. False: it is not known. */
  clears(order: Order): Promise<boolean>;
}

/** Undefined for a test that cannot be rehearsed. The targets must exist, since their columns are needed. */
export async function openRehearsal(
  playing: Playing,
  recomputed: Recomputed,
): Promise<Rehearsal | undefined> {
  // A date is one hour to some sessions and a whole day to others.
  if (
    !mayRehearse(playing.prepared) ||
    playing.prepared.test.processes.some((spec) => hasDates(playing, spec))
  )
    return undefined;
  const first = await firstScene(playing);
  if (first === undefined) return undefined;
  const scenes = new Map<string, Promise<Scene>>([['', Promise.resolve(first)]]);
  const steps = new Map<string, Promise<Scene>>();
  const known: Known = new Map();
  let number = 0;
  const nameTable = (): SqlFragment => {
    number += 1;
    return memoryTable(`rehearsed_${number}`);
  };
  const sceneAfter = (order: Order): Promise<Scene> => {
    const there = scenes.get(order.join());
    if (there !== undefined) return there;
    const coming = sceneAfter(order.slice(0, -1)).then((before) => {
      const arrival = order.at(-1) as number;
      const key = `${before.key}>${arrival}`;
      const step = steps.get(key) ?? stepOf({ ...playing, known, nameTable }, before, arrival);
      steps.set(key, step);
      return step;
    });
    scenes.set(order.join(), coming);
    return coming;
  };
  return {
    async clears(order) {
      try {
        return await equalsRecompute({ ...playing, known, nameTable }, await sceneAfter(order), recomputed);
      } catch (error) {
        if (error instanceof Doubt || (error instanceof PsybergError && error.code !== 'interrupted'))
          return false;
        throw error;
      }
    },
  };
}

const hasDates = ({ prepared }: Playing, { sources }: ProcessSpec): boolean =>
  sources.some(({ table, eventTime }) => {
    const columns = prepared.tables.find(({ id }) => tableKey(id) === tableKey(table))?.columns ?? [];
    return columnNamed(columns, eventTime)?.type === 'DATE';
  });

async function firstScene(playing: Playing): Promise<Scene | undefined> {
  const { sandbox, prepared } = playing;
  const tables = new Map<string, Relation>();
  for (const { id, number, columns } of prepared.tables) {
    const table = memoryTable(`rehearsed_source_${number}`);
    await sandbox.run('test/like_table', { table, like: lakeTable(id) });
    tables.set(tableKey(id), { table, columns });
  }
  const progress = new Map<string, Progress>();
  for (const [index, spec] of prepared.test.processes.entries()) {
    if (!(await sandbox.workspace([]).client.tableExists(spec.target.table))) return undefined;
    const table = memoryTable(`rehearsed_target_${index}`);
    await sandbox.run('test/like_table', { table, like: lakeTable(spec.target.table) });
    const target = { table, columns: await columnsIn(sandbox, table) };
    progress.set(spec.processName, { target, completeTo: undefined, read: new Map(), news: new Map() });
  }
  const { clockMs } = beginning(playing);
  return { key: '', played: [], clockMs, tables, landed: new Set(), progress };
}

interface Stepping extends Playing {
  readonly known: Known;
  readonly nameTable: () => SqlFragment;
}

async function stepOf(stepping: Stepping, before: Scene, arrival: number): Promise<Scene> {
  const { prepared } = stepping;
  const own = prepared.arrivals[arrival]?.clockMs;
  const clockMs =
    own === undefined ? before.clockMs : before.played.length === 0 ? own : Math.max(before.clockMs, own);
  const scene = {
    played: [...before.played, arrival],
    clockMs,
    tables: new Map(before.tables),
    landed: new Set(before.landed),
    progress: new Map(before.progress),
  };
  for (const commit of prepared.arrivals[arrival]?.commits ?? []) await landOn(stepping, scene, commit);
  for (const spec of prepared.test.processes) await runOn(stepping, scene, spec);
  return { ...scene, key: await keyOf(stepping, scene) };
}

/** A scene that is still being made. */
interface Draft extends Omit<Scene, 'key' | 'tables' | 'landed' | 'progress'> {
  readonly tables: Map<string, Relation>;
  readonly landed: Set<string>;
  readonly progress: Map<string, Progress>;
}

async function landOn(stepping: Stepping, scene: Draft, { table, rows, condition }: Commit): Promise<void> {
  const { sandbox, nameTable, known } = stepping;
  const key = tableKey(table.id);
  let now = (scene.tables.get(key) as Relation).table;
  const touched: Relation[] = [];
  const make = async <Name extends StatementName>(statement: Name, fragments: FragmentsOf<Name>) => {
    const made = nameTable();
    await createFrom(sandbox, made, statement, fragments);
    return made;
  };
  if (condition !== undefined) {
    const where = { table: now, condition: statementFragment(condition) };
    touched.push({ table: await make('test/deleted_rows', where), columns: table.columns });
    now = await make('test/left_rows', where);
  }
  const added = rows === undefined ? [] : [{ table: rows, columns: table.columns }];
  if (rows !== undefined) now = await make('test/with_rows', { table: now, rows });
  scene.tables.set(key, { table: now, columns: table.columns });
  scene.landed.add(key);
  await tell(stepping, scene, key, async (source) => {
    const hours = new Set<Hour>();
    for (const relation of [...touched, ...added])
      for (const hour of await hoursIn(sandbox, known, relation, source)) hours.add(hour);
    // Rows that land are one file.
    return { added, changes: [{ hours, ofFile: condition === undefined }] };
  });
}

/** Tells the readers of a table what is new in it. */
async function tell(
  { prepared }: Stepping,
  scene: Draft,
  key: string,
  newsFor: (source: SourceSpec) => Promise<News>,
): Promise<void> {
  for (const { processName, sources } of prepared.test.processes)
    for (const source of sources) {
      if (tableKey(source.table) !== key) continue;
      const progress = scene.progress.get(processName) as Progress;
      const [before, more] = [progress.news.get(key) ?? NO_NEWS, await newsFor(source)];
      const news = {
        added: [...before.added, ...more.added],
        changes: [...before.changes, ...more.changes],
      };
      scene.progress.set(processName, { ...progress, news: new Map(progress.news).set(key, news) });
    }
}

async function runOn(stepping: Stepping, scene: Draft, spec: ProcessSpec): Promise<void> {
  const { sandbox, prepared, nameTable, known } = stepping;
  const before = scene.progress.get(spec.processName) as Progress;
  const vtts: (Hour | undefined)[] = [];
  for (const source of spec.sources) vtts.push(await vttsOf(stepping, scene, source));
  const { progress, news } = await rehearseSession(sandbox, {
    spec: specAt(prepared, spec, scene.played),
    clockMs: scene.clockMs,
    tables: scene.tables,
    landed: scene.landed,
    progress: before,
    vtts,
    nameTable,
    known,
  });
  scene.progress.set(spec.processName, progress);
  if (progress.target === before.target) return;
  const key = tableKey(spec.target.table);
  scene.tables.set(key, progress.target);
  scene.landed.add(key);
  // The hours that an append changed are counted by its reader's event time.
  await tell(stepping, scene, key, async (source) => {
    if (patternOf(spec).loadsHours) return news;
    const hours = new Set<Hour>();
    for (const relation of news.added)
      for (const hour of await hoursIn(sandbox, known, relation, source)) hours.add(hour);
    return { added: news.added, changes: [{ hours, ofFile: false }] };
  });
}

/** How far a source is complete. */
async function vttsOf(
  { sandbox, prepared }: Stepping,
  scene: Draft,
  source: SourceSpec,
): Promise<Hour | undefined> {
  const lastAllowed = lastAllowedHour(scene.clockMs, source);
  const told = toldHour(prepared, source, scene.played);
  if (told !== undefined) return Math.min(told, lastAllowed);
  const producer = prepared.test.processes.find(
    (spec) => tableKey(spec.target.table) === tableKey(source.table),
  );
  if (source.vtts.kind === 'signal') {
    const reached = scene.progress.get(producer?.processName ?? '')?.completeTo;
    return reached === undefined ? undefined : Math.min(reached, lastAllowed);
  }
  const relation = scene.tables.get(tableKey(source.table));
  const column = columnNamed(relation?.columns ?? [], source.eventTime);
  if (relation === undefined) return undefined;
  if (column === undefined || column.type === 'DATE') throw new Doubt('bounds of a date');
  const { rows } = await sandbox.run('test/newest_hour', {
    table: relation.table,
    hour: eventHourFragment(column, source.eventTimeUnit),
    last: hourCountFragment(lastAllowed),
  });
  const hour = rows[0]?.[0];
  return typeof hour === 'bigint' ? Number(hour) : undefined;
}

/** Identifies scenes that continue alike. */
async function keyOf({ sandbox, prepared, known }: Stepping, scene: Draft): Promise<string> {
  const parts = [sourceKeyOf(prepared, scene.played), String(scene.clockMs), [...scene.landed].sort().join()];
  for (const [name, { target, completeTo, read, news }] of scene.progress) {
    parts.push(name, await fingerprint(sandbox, known, target), String(completeTo));
    for (const [table, { owedHours, newestHour }] of byName(read))
      parts.push(`read ${table}`, String(newestHour), owedHours.join());
    for (const [table, { added, changes }] of byName(news))
      parts.push(
        `news of ${table}`,
        ...added.map((each) => each.table.sql).sort(),
        ...changes.map(textOf).sort(),
      );
  }
  return parts.join(';');
}

const byName = <Value>(values: ReadonlyMap<string, Value>): [string, Value][] =>
  [...values].sort(([one], [other]) => (one < other ? -1 : 1));

const textOf = ({ hours, ofFile }: Change): string =>
  `${ofFile ? 'file' : 'hours'} ${[...hours].sort().join()}`;

const fingerprint = (sandbox: Playing['sandbox'], known: Known, { table }: Relation): Promise<string> =>
  once(known, `fingerprint ${table.sql}`, async () => {
    const { rows } = await sandbox.run('test/fingerprint', { table });
    return String(rows[0]?.[0]);
  });

async function equalsRecompute(stepping: Stepping, scene: Scene, recomputed: Recomputed): Promise<boolean> {
  const { sandbox, prepared, known } = stepping;
  const chain: RecomputeChain = {
    relations: new Map(
      prepared.tables.map(({ id }) => [tableKey(id), scene.tables.get(tableKey(id)) as Relation]),
    ),
    made: new Map(),
    sourceKey: sourceKeyOf(prepared, scene.played),
  };
  for (const spec of prepared.test.processes) {
    const { target, completeTo } = scene.progress.get(spec.processName) as Progress;
    const vtts: (Hour | undefined)[] = [];
    for (const source of spec.sources) vtts.push(await vttsOf(stepping, asDraft(scene), source));
    const least = vtts.every((hour) => hour !== undefined)
      ? leastComplete(spec.sources, vtts as Hour[])
      : undefined;
    const complete = completeTo === undefined ? least : Math.max(least ?? completeTo, completeTo);
    const hour = patternOf(spec).loadsHours ? complete : undefined;
    const expected = await recomputedTarget(sandbox, chain, {
      spec,
      hour,
      target: target.columns,
      recomputed,
    });
    if (expected === 'unknown') return false;
    const found = await fingerprint(sandbox, known, target);
    if (
      expected === undefined
        ? !found.startsWith('0:')
        : found !== (await fingerprint(sandbox, known, expected))
    )
      return false;
  }
  return true;
}

const asDraft = (scene: Scene): Draft => ({
  ...scene,
  tables: new Map(scene.tables),
  landed: new Set(scene.landed),
  progress: new Map(scene.progress),
});
