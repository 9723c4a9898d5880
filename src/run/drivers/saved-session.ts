/**
 * Saves what a stepwise session must remember between its steps: its state and plan in the session table, and
 * a small file beside its staging files.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { snapshotById } from '../../iceberg/history.ts';
import { branchHead } from '../../iceberg/references.ts';
import type { SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type ErrorJson, usageError } from '../../model/errors.ts';
import { hourText, parseHour } from '../../model/hour.ts';
import type { CompiledPlan, SessionStatus } from '../../model/plan.ts';
import type { AuditResult } from '../../model/run-record.ts';
import { throwUnlessOfFile } from '../../model/storage-faults.ts';
import { lakeTable, statement } from '../../statements/index.ts';
import type { RunPorts } from '../ports.ts';
import { type Audited, type Begun, type Staged, unopened, unstaged } from '../session.ts';

/** What a session's row says. */
export interface StoredSession {
  readonly status: string;
  readonly plan: CompiledPlan;
  readonly targetSnapshotId: bigint | undefined;
  readonly rowsRead: bigint;
  readonly rowsWritten: bigint;
  /** Why it failed its audits. */
  readonly error: ErrorJson | undefined;
}

/**
 * Reads a session's row; undefined when there is none. Throws `session-plan-missing` when it was not opened
 * step by step, or so long ago that its plan was let go.
 */
export async function readStoredSession(
  ports: RunPorts,
  processName: string,
  psybergSessionId: string,
): Promise<StoredSession | undefined> {
  const { sessionTable } = ports.project.tables;
  const loaded = await ports.catalog.loadTable(sessionTable);
  if (loaded?.metadata['current-snapshot-id'] === undefined) return undefined;
  const [row] = await ports.engine.query(
    statement('state/session_of_process', { session_table: lakeTable(sessionTable) }),
    { process_name: processName, psyberg_session_id: psybergSessionId },
  );
  if (row === undefined) return undefined;
  if (row.plan === null)
    throw usageError(
      'session-plan-missing',
      `session ${psybergSessionId} of ${processName} (${row.status}) has no plan: it was run as a whole, or thirty others have come since`,
      {
        hint: `open one of its own: psyberg session init --process_name=${processName}`,
        context: { process_name: processName, psyberg_session_id: psybergSessionId },
      },
    );
  return {
    status: row.status,
    plan: JSON.parse(row.plan) as CompiledPlan,
    targetSnapshotId: row.target_snapshot_id ?? undefined,
    rowsRead: row.rows_read ?? 0n,
    rowsWritten: row.rows_written ?? 0n,
    error: row.error === null ? undefined : (JSON.parse(row.error) as ErrorJson),
  };
}

/** What the load staged: the next steps check that it is still so. 64-bit numbers as text. */
export interface StagedJson {
  /** Head of the session's branch; null when nothing was staged on an empty target. */
  readonly branch_head: string | null;
  /** What it was staged on: `main` of a new target begins with the load. */
  readonly base_snapshot_id?: string | null;
  /** The base without the replaced hours, where it was staged. */
  readonly cleared_snapshot_id: string | null;
  readonly staged_snapshot_ids: readonly string[];
  readonly insert_snapshot_ids: readonly string[];
  /** The hours that came out otherwise than the target had them, where somebody compared. */
  readonly differing_hours?: readonly string[];
  /** The schema under which it was staged, where that is not the table's own. */
  readonly schema?: { readonly id: number; readonly from: number };
  /** The audits that were run, once they were: others in their place have to be run before publishing. */
  readonly audits_sha256?: string;
  readonly rows_read: string;
  readonly rows_written: string;
  readonly audits: readonly AuditResult[];
}
/**
 * A session that found nothing to do: it has no row, but its next steps must know it from one that was never
 * opened.
 */
export interface IdleJson {
  readonly idle: Exclude<SessionStatus, 'work'>;
  readonly plan: CompiledPlan;
}

const textOf = (id: SnapshotId | undefined): string | null => (id === undefined ? null : String(id));

/** A staged session as it is saved. `target`: its metadata now, which say where the branch ends. */
export const stagedJson = (staged: Staged, target: TableMetadata): StagedJson => ({
  branch_head: textOf(branchHead(target, staged.branch)?.['snapshot-id']),
  base_snapshot_id: textOf(staged.base?.['snapshot-id']),
  cleared_snapshot_id: textOf(staged.clearedId),
  staged_snapshot_ids: staged.stagedIds.map(String),
  insert_snapshot_ids: staged.insertIds.map(String),
  ...(staged.computed.differing === undefined
    ? {}
    : { differing_hours: staged.computed.differing.map(hourText) }),
  ...(staged.schema === undefined ? {} : { schema: staged.schema }),
  rows_read: '0',
  rows_written: '0',
  audits: [],
});

/** What was saved, with what its audits found. `auditsSha256`: the audits that were run. */
export const auditedJson = (saved: StagedJson, audited: Audited, auditsSha256: string): StagedJson => ({
  ...saved,
  audits_sha256: auditsSha256,
  rows_read: String(audited.rowsRead),
  rows_written: String(audited.rowsWritten),
  audits: audited.audits,
});

/**
 * The staged session again, in another process; undefined when the branch is no longer what the load left.
 * Composing from a branch that is gone would publish the watermark without the rows.
 */
export function stagedFrom(
  session: Begun,
  saved: StagedJson,
  target: TableMetadata | undefined,
): Staged | undefined {
  if (target === undefined) return undefined;
  if (textOf(branchHead(target, session.branch)?.['snapshot-id']) !== saved.branch_head) return undefined;
  const { schema } = saved;
  if (schema !== undefined) {
    session.leftovers.schemaId = schema.id;
    session.view.useSchema(session.spec.target.table, schema.id);
  }
  const baseId = saved.base_snapshot_id ?? session.plan.target.base_snapshot_id;
  return {
    ...unstaged({
      ...unopened(session),
      base: baseId === null ? undefined : snapshotById(target, BigInt(baseId)),
      schema,
    }),
    clearedId: saved.cleared_snapshot_id === null ? undefined : BigInt(saved.cleared_snapshot_id),
    stagedIds: saved.staged_snapshot_ids.map(BigInt),
    insertIds: saved.insert_snapshot_ids.map(BigInt),
    computed: { rows: 0n, differing: saved.differing_hours?.map(parseHour) },
  };
}

const fileIn = (directory: string): string => join(directory, 'steps.json');

export function saveSteps({ directory }: Pick<Begun, 'directory'>, content: StagedJson | IdleJson): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileIn(directory), JSON.stringify(content));
}

/** Undefined when the folder is gone, or holds a file that a crash left half written. */
export function readSteps(directory: string): StagedJson | IdleJson | undefined {
  const path = fileIn(directory);
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as StagedJson | IdleJson;
  } catch (error) {
    throwUnlessOfFile(error, path);
    return undefined;
  }
}
