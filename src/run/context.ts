/**
 * What the steps of one running session share. Made by `run-session.ts`; every step file reads it and adds
 * what it learned.
 */
import type { CatalogClient, LoadedTable } from '../catalog/client/catalog-client.ts';
import type { SessionViews, ViewTable } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import type { ManifestToRewrite } from '../tables/read/manifest-shapes.ts';
import type { RewrittenManifest } from '../tables/write/manifest.ts';
import type { ReadableView } from '../tables/views/readable-view.ts';
import { conflict } from '../model/errors.ts';
import { sameTable, tableName } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { AuditResult } from '../model/run-record.ts';
import type { StateRow } from '../state/tables/state-table.ts';
import type { StateWriter } from './write-session-state.ts';

/** What a run needs of the outside. */
export interface RunPorts {
  readonly project: ProjectSpec;
  readonly catalog: CatalogClient;
  readonly views: SessionViews;
  /** Where DuckDB reaches the catalog. */
  readonly endpoint: { readonly uri: string; readonly token: string };
  readonly engine: Engine;
  /** A folder for the files of running sessions: their markers and their change views. */
  readonly sessionsDirectory: string;
  /**
   * False when sessions on other machines have their markers elsewhere: then a branch without a marker here
   * may be theirs.
   */
  readonly markersAreShared: boolean;
  /** Told what is being done; for progress on stderr. */
  readonly onStep: (message: string) => void;
}

export interface RunContext {
  readonly ports: RunPorts;
  readonly spec: ProcessSpec;
  /** Compiled again when the columns of the query are not those that were planned. */
  plan: CompiledPlan;
  /** Name of the branch, and of the session's view. */
  readonly branch: string;
  /** Files of this session alone. */
  readonly directory: string;
  /** The tables of the session's view, by `namespace.name`. */
  readonly viewTables: Map<string, ViewTable>;
  /** Snapshots shown as changes of a source, by alias. */
  readonly changeViews: Map<string, ReadableView>;
  /**
   * The snapshots with rows that were put on the branch, as they were committed. Its history is not asked for
   * them: an expiry by somebody else leaves a branch only its head, and what the others added would count as
   * old, or be lost.
   */
  readonly stagedIds: SnapshotId[];
  /** Those among them that hold what the query returned; the others hold rows that were carried over. */
  readonly insertIds: SnapshotId[];
  /** What the session table says of it once it is published. */
  readonly sessionStatus: string;
  /** For an adoption: the name whose progress it takes over, since the process was renamed. */
  readonly adoptedFrom?: string;
  /** True when the steps run as separate commands. */
  readonly stepwise: boolean;
  /** True when the branch was there before this session began: it is not its own to drop. */
  branchOfAnother: boolean;
  /** True when files were written for a commit that another one overtook. */
  lostRaces: boolean;
  /**
   * The base without the replaced hours: a snapshot that is committed together with the first one after it.
   */
  cleared: ClearedBase | undefined;
  /** That snapshot, once it is on the branch. */
  clearedId: SnapshotId | undefined;
  /** Writes the engine's own tables; there once the rows are counted. */
  state: StateWriter | undefined;
  /**
   * The schema that the session works under and publishes, with columns that the table's own (`from`) does
   * not have; undefined for that one.
   */
  schema: { readonly id: number; readonly from: number } | undefined;
  base: Snapshot | undefined;
  composed: ComposedSnapshot | undefined;
  rowsRead: bigint;
  rowsWritten: bigint;
  audits: AuditResult[];
  /** Rows of audits that failed, not written yet. */
  auditFailures: StateRow[];
  publishedSnapshotId: SnapshotId | undefined;
}

/** Manifests of a base, and what replaces them there. */
export interface TakenOff {
  readonly affected: readonly ManifestToRewrite[];
  readonly rewritten: readonly RewrittenManifest[];
}
/** The files of a session's hours in another snapshot than its base. */
export interface FilesOfHours {
  readonly files: readonly FileInHours[];
  /** Manifests without them, when those of the session's own base serve. */
  readonly takenOff: TakenOff | undefined;
}
/**
 * The base without the files of the replaced hours: manifests that are written already, and become a snapshot
 * with the first commit on the branch.
 */
export interface ClearedBase extends TakenOff {
  /** The files that are taken off. */
  readonly files: readonly FileInHours[];
}

/** A live file of the target with rows of the replaced hours. */
export interface FileInHours extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly path: string;
  readonly rows: bigint;
  /** `straddles`: it also holds other rows. */
  readonly placement: 'inside' | 'straddles';
}

/** The snapshot to publish, and what it was composed on. */
export interface ComposedSnapshot {
  readonly snapshot: Snapshot;
  readonly baseSnapshotId: SnapshotId | undefined;
  readonly metadata: TableMetadata;
}

/**
 * The target's metadata now, under the session's schema. Throws `target-missing` when somebody dropped it
 * meanwhile, `target-moved` when somebody gave it another schema than that to which this session adds.
 */
export async function loadTarget(context: RunContext): Promise<LoadedTable> {
  const loaded = await context.ports.catalog.loadTable(context.spec.target.table);
  if (loaded === undefined)
    throw conflict(
      'target-missing',
      `the target ${tableName(context.spec.target.table)} was dropped while the session ran`,
      {
        hint: 'run again: the next session creates it anew',
      },
    );
  const { schema } = context;
  if (schema === undefined) return loaded;
  const current = loaded.metadata['current-schema-id'];
  if (current !== schema.from && current !== schema.id)
    throw conflict(
      'target-moved',
      `the columns of ${tableName(context.spec.target.table)} were changed while the session ran`,
      { hint: 'plan again' },
    );
  return { ...loaded, metadata: { ...loaded.metadata, 'current-schema-id': schema.id } };
}

/** Whether the SQL of the process or of its audits may compare times with `infinity`. */
export const asksForInfinity = ({ spec }: Pick<RunContext, 'spec'>): boolean =>
  [spec.sql, ...spec.audits.map((audit) => (audit.kind === 'sql' ? audit.sql : ''))].some((sql) =>
    /infinity/i.test(sql),
  );

/** Shows the session's tables under its view; DuckDB sees a change with its next statement. */
export function showTables(context: RunContext, tables: readonly ViewTable[]): void {
  const { schema, spec } = context;
  for (const table of tables) {
    const shown =
      schema !== undefined && sameTable(table.table, spec.target.table)
        ? { ...table, schemaId: schema.id }
        : table;
    context.viewTables.set(tableName(table.identifier), shown);
  }
  context.ports.views.open({ name: context.branch, tables: [...context.viewTables.values()] });
}
