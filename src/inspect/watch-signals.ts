/**
 * Waits for announcements of processes, or follows them. Signal table -> announcements, as they come. Reads
 * only. While nothing is new only the table's pointer is asked for: a row of the embedded catalog, a
 * conditional request to a foreign one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { mainSnapshot } from '../iceberg/history.ts';
import { usageError } from '../model/errors.ts';
import { type Hour, hourText } from '../model/hour.ts';
import {
  parseTableName,
  sameTable,
  type TableIdentifier,
  tableName,
  tableNameProblem,
} from '../model/names.ts';
import type { SignalRow } from '../report/status.ts';
import { announcedFor } from '../state/announced-for.ts';
import { lakeTable, statement } from '../statements/index.ts';
import type { Workspace } from '../workspace/open-workspace.ts';
import { fewSignalledHour } from './few-signals.ts';
import { readSignals, type SignalsRequest } from './history.ts';

/** The first pauses are short, so that whoever waits for something just announced does not wait for long. */
const PAUSE_MIN_MS = 200;
const PAUSE_MAX_MS = 3000;
/** New announcements are looked for among this many of the newest ones. */
const LOOKED_THROUGH = 1000;

/** Like `readSignals`. Throws `table-missing`. */
export async function listSignals(
  workspace: Workspace,
  { table, ...request }: SignalsRequest = {},
): Promise<SignalRow[]> {
  const name = table === undefined ? undefined : await knownTable(workspace, table);
  return readSignals(workspace, { ...request, table: name });
}

export interface WaitRequest {
  readonly table: string;
  readonly hour: Hour;
  /** In ms; undefined: waits without end; 0: looks once. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait early. */
  readonly signal?: AbortSignal | undefined;
}

/** Plain JSON: what `signals --wait-for --json` prints. Hours are ISO texts. */
export interface WaitRecord {
  readonly signal_name: string;
  readonly wait_for: string;
  readonly complete: boolean;
  /** Null while nothing was announced. */
  readonly complete_to_hour: string | null;
  readonly waited_seconds: number;
}

/**
 * Waits until a table is announced to be complete up to an hour. An hour that late rows reopened counts as
 * complete: the commit that reopens it holds those rows, and announces it again. Throws `table-missing` for
 * a table that does not exist and that no process writes.
 */
export async function waitForSignal(
  workspace: Workspace,
  { table, hour, timeoutMs, signal }: WaitRequest,
): Promise<WaitRecord> {
  const name = await knownTable(workspace, table);
  const startedMs = performance.now();
  const next = signalTableMoves(workspace);
  let completeTo: Hour | undefined;
  for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 1.5)) {
    if (await next()) completeTo = await signalledHour(workspace, name);
    const complete = completeTo !== undefined && completeTo >= hour;
    const waitedMs = performance.now() - startedMs;
    const leftMs = (timeoutMs ?? Number.POSITIVE_INFINITY) - waitedMs;
    if (complete || leftMs <= 0 || signal?.aborted === true)
      return {
        signal_name: name,
        wait_for: hourText(hour),
        complete,
        complete_to_hour: completeTo === undefined ? null : hourText(completeTo),
        waited_seconds: Math.round(waitedMs / 100) / 10,
      };
    await pause(Math.min(pauseMs, leftMs), signal);
  }
}

export interface FollowRequest {
  /** Only announcements of that table. */
  readonly table?: string | undefined;
  /** How many existing announcements come first; default 20. */
  readonly limit?: number | undefined;
  /** Called with each announcement, oldest first. */
  readonly onSignal: (row: SignalRow) => void;
  /** Ends it; without a signal it never ends. */
  readonly signal?: AbortSignal | undefined;
}

/** Reports the last announcements, and then each new one, until it is ended. */
export async function followSignals(
  workspace: Workspace,
  { table, limit, onSignal, signal }: FollowRequest,
): Promise<void> {
  const name = table === undefined ? undefined : await knownTable(workspace, table);
  const next = signalTableMoves(workspace);
  let seen: ReadonlySet<string> | undefined;
  for (
    let pauseMs = PAUSE_MIN_MS;
    signal?.aborted !== true;
    pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * 1.5)
  ) {
    if (await next()) {
      pauseMs = PAUSE_MIN_MS;
      const asked = { table: name, limit: seen === undefined ? limit : LOOKED_THROUGH };
      const rows = await readSignals(workspace, asked);
      for (const row of rows.toReversed()) if (seen?.has(keyOf(row)) !== true) onSignal(row);
      const known =
        seen === undefined ? await readSignals(workspace, { table: name, limit: LOOKED_THROUGH }) : rows;
      seen = new Set(known.map(keyOf));
    }
    await pause(pauseMs, signal);
  }
}

const keyOf = (row: SignalRow): string =>
  JSON.stringify([row.signal_name, row.process_name, row.psyberg_session_id, row.kind, row.hour]);

/** Tells whether the signal table has moved since the last call; the first call says that it has. */
function signalTableMoves({ client, project }: Workspace): () => Promise<boolean> {
  let last: bigint | null | undefined;
  return async () => {
    const loaded = await client.loadTable(project.tables.signalTable);
    const now = loaded?.metadata['current-snapshot-id'] ?? null;
    const moved = now !== last;
    last = now;
    return moved;
  };
}

async function signalledHour(workspace: Workspace, name: string): Promise<Hour | undefined> {
  const metadata = (await workspace.client.loadTable(workspace.project.tables.signalTable))?.metadata;
  if (metadata === undefined) return undefined;
  const hour = await fewSignalledHour(metadata, name);
  const announced = (hour === undefined ? await signalledHourInTable(workspace, name) : hour) ?? undefined;
  const table = (await workspace.client.loadTable(parseTableName(name)))?.metadata;
  const main = table === undefined ? undefined : mainSnapshot(table);
  return table === undefined || main === undefined ? undefined : announcedFor(table, main, announced);
}

/** The same, by a statement over a table of any size, which must exist. */
export async function signalledHourInTable(
  workspace: Pick<Workspace, 'project' | 'engine'>,
  name: string,
): Promise<Hour | null> {
  const engine = await workspace.engine();
  const [found] = await engine.query(
    statement('session/signalled_hour', {
      signal_table: lakeTable(workspace.project.tables.signalTable),
    }),
    { signal_name: name },
  );
  return found?.hour ?? null;
}

/** Pauses, but ends at once on an abort. */
const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);

/** The table's name as processes write it. Throws `table-missing` for one that nobody would ever announce. */
async function knownTable({ project, client }: Workspace, text: string): Promise<string> {
  const targets = project.processes.map(({ target }) => target.table);
  if (tableNameProblem(text) === undefined) {
    const table: TableIdentifier = parseTableName(text);
    const target = targets.find((each) => sameTable(each, table));
    if (target !== undefined) return tableName(target);
    if (await client.tableExists(table)) return tableName(table);
  }
  const names = [...new Set(targets.map(tableName))].toSorted();
  throw usageError('table-missing', `there is no table ${text}, and no process of the project writes it`, {
    hint:
      names.length === 0
        ? 'psyberg tables lists the tables'
        : `the processes write: ${names.join(', ')}; psyberg tables lists all tables`,
    context: { table: text },
  });
}
