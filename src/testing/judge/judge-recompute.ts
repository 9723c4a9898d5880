/**
 * Compares the targets at the end of a play with a recompute of them. State -> the first process that
 * differs, and how.
 */
import type { LookupUse } from '../../compare/recompute/lookup-states.ts';
import { ANY_SESSION, ANY_TIME } from '../../compare/recompute/process-query.ts';
import { type Relation, readRelation } from '../../compare/recompute/recompute.ts';
import { engineOf } from '../../model/engines.ts';
import { PsybergError } from '../../model/errors.ts';
import { type Hour, instantOf } from '../../model/hour.ts';
import { tableKey } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import { lakeTable, type TestColumn } from '../../statements/index.ts';
import { ignoredLookups } from '../play/lookup-uses.ts';
import type { Order } from '../play/orders.ts';
import { completeHourOf, isFailing, type Playing, type RunStep, type State } from '../play/play.ts';
import { makeEmpty } from '../world/empty-table.ts';
import { FILE_COLUMN } from '../world/make-folder.ts';
import { columnsIn, memoryTable } from '../world/make-tables.ts';
import { mirrorTable } from '../world/prepare.ts';
import { compareRows, type WholeRow } from './compare.ts';
import type { Finding } from './judge-run.ts';
import { recomputeAsUsed } from './recompute-lookups.ts';
import { recomputeOnEngine } from './recompute-on-engine.ts';
import { readTarget } from './target.ts';
import { judgedRows } from './without-owed.ts';

export interface RecomputeFinding extends Finding {
  readonly run: RunStep;
}

/** The recomputed targets of one test, by what they were made from. */
export type Recomputed = Map<string, Promise<Relation | undefined | 'unknown'>>;

/** Identifies the content of the sources from outside: with deletes it depends on the order of arrivals. */
export const sourceKeyOf = ({ arrivals }: Playing['prepared'], played: Order): string =>
  (arrivals.some(({ deletes }) => deletes) ? played : [...played].sort((one, other) => one - other)).join();

/** What the targets of a chain are recomputed from, one process after the other. */
export interface RecomputeChain {
  readonly relations: Map<string, Relation>;
  /** For each target that was recomputed, what it was made from. */
  readonly made: Map<string, string>;
  readonly sourceKey: string;
}

/** Recomputes the target of a process once; processes below it in the chain then read the result. */
export async function recomputedTarget(
  sandbox: Playing['sandbox'],
  { relations, made, sourceKey }: RecomputeChain,
  {
    spec,
    hour,
    target,
    recomputed,
    uses,
  }: {
    readonly spec: ProcessSpec;
    readonly hour: Hour | undefined;
    readonly target: readonly TestColumn[] | undefined;
    readonly recomputed: Recomputed;
    /** What its sessions used of lookups whose changes are ignored; undefined if it has none. */
    readonly uses?: readonly LookupUse[];
  },
): Promise<Relation | undefined | 'unknown'> {
  const inputs = spec.sources.map(({ table }) => made.get(tableKey(table)) ?? sourceKey);
  const key = [
    ...[spec.processName, hour ?? 'none', target === undefined ? 'new' : '', ...inputs],
    ...(uses ?? []).flatMap(({ lookups }) => [...lookups.values()].map(({ table }) => table.sql)),
  ].join('|');
  let making = recomputed.get(key);
  if (making === undefined) {
    const name = `recomputed_${recomputed.size}`;
    const input = { spec, relations, completeHour: hour, target, name, tableNamed: memoryTable };
    const made = engineOf(spec) === 'duckdb' ? recomputeAsUsed : recomputeOnEngine;
    making = made(sandbox, input, uses);
    recomputed.set(key, making);
  }
  const relation = await making;
  made.set(tableKey(spec.target.table), key);
  if (relation !== undefined && relation !== 'unknown') relations.set(tableKey(spec.target.table), relation);
  return relation;
}

