/**
 * Ends a process: removes everything that says how far it came, or that is kept for its next session. Name +
 * tables -> RetireRecord. Its target stays as it is, and another process can adopt it. After an interruption
 * the same command finishes the work.
 */
import { join } from 'node:path';
import type { CommitTableRequest } from '../../catalog/service/catalog.ts';
import { discard } from '../../files/remove.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { isAtWork, readMarker } from '../../markers/session-marker.ts';
import { isYoung } from '../../markers/sessions-at-work.ts';
import { conflict, PsybergError } from '../../model/errors.ts';
import { type Hour, hourText, sessionIdOf } from '../../model/hour.ts';
import { union } from '../../model/hour-sets.ts';
import {
  parseTableName,
  protectionTag,
  type TableIdentifier,
  tableKey,
  tableName,
  tableNameProblem,
} from '../../model/names.ts';
import { owedHoursJson } from '../../model/owed-hours.ts';
import type { StateTables } from '../../model/process-spec.ts';
import type { RetireRecord } from '../../model/retire-record.ts';
import { sessionOfName } from '../../model/session-branch.ts';
import { removeTag } from '../../state/drop-tag.ts';
import { leftText, settledOf } from '../../state/noted-left.ts';
import { type ProcessProgress, progressInSummary, progressOfAll } from '../../state/process-progress.ts';
import { copiedProgress } from '../../state/read-watermark-table.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { AUDIT_FAILURE } from '../../state/tables/audit-failure.ts';
import { FILE } from '../../state/tables/file.ts';
import { HIGH_WATER_MARK } from '../../state/tables/high-water-mark.ts';
import { SESSION } from '../../state/tables/session.ts';
import { SIGNAL } from '../../state/tables/signal.ts';
import type { StateTable } from '../../state/tables/state-table.ts';
import {
  adoptedProperty,
  isRetired,
  lastSessionProperty,
  leftProperty,
  publishedProperty,
  releasedProperty,
  retiredProperty,
} from '../../state/target-properties.ts';
import {
  composeStateChange,
  deleteObsoleteFiles,
  ensureStateTable,
  type StateChange,
} from '../../state/write-state.ts';
import { lakeTable, statement } from '../../statements/index.ts';
import { dropSessionNow, sessionsIn } from '../leftovers/clean-up.ts';
import { patience } from '../patience.ts';
import type { RunPorts } from '../ports.ts';
import { readSteps } from './saved-session.ts';

export interface RetireInput {
  readonly processName: string;
  /** Tables that it may have read, or published to; those that its sessions named come to them. */
  readonly tables: readonly TableIdentifier[];
  readonly dryRun: boolean;
  readonly nowMs: number;
}

/** What the process has left; undefined where it has left nothing. */
export type Retired = Omit<RetireRecord, 'notes'>;

/** Throws `session-running` while a session of the process is at work, or waits for its next step. */
export async function retireProcess(ports: RunPorts, input: RetireInput): Promise<Retired | undefined> {
  const left = await whatIsLeft(ports, input);
  const isNothing = [left.targets, left.stateRows, left.tags, left.branches].every(
    (each) => each.length === 0,
  );
  if (isNothing) return undefined;
  if (!input.dryRun) {
    await commitEnd(ports, input, left);
    for (const { table, branch } of left.branches) await dropSessionNow(ports, table, branch);
    for (const table of left.tags) await removeTag(ports, table, input.processName);
  }
  return {
    process_name: input.processName,
    dry_run: input.dryRun,
    targets: left.targets.map(({ table, lastSessionId, owedHours }) => ({
      table: tableName(table),
      last_session_id: lastSessionId,
      owed_hours: owedHoursJson(owedHours.map(hourText)),
    })),
    state_rows: left.stateRows.map(({ table, rows }) => ({ table: tableName(table), rows: String(rows) })),
    tags: left.tags.map(tableName),
    branches: left.branches.map(({ table, branch }) => ({ table: tableName(table), branch })),
  };
}

interface Left {
  readonly targets: readonly {
    readonly table: TableIdentifier;
    readonly lastSessionId: string;
    readonly owedHours: readonly Hour[];
    /** As the watermark table alone tells it, which goes with the process. */
    readonly copied: ProcessProgress | undefined;
  }[];
  readonly stateRows: readonly {
    readonly table: TableIdentifier;
    readonly definition: StateTable;
    readonly rows: bigint;
  }[];
  readonly tags: readonly TableIdentifier[];
  readonly branches: readonly { readonly table: TableIdentifier; readonly branch: string }[];
}

