/**
 * Finds which state of its lookups each session of a process has used, if changes of them leave hours as
 * they are. Target + sessions -> states and their hours.
 */
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { type Hour, hoursOf, parseHour } from '../../model/hour.ts';
import { parseHourPairs } from '../../model/hours-made.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import { type ProcessProgress, progressEverSaid } from '../../state/process-progress.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import { lakeTable, statement } from '../../statements/index.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';

/** Lookups as of single snapshots, and the hours that were made with them. */
export interface LookupState {
  /** Snapshot ids by table name in lower case. */
  readonly snapshots: ReadonlyMap<string, bigint>;
  /** The schemas by which they were read, also by table name, as far as watermarks record them. */
  readonly schemas: ReadonlyMap<string, number>;
  readonly hours: ReadonlySet<Hour>;
}

const ignored = ({ sources }: ProcessSpec): SourceSpec[] =>
  sources.filter(({ lookup }) => lookup?.onChange === 'ignore');

/**
 * Returns the states oldest first, so that the last one is that of the newest session; none for a process
 * without such lookups. `unknown`: older sessions may have used other states, and nothing tells so any more.
 */
export async function lookupsUsed(
  workspace: Pick<Workspace, 'project' | 'client' | 'engine'>,
  spec: ProcessSpec,
  target: TableMetadata,
): Promise<{ readonly states: readonly LookupState[]; readonly unknown: boolean }> {
  const lookups = ignored(spec).map(({ table }) => tableName(table).toLowerCase());
  if (lookups.length === 0) return { states: [], unknown: false };
  const history = [...ancestors(target, mainSnapshot(target))];
  const line = new Set(history.map((each) => each['snapshot-id']));
  const oldest = history.at(-1);
  const onMain = {
    ...target,
    snapshots: (target.snapshots ?? []).filter((each) => line.has(each['snapshot-id'])),
  };
  const said = progressEverSaid(onMain, spec.processName).toSorted((left, right) =>
    (left.psybergSessionId ?? '') < (right.psybergSessionId ?? '') ? -1 : 1,
  );
  const written = hoursWritten(onMain);
  const states = statesSaid(spec, said, lookups);
  const hours =
    states.length < 2 || !patternOf(spec).loadsHours ? undefined : await hoursOfSessions(workspace, spec);
  return {
    states: states.map(({ snapshots, schemas, progress }) => ({
      snapshots,
      schemas,
      hours: new Set(
        progress.flatMap(
          ({ psybergSessionId }) =>
            written.get(psybergSessionId ?? '') ?? hours?.get(psybergSessionId ?? '') ?? [],
        ),
      ),
    })),
    unknown: oldest?.['parent-snapshot-id'] !== undefined,
  };
}

interface SaidState {
  readonly key: string;
  readonly snapshots: ReadonlyMap<string, bigint>;
  readonly schemas: ReadonlyMap<string, number>;
  readonly progress: ProcessProgress[];
}

/** The states in order, each with the sessions that used it. `lookups`: names in lower case. */
function statesSaid(
  spec: ProcessSpec,
  said: readonly ProcessProgress[],
  lookups: readonly string[],
): readonly SaidState[] {
  const states: SaidState[] = [];
  // For a process that appends, nothing tells which state made a row, so columns that were only added must
  // not count as another state.
  const isSameReading = (one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean =>
    !patternOf(spec).loadsHours ||
    [...one].every(([table, schemaId]) => (other.get(table) ?? schemaId) === schemaId);
  for (const progress of said) {
    const used = progress.watermarks.flatMap(({ table, ...each }) =>
      lookups.includes(table.toLowerCase()) ? [{ ...each, table: table.toLowerCase() }] : [],
    );
    const snapshots = new Map(used.map(({ table, snapshotId }) => [table, snapshotId] as const));
    const schemas = new Map(
      used.flatMap(({ table, schemaId }) => (schemaId === undefined ? [] : [[table, schemaId] as const])),
    );
    const key = [...snapshots].map((each) => each.join('@')).join();
    const last = states.at(-1);
    if (last?.key === key && isSameReading(last.schemas, schemas)) last.progress.push(progress);
    else states.push({ key, snapshots, schemas, progress: [progress] });
  }
  return states;
}

/** The hours that each session wrote, as the summaries of published snapshots tell. */
function hoursWritten({ snapshots = [] }: TableMetadata): ReadonlyMap<string, readonly Hour[]> {
  return new Map(
    snapshots.flatMap(({ summary = {} }) => {
      const id = summary[SUMMARY.sessionId];
      const ranges = parseHourPairs(summary[SUMMARY.hoursWritten]);
      return id === undefined || ranges === undefined ? [] : [[id, ranges.flatMap(hoursOf)] as const];
    }),
  );
}

/** All hours from the first to the last one that each session has loaded, by its id. */
async function hoursOfSessions(
  { project, client, engine }: Pick<Workspace, 'project' | 'client' | 'engine'>,
  { processName }: ProcessSpec,
): Promise<ReadonlyMap<string, readonly Hour[]>> {
  const { sessionTable } = project.tables;
  if (!(await client.tableExists(sessionTable))) return new Map();
  const rows = await (await engine()).query(
    statement('compare/hours_of_sessions', { session_table: lakeTable(sessionTable) }),
    { process_name: processName },
  );
  return new Map(
    rows.map((row) => [
      row.psyberg_session_id,
      hoursOf({ firstHour: parseHour(row.first_hour), lastHour: parseHour(row.last_hour) }),
    ]),
  );
}