/** `allowed`: whether a run was expected to end like this; then its target is not judged. */
export async function judgeRecompute(
  playing: Playing,
  state: State,
  {
    recomputed,
    allowed,
  }: { readonly recomputed: Recomputed; readonly allowed: (record: RunRecord) => boolean },
): Promise<RecomputeFinding | undefined> {
  const { sandbox, prepared } = playing;
  const chain: RecomputeChain = {
    relations: await mirrors(playing, state.played),
    made: new Map(),
    sourceKey: sourceKeyOf(prepared, state.played),
  };
  const skipped = new Set<string>();
  for (const run of state.runs) {
    const spec = prepared.test.processes.find(
      (each) => each.processName === run.spec.processName,
    ) as ProcessSpec;
    const targetKey = tableKey(spec.target.table);
    if (spec.sources.some(({ table }) => skipped.has(tableKey(table)))) {
      skipped.add(targetKey);
      continue;
    }
    if (isFailing(run.record.status)) {
      if (!allowed(run.record)) return failedRun(run);
      skipped.add(targetKey);
      continue;
    }
    const found = await readTarget(sandbox, spec.target.table);
    const hour = await completeHourOf(playing, state, run.spec);
    let relation: Relation | undefined | 'unknown';
    const uses = ignoredLookups(spec).length === 0 ? {} : { uses: state.uses.get(spec.processName) ?? [] };
    try {
      relation = await recomputedTarget(sandbox, chain, {
        ...{ spec, hour, target: found?.columns, recomputed },
        ...uses,
      });
    } catch (error) {
      return { run, what: 'recompute', expected: 'rows', actual: messageOf(error) };
    }
    if (relation === 'unknown') {
      // Processes below it read its actual rows, whatever these should be.
      chain.relations.set(targetKey, await asFound(sandbox, spec));
      continue;
    }
    const finding = await compareTarget(playing, { run, relation, found });
    if (finding !== undefined) return finding;
    if ((run.record.catchup?.beyond_hours ?? []).length === 0) continue;
    // Processes below it cannot have what stays owed here.
    chain.relations.set(targetKey, await asFound(sandbox, spec));
    chain.made.set(targetKey, `${chain.made.get(targetKey)}|as found after ${state.played.join()}`);
  }
  return undefined;
}

/** Reads a target as it is. */
async function asFound(sandbox: Playing['sandbox'], { target }: ProcessSpec): Promise<Relation> {
  const table = lakeTable(target.table);
  return { table, columns: await columnsIn(sandbox, table) };
}

const messageOf = (error: unknown): string =>
  `its query over whole tables: ${error instanceof PsybergError ? (error.message.split('\n')[0] as string) : String(error)}`;

const failedRun = (run: RunStep): RecomputeFinding => ({
  run,
  what: 'recompute',
  expected: 'a last run that does not fail',
  actual: run.record.status,
  error: run.record.error,
});

const isAny = (cell: unknown): boolean =>
  cell === ANY_SESSION || (typeof cell === 'string' && instantOf(cell) === instantOf(ANY_TIME));

async function compareTarget(
  { sandbox }: Playing,
  {
    run,
    relation,
    found,
  }: {
    readonly run: RunStep;
    readonly relation: Relation | undefined;
    readonly found: Awaited<ReturnType<typeof readTarget>>;
  },
): Promise<RecomputeFinding | undefined> {
  const expected = relation === undefined ? undefined : await readRelation(sandbox, relation);
  const all = found?.columns ?? expected?.columns ?? [];
  const rows = expected?.rows ?? [];
  // The id and the time of a session differ in each play.
  const isJudged = judgedRows(run.spec, run.record, all) ?? (() => true);
  const compared = all.flatMap((_column, index) => (rows.some((row) => isAny(row[index])) ? [] : [index]));
  const only = (row: WholeRow): WholeRow => compared.map((index) => row[index]);
  const difference = compareRows(
    compared.map((index) => all[index] as (typeof all)[number]),
    rows.filter(isJudged).map(only),
    (found?.rows ?? []).filter(isJudged).map(only),
  );
  return difference === undefined
    ? undefined
    : {
        run,
        what: 'recompute',
        expected: rows.length,
        actual: found?.rows.length ?? 0,
        difference,
      };
}

/**
 * Copies the sources from outside into memory, in the state after these arrivals: the same commits, in the
 * same order.
 */
async function mirrors({ sandbox, prepared }: Playing, played: Order): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>();
  for (const table of prepared.tables) {
    const mirror = mirrorTable(table);
    const columns = table.folder?.withFilename === true ? [...table.columns, FILE_COLUMN] : table.columns;
    await makeEmpty(sandbox, mirror, columns);
    for (const arrival of played)
      for (const commit of prepared.arrivals[arrival]?.commits ?? [])
        if (commit.table === table) await sandbox.query(commit.inMirror);
    relations.set(tableKey(table.id), { table: mirror, columns });
  }
  return relations;
}