async function whatIsLeft(ports: RunPorts, input: RetireInput): Promise<Left> {
  const { processName } = input;
  const { highWaterMarkTable } = ports.project.tables;
  const copy = { catalog: ports.catalog, engine: async () => ports.engine };
  const targets: Left['targets'][number][] = [];
  const tags: TableIdentifier[] = [];
  const branches: { table: TableIdentifier; branch: string }[] = [];
  for (const table of await tablesOf(ports, input)) {
    const metadata = (await ports.catalog.loadTable(table))?.metadata;
    if (metadata === undefined) continue;
    const last = lastSessionAnywhere(metadata, processName);
    if (last !== undefined) {
      const said = progressInSummary(metadata, processName);
      const copied =
        said === undefined
          ? await copiedProgress(copy, {
              ...{ highWaterMarkTable, processName, target: metadata },
              targetName: tableName(table),
              isAdopted: true,
            })
          : undefined;
      const owed = (said ?? copied)?.watermarks.map(({ owedHours }) => owedHours) ?? [];
      targets.push({ table, lastSessionId: last, owedHours: union(owed), copied });
    }
    if (metadata.refs?.[protectionTag(processName)]?.type === 'tag') tags.push(table);
    for (const name of sessionsIn(ports, metadata, processName)) {
      refuseAtWork(ports, { processName, name, metadata });
      if (metadata.refs?.[name]?.type === 'branch') branches.push({ table, branch: name });
    }
  }
  return { targets, tags, branches, stateRows: await stateRowsOf(ports, processName) };
}

/** In a foreign catalog only those of the project are known beforehand. */
async function tablesOf(
  { catalog, engine, project }: RunPorts,
  { processName, tables }: RetireInput,
): Promise<TableIdentifier[]> {
  const known = new Map(tables.map((table) => [tableKey(table), table]));
  const { sessionTable } = project.tables;
  const sessions = (await catalog.loadTable(sessionTable))?.metadata;
  if (sessions !== undefined && mainSnapshot(sessions) !== undefined) {
    const named = await engine.query(
      statement('state/tables_of_process', { session_table: lakeTable(sessionTable) }),
      { process_name: processName },
    );
    // A folder of files has a name that is of no table.
    for (const { table } of named)
      if (tableNameProblem(table) === undefined && !known.has(table.toLowerCase()))
        known.set(table.toLowerCase(), parseTableName(table));
  }
  return [...known.values()];
}

/** Also of sessions that a rollback took off `main`; undefined where it never published, or is retired. */
function lastSessionAnywhere(metadata: TableMetadata, processName: string): string | undefined {
  const said = (metadata.snapshots ?? []).flatMap(({ summary }) =>
    summary?.[SUMMARY.processName] === processName &&
    summary[SUMMARY.watermarks] !== undefined &&
    !isRetired(metadata, summary)
      ? [summary[SUMMARY.sessionId] ?? '']
      : [],
  );
  const { properties = {} } = metadata;
  const isPublished = properties[publishedProperty(processName)] === metadata['table-uuid'];
  const noted = isPublished ? [properties[lastSessionProperty(processName)] ?? ''] : [];
  return [...said, ...noted].sort().at(-1);
}

/** A session that is at work would publish watermarks anew. */
function refuseAtWork(
  { sessionsDirectory, markersAreShared }: RunPorts,
  {
    processName,
    name,
    metadata,
  }: { readonly processName: string; readonly name: string; readonly metadata: TableMetadata },
): void {
  const directory = join(sessionsDirectory, name);
  const marker = readMarker(directory);
  const isBusy =
    marker === undefined ? !markersAreShared && isYoung(name, metadata) : isAtWork(marker, directory);
  if (!isBusy || isIdle(directory)) return;
  const id = sessionOfName(name)?.psybergSessionId ?? name;
  const waits = marker?.stepwise === true;
  throw conflict(
    'session-running',
    `session ${id} of ${processName} ${waits ? 'waits for its next step' : 'is at work'}: it would publish after the process has ended`,
    {
      hint: `let it end, or drop it: psyberg session abort --process_name=${processName} --psyberg_session_id=${id}`,
      context: { process_name: processName, psyberg_session_id: id },
    },
  );
}

/** A stepwise session that found nothing to do has nothing to publish, whatever step comes next. */
function isIdle(directory: string): boolean {
  const saved = readSteps(directory);
  return saved !== undefined && 'idle' in saved;
}

