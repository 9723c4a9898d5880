/**
 * Computes what a target should hold: the current query over its whole sources as of the watermarks. Process
 * + pinned sources -> table in memory. It is computed as in tests (`src/compare/recompute`); no part of a
 * session is involved.
 */
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import type { FilesSpec } from '../../model/files-source.ts';
import { wholeUnits } from '../../model/grain.ts';
import type { Hour, HourRange } from '../../model/hour.ts';
import { ascending, intervalsOf } from '../../model/hour-sets.ts';
import { tableKey, tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import { reachedBy } from '../../model/window-hours.ts';
import { schemaOfThen } from '../../session/columns-replaced.ts';
import type { ProcessProgress } from '../../state/process-progress.ts';
import {
  eventHourFragment,
  identifierListFragment,
  type SqlFragment,
  statement,
} from '../../statements/index.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import type { PinnedTables } from '../pinned-tables.ts';
import { type LookupUse, recomputeByUse } from '../recompute/lookup-states.ts';
import type { EngineRecompute } from '../recompute/on-engine.ts';
import {
  firstHourOf,
  type GivenHours,
  inOrderOfHours,
  type Relation,
  recompute,
} from '../recompute/recompute.ts';
import type { RowsInMemory } from '../rows-in-memory.ts';
import { folderRows } from './folder-rows.ts';
import { lookupsUsed } from './lookups-used.ts';
import { pinnedSource, type SourceAsOf, sourceAsOf } from './sources-as-of.ts';

export interface ExpectedInput {
  readonly spec: ProcessSpec;
  readonly progress: ProcessProgress;
  readonly target: { readonly metadata: TableMetadata; readonly rows: Relation };
  readonly completeHour: Hour | undefined;
  /** The hours that were asked for. */
  readonly asked: HourRange | undefined;
  /** Hours of a dimension that are not computed. */
  readonly given: GivenHours | undefined;
  /** The first hour in which the target has rows. */
  readonly firstFound: Hour | undefined;
  /** Only for a process of an engine other than DuckDB. */
  readonly engine: EngineRecompute | undefined;
  readonly onHour: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface ExpectedRows {
  /** Undefined: no rows are expected. */
  readonly rows: Relation | undefined;
  /** The hours that a process had to compute if it did not begin with all rows; undefined: all hours. */
  readonly needed: readonly Hour[] | undefined;
  readonly notes: readonly string[];
  /** Removes what lies outside of memory. */
  drop(): Promise<void>;
}

/** Throws `not-verifiable` and the errors of reading the sources. */
export async function expectedRows(
  workspace: Workspace,
  memory: RowsInMemory,
  pinned: PinnedTables,
  input: ExpectedInput,
): Promise<ExpectedRows> {
  const { spec, progress, target } = input;
  const drops: (() => Promise<void>)[] = [];
  const relations = new Map<string, Relation>();
  const notes: string[] = [];
  const sources: SourceAsOf[] = [];
  for (const source of spec.sources) {
    if (source.files === undefined) {
      const found = await sourceAsOf(workspace, spec, source, { progress, target: target.metadata });
      sources.push(found);
      continue;
    }
    const folder = await folderRows({
      workspace,
      memory,
      process: spec,
      source: isFolder(source),
      progress,
    });
    if (folder === undefined) continue;
    drops.push(folder.drop);
    relations.set(tableKey(source.table), await relationOf(memory, folder.table));
  }
  await pinned.show(sources.map((each, index) => pinnedSource(each, `source_${index}`, each.snapshot)));
  for (const [index, source] of sources.entries()) {
    const name = `source_${index}`;
    const relation = await relationOf(memory, pinned.named(name));
    relations.set(tableKey(source.spec.table), { ...relation, ...shownTo(input.engine, name, source) });
  }
  const begun = await rowsSinceBegin(memory, pinned, { spec, sources, relations, engine: input.engine });
  const { uses, note } = await lookupUses(workspace, memory, pinned, {
    ...{ spec, target: target.metadata, sources, asked: input.asked, engine: input.engine },
  });
  if (note !== undefined) notes.push(note);
  const common = {
    ...{ spec, relations, completeHour: input.completeHour, target: target.rows.columns },
    ...(input.engine === undefined ? {} : { onEngine: input.engine.recompute }),
    name: 'expected',
    tableNamed: memory.tableNamed,
  };
  const hourly = patternOf(spec).readsPrevious ? await hourlyInput(memory, input, relations, begun) : {};
  const recomputed = { ...common, ...hourly };
  const rows =
    uses.length > 1 ? await recomputeByUse(memory, recomputed, uses) : await recompute(memory, recomputed);
  return {
    rows,
    needed: begun,
    notes,
    async drop() {
      for (const each of drops) await each();
    },
  };
}

/** Shows a source, or a state of it, to the process's engine. */
const shownTo = (
  engine: EngineRecompute | undefined,
  name: string,
  { spec, metadata, snapshot }: SourceAsOf,
): Pick<Relation, 'engine'> =>
  engine === undefined ? {} : { engine: engine.source(name, spec, { metadata, snapshot }) };

const isFolder = (source: SourceSpec): SourceSpec & { readonly files: FilesSpec } =>
  source as SourceSpec & { readonly files: FilesSpec };

async function relationOf({ run }: RowsInMemory, table: SqlFragment): Promise<Relation> {
  return { table, columns: (await run('test/columns', { from: table })).columns };
}

/** Prepares what a dimension needs in addition: its sources sorted by hour, and the hour where it begins. */
async function hourlyInput(
  memory: RowsInMemory,
  { spec, asked, given, firstFound, onHour }: ExpectedInput,
  relations: Map<string, Relation>,
  needed: readonly Hour[] | undefined,
) {
  for (const [index, source] of spec.sources.entries()) {
    const key = tableKey(source.table);
    const relation = relations.get(key);
    // Its engine reads the table itself, and skips files.
    if (relation === undefined || source.lookup !== undefined || relation.engine !== undefined) continue;
    const to = memory.tableNamed(`by_hour_${index}`);
    const { eventTime, eventTimeUnit: unit } = source;
    relations.set(key, await inOrderOfHours(memory, relation, { eventTime, unit, to }));
  }
  const own = await firstHourOf(memory, { spec, relations });
  const begun = [firstFound, needed?.[0]].filter((hour) => hour !== undefined);
  // There is no hour before the first row of a source, whatever was computed once.
  const first =
    own === undefined || needed === undefined || begun.length === 0 ? own : Math.max(own, Math.min(...begun));
  // The first hour builds on the one before it.
  const from = asked === undefined || first === undefined ? first : Math.max(first, asked.firstHour - 1);
  return {
    onHour,
    ...(given === undefined ? {} : { given }),
    ...(from === undefined ? {} : { firstHour: from }),
  };
}

/**
 * Accounts for a process that begins after a snapshot, and so has not read what was there before. If it
 * appends, those rows are removed from its sources; if it loads hours, the hours are returned in which the
 * source has changed since.
 */
async function rowsSinceBegin(
  memory: RowsInMemory,
  pinned: PinnedTables,
  {
    spec,
    sources,
    relations,
    engine,
  }: {
    readonly spec: ProcessSpec;
    readonly sources: readonly SourceAsOf[];
    readonly relations: Map<string, Relation>;
    readonly engine: EngineRecompute | undefined;
  },
): Promise<readonly Hour[] | undefined> {
  const begun = sources.filter(({ begin }) => begin !== undefined);
  if (begun.length === 0) return undefined;
  const needed: Hour[] = [];
  for (const [index, source] of sources.entries()) {
    const relation = relations.get(tableKey(source.spec.table));
    if (relation === undefined || source.spec.lookup !== undefined) continue;
    if (source.begin === 'unknown') {
      if (!patternOf(spec).loadsHours) throw beginUnknown(spec, source);
      continue;
    }
    const before = `begin_${index}`;
    await pinned.show([pinnedSource(source, before, source.begin)]);
    const columns = identifierListFragment(relation.columns.map(({ name }) => name));
    const [earlier, added] = [pinned.named(before), memory.tableNamed(`since_${index}`)];
    await memory.engine.execute(
      statement('compare/rows_between', { table: added, columns, after: relation.table, before: earlier }),
    );
    if (!patternOf(spec).loadsHours) {
      const shown = shownTo(engine, before, { ...source, snapshot: source.begin }).engine;
      relations.set(tableKey(source.spec.table), {
        ...{ table: added, columns: relation.columns },
        ...(engine === undefined || relation.engine === undefined || shown === undefined
          ? {}
          : { engine: engine.since(columns, relation.engine, shown) }),
      });
      continue;
    }
    const removed = memory.tableNamed(`gone_${index}`);
    await memory.engine.execute(
      statement('compare/rows_between', { table: removed, columns, after: earlier, before: relation.table }),
    );
    for (const table of [added, removed])
      needed.push(...(await hoursIn(memory, { table, columns: relation.columns }, source.spec)));
  }
  return wholeUnits(spec, needed);
}

/** Finds the hours of the target that the rows of a source reach. */
async function hoursIn(
  { run }: RowsInMemory,
  { table, columns }: Relation,
  source: SourceSpec,
): Promise<Hour[]> {
  const column = columns.find(({ name }) => name.toLowerCase() === source.eventTime?.toLowerCase());
  if (column === undefined) return [];
  const { rows } = await run('test/changed_hours', {
    table,
    hour: eventHourFragment(column, source.eventTimeUnit),
  });
  const { beforeHours = 0, afterHours = 0 } = source.window ?? {};
  return reachedBy(ascending(rows.map(([hour]) => Number(hour))), { beforeHours, afterHours });
}

const beginUnknown = (spec: ProcessSpec, { spec: source }: SourceAsOf): PsybergError =>
  refusal(
    'not-verifiable',
    `${spec.processName} began to read ${tableName(source.table)} after a snapshot that is not known any more: which of its rows were loaded cannot be told`,
    {
      hint: 'name a snapshot that is there as its start; a process that overwrites hours can be verified all the same',
      context: { process_name: spec.processName, table: tableName(source.table) },
    },
  );

/** The states of lookups that sessions have used, if they are not all the same. */
async function lookupUses(
  workspace: Workspace,
  memory: RowsInMemory,
  pinned: PinnedTables,
  {
    spec,
    target,
    sources,
    asked,
    engine,
  }: {
    readonly spec: ProcessSpec;
    readonly target: TableMetadata;
    readonly sources: readonly SourceAsOf[];
    readonly asked: HourRange | undefined;
    readonly engine: EngineRecompute | undefined;
  },
): Promise<{ readonly uses: readonly LookupUse[]; readonly note?: string }> {
  const { states, unknown } = await lookupsUsed(workspace, spec, target);
  if (states.length < 2)
    return unknown
      ? {
          uses: [],
          note: `older sessions of ${spec.processName} may have used other states of its lookups: the snapshots that would tell are expired`,
        }
      : { uses: [] };
  if (!patternOf(spec).loadsHours)
    throw refusal(
      'not-verifiable',
      `sessions of ${spec.processName} have used ${states.length} states of its lookups, and which of them made a row no table tells`,
      {
        hint: 'let its changes be computed again (on_change: restate, for a process that overwrites hours), or compare by a query of your own',
        context: { process_name: spec.processName },
      },
    );
  const uses: LookupUse[] = [];
  for (const [number, { snapshots, schemas, hours }] of states.entries()) {
    if (number < states.length - 1 && !isAsked(hours, asked)) continue;
    const lookups = new Map<string, Relation>();
    for (const [index, source] of sources.entries()) {
      const table = tableName(source.spec.table).toLowerCase();
      const id = snapshots.get(table);
      if (id === undefined) continue;
      const name = `lookup_${number}_${index}`;
      const snapshot = lookupAt(spec, source, id);
      const read = schemas.get(table);
      const schemaId = read === undefined ? undefined : schemaOfThen(source.metadata, { schemaId: read });
      await pinned.show([pinnedSource({ ...source, schemaId }, name, snapshot)]);
      lookups.set(tableKey(source.spec.table), {
        ...(await relationOf(memory, pinned.named(name))),
        ...shownTo(engine, name, { ...source, snapshot }),
      });
    }
    uses.push({ hours, lookups });
  }
  return { uses };
}

const isAsked = (hours: ReadonlySet<Hour>, asked: HourRange | undefined): boolean =>
  asked === undefined || [...hours].some((hour) => hour >= asked.firstHour && hour <= asked.lastHour);

function lookupAt(spec: ProcessSpec, { spec: source, metadata }: SourceAsOf, id: bigint): Snapshot {
  const found = metadata.snapshots?.find((each) => each['snapshot-id'] === id);
  if (found !== undefined) return found;
  throw refusal(
    'history-expired',
    `the snapshot ${id} of the lookup ${tableName(source.table)}, with which ${spec.processName} made some of its hours, was expired: what they should hold cannot be computed`,
    {
      hint: `verify the hours of newer sessions alone: psyberg verify ${spec.processName} --hours FROM..TO`,
      context: { process_name: spec.processName, table: tableName(source.table), snapshot_id: String(id) },
    },
  );
}

/** Ranges of the hours that a process had to compute, or that its target has. */
export async function hoursToCompare(
  { run }: RowsInMemory,
  { table }: Relation,
  { hour, needed }: { readonly hour: SqlFragment; readonly needed: readonly Hour[] },
): Promise<ReturnType<typeof intervalsOf>> {
  const { rows } = await run('test/changed_hours', { table, hour });
  return intervalsOf(ascending([...needed, ...rows.map(([found]) => Number(found))]));
}
