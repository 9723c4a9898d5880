/**
 * Does work of a process's engine outside of its sessions: it reads tables as of single snapshots, and its
 * rows go to a table like the target that no snapshot of the target ever holds. Process -> what `work`
 * returns; nothing is left behind. Its files lie where those of a session would, under a marker like a
 * session's, so that the next session sweeps what a killed process leaves.
 */
import { join } from 'node:path';
import type { ViewTable } from '../../catalog/index.ts';
import { emptyTable } from '../../catalog/views/session-views.ts';
import { SESSION_CATALOG } from '../../compile/index.ts';
import type { BoundStatement } from '../../engine/index.ts';
import { filesRemoved } from '../../files/remove.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { giveUp, markEngineSession } from '../../markers/session-marker.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import { PsybergError } from '../../model/errors.ts';
import { sessionIdOf } from '../../model/hour.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { branchName } from '../../model/session-branch.ts';
import { type SqlFragment, tableFragment } from '../../statements/index.ts';
import type { BesideSessions } from '../../workload/port.ts';
import { endMarker, isEndedOutside } from '../leftovers/ended-outside.ts';
import { sweepSession } from '../leftovers/sweep.ts';
import type { RunPorts } from '../ports.ts';
import { sessionView } from '../session-view.ts';
import { collectedView } from '../target.ts';
import { removeViews, viewsFolder } from '../views/views-folder.ts';

/** A table as of a snapshot. */
export interface TableBeside {
  /** Its name here. */
  readonly name: string;
  readonly table: TableIdentifier;
  readonly metadata: TableMetadata;
  /** Undefined: without a row. */
  readonly snapshot: Snapshot | undefined;
}

export interface WorkBeside {
  /** Shows tables to the engine. */
  show(tables: readonly TableBeside[]): void;
  /** A table that is shown. */
  named(name: string): SqlFragment;
  /** Where rows go: it has the columns of the target, and begins without a row. */
  readonly rows: SqlFragment;
  /** The columns of a query, which is not run. Throws what is wrong with it, and `table-not-declared`. */
  columns(query: BoundStatement): Promise<QueryColumn[]>;
  execute(statement: BoundStatement): Promise<void>;
  query(statement: BoundStatement): Promise<Readonly<Record<string, unknown>>[]>;
  /** The target with what {@link rows} holds and nothing else, which then begins anew; undefined: no row. */
  take(): TableMetadata | undefined;
}

const NAMESPACE = 'beside';

/** `beside`: that of the workload in `ports`. */
export async function workBeside<T>(
  ports: RunPorts,
  spec: ProcessSpec,
  beside: BesideSessions,
  work: (session: WorkBeside) => Promise<T>,
): Promise<T> {
  const { workload, endpoint, project } = ports;
  const collected = workload.collected ?? { metadata: undefined };
  const place = await openPlace(ports, spec);
  const { branch } = place;
  const view = sessionView(ports.views, branch, { readOnly: true });
  const rows = collectedView({ ports, spec, branch });
  const [first] = rows;
  const { directory } = place;
  const attach = async (): Promise<void> => {
    const folder = () => viewsFolder({ ports, spec, directory, view, writes: false });
    await workload.attach({ warehouse: branch, ...endpoint, viewsFolder: folder });
    place.noteEngine();
  };
  // What was taken stays where the engine wrote it: it begins without a row in a session of its own.
  let isTaken = false;
  const fresh = async (): Promise<void> => {
    if (!isTaken) return;
    isTaken = false;
    await workload.detach();
    await attach();
  };
  try {
    view.show(rows);
    await attach();
    return await work({
      show: (tables) => view.show(tables.map((each) => viewOf(each, branch))),
      named: tableBeside,
      rows: tableFragment(SESSION_CATALOG, first?.identifier ?? { namespace: [NAMESPACE], name: 'rows' }),
      async columns(query) {
        await fresh();
        return beside.columns({ spec, root: project.root }, query);
      },
      async execute(statement) {
        await fresh();
        await beside.execute(statement);
      },
      async query(statement) {
        await fresh();
        return beside.query(statement);
      },
      take() {
        const { metadata } = collected;
        isTaken = true;
        return metadata;
      },
    });
  } finally {
    workload.resume();
    await workload.detach();
    view.close();
    await place.end();
  }
}

/** Where files of a process may lie for a while that no session publishes. */
export interface PlaceBeside {
  /** The name of its folder and of its marker, as that of a session's branch. */
  readonly branch: string;
  readonly directory: string;
  /** Notes the session that was opened on another engine, which would go on when this process dies. */
  noteEngine(): void;
  /** Deletes all that lies there. */
  end(): Promise<void>;
}

export async function openPlace(ports: RunPorts, spec: ProcessSpec): Promise<PlaceBeside> {
  const { branch, directory } = await beginMarker(ports, spec);
  return {
    branch,
    directory,
    noteEngine() {
      const outside = ports.workload.outside?.id();
      if (outside !== undefined) markEngineSession(directory, outside);
    },
    async end() {
      try {
        const isEnded = await isEndedOutside(ports, directory);
        await removeViews({ ports, spec, directory });
        await sweepSession(ports, spec.target.table, branch);
        await filesRemoved();
        await endMarker(ports, directory, isEnded);
      } catch (error) {
        // The next session cleans up what is left, also while this process lives.
        giveUp(directory);
        throw error;
      }
    },
  };
}

const tableBeside = (name: string): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: [NAMESPACE], name });

function viewOf({ name, table, metadata, snapshot }: TableBeside, branch: string): ViewTable {
  return {
    identifier: { namespace: [NAMESPACE], name },
    table,
    tableUuid: metadata['table-uuid'],
    show:
      snapshot === undefined ? emptyTable(branch) : { kind: 'snapshot', snapshotId: snapshot['snapshot-id'] },
  };
}

/** So many seconds that begin with now may be those of sessions. */
const IDS_TRIED = 60;

/** The id is that of a session that begins now: where one does, in the next second. */
async function beginMarker(
  { markers, sessionsDirectory }: RunPorts,
  { processName }: ProcessSpec,
): Promise<{ readonly branch: string; readonly directory: string }> {
  for (let tried = 0; ; tried += 1) {
    const branch = branchName(processName, sessionIdOf(Date.now() + tried * 1000));
    const directory = join(sessionsDirectory, branch);
    try {
      await markers.begin(directory, false);
      return { branch, directory };
    } catch (error) {
      const isTaken = error instanceof PsybergError && error.code === 'session-running';
      if (!isTaken || tried >= IDS_TRIED) throw error;
    }
  }
}