const DEFINITIONS: Readonly<Record<keyof StateTables, StateTable>> = {
  highWaterMarkTable: HIGH_WATER_MARK,
  sessionTable: SESSION,
  signalTable: SIGNAL,
  auditFailureTable: AUDIT_FAILURE,
  fileTable: FILE,
};

async function stateRowsOf(
  { catalog, engine, project }: RunPorts,
  processName: string,
): Promise<Left['stateRows']> {
  const found: { table: TableIdentifier; definition: StateTable; rows: bigint }[] = [];
  for (const [key, definition] of Object.entries(DEFINITIONS)) {
    const table = project.tables[key as keyof StateTables];
    const metadata = (await catalog.loadTable(table))?.metadata;
    if (metadata === undefined || mainSnapshot(metadata) === undefined) continue;
    const [count] = await engine.query(statement('state/count_rows', { table: lakeTable(table) }), {
      process_name: processName,
    });
    if ((count?.rows ?? 0n) > 0n) found.push({ table, definition, rows: count?.rows ?? 0n });
  }
  return found;
}

/**
 * Rows and progress go in one commit where the catalog takes several tables. Where it does not, the targets
 * come last: while their summaries stand, the process goes on from them.
 */
async function commitEnd(ports: RunPorts, input: RetireInput, left: Left): Promise<void> {
  const together = await ports.catalog.commitsTogether();
  const makers = [
    ...left.stateRows.map((each) => () => removalOf(ports, input, each)),
    ...left.targets.map((each) => () => endOf(ports, input, each)),
  ];
  for (const group of together ? [makers] : makers.map((maker) => [maker])) await commitGroup(ports, group);
}

interface Ending {
  readonly change: CommitTableRequest;
  readonly state?: StateChange;
}

async function commitGroup(
  { catalog }: RunPorts,
  makers: readonly (() => Promise<Ending | undefined>)[],
): Promise<void> {
  const tries = patience();
  for (;;) {
    const endings: Ending[] = [];
    for (const maker of makers) {
      const ending = await maker();
      if (ending !== undefined) endings.push(ending);
    }
    const states = endings.flatMap(({ state }) => state ?? []);
    if (endings.length === 0) return;
    try {
      await catalog.commitTransaction(endings.map(({ change }) => change));
      return deleteObsoleteFiles(states);
    } catch (error) {
      for (const state of states) discard(state.files, error);
      if (error instanceof PsybergError && error.retryable && (await tries.again())) continue;
      throw error;
    }
  }
}

async function removalOf(
  { catalog, engine }: RunPorts,
  { processName, nowMs }: RetireInput,
  { table, definition }: Left['stateRows'][number],
): Promise<Ending> {
  const metadata = await ensureStateTable(catalog, table, definition);
  const state = await composeStateChange(engine, metadata, {
    table,
    definition,
    processName,
    psybergSessionId: sessionIdOf(nowMs),
    rows: [],
    replacesSession: false,
    removesProcess: true,
  });
  return { change: state.change, state };
}

/** The target says that what it tells of the process is over; no snapshot is added. */
async function endOf(
  { catalog }: RunPorts,
  { processName }: RetireInput,
  { table, lastSessionId, copied }: Left['targets'][number],
): Promise<Ending | undefined> {
  const metadata = (await catalog.loadTable(table))?.metadata;
  if (metadata === undefined) return undefined;
  const all = progressOfAll(metadata);
  const said = all.find((each) => each.processName === processName);
  const removals = [
    publishedProperty(processName),
    lastSessionProperty(processName),
    adoptedProperty(processName),
    releasedProperty(processName),
  ].filter((key) => key in (metadata.properties ?? {}));
  return {
    change: {
      identifier: table,
      requirements: [
        { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
        // A session that publishes meanwhile would be ended with what it has just loaded.
        {
          type: 'assert-ref-snapshot-id',
          ref: 'main',
          'snapshot-id': mainSnapshot(metadata)?.['snapshot-id'] ?? null,
        },
      ],
      updates: [
        {
          action: 'set-properties',
          updates: {
            [retiredProperty(processName)]: lastSessionId,
            [leftProperty(processName)]: leftText(metadata, {
              progress: said?.progress ?? copied,
              settled: settledOf(metadata, processName, all),
              lastSession: lastSessionId,
            }),
          },
        },
        ...(removals.length === 0 ? [] : [{ action: 'remove-properties' as const, removals }]),
      ],
    },
  };
}
