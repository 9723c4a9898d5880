/**
 * Finds processes that hold snapshots back but are not in the project: removed, renamed, or of another
 * project over the same warehouse. Tables + watermarks -> who holds what; released on request. The three
 * cannot be told apart here, so nothing is released unasked.
 */
import { expiredBy, type RetentionLimits } from '../iceberg/retention.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { refusal, usageError } from '../model/errors.ts';
import type { DroppedTagRecord } from '../model/maintain-record.ts';
import { parseTableName, protectionTag, type TableIdentifier, tableName } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { removeTag } from '../state/drop-tag.ts';
import { lastSessionOf } from '../state/process-progress.ts';
import { releasedProperty } from '../state/target-properties.ts';
import type { MaintainPorts } from './context.ts';
import { heldWatermarks } from './held-watermarks.ts';
import { type HeldWatermark, neededSnapshots } from './needed-snapshots.ts';

/** A process that is not in the project, and what it holds of one table. */
export interface Stranger {
  readonly processName: string;
  readonly table: string;
  /** True if its tag is on the table; its watermark alone holds as well. */
  readonly hasTag: boolean;
  /** Number of snapshots that are old enough to expire and only stay because of it. */
  readonly heldSnapshots: number;
}

const TAG = protectionTag('');

/** Finds the strangers of one table, by name. `watermarks`: those on this table. */
export function strangersOf(
  project: Pick<ProjectSpec, 'processes'>,
  table: string,
  {
    metadata,
    watermarks,
    limits,
  }: {
    readonly metadata: TableMetadata;
    readonly watermarks: readonly HeldWatermark[];
    readonly limits: Pick<RetentionLimits, 'nowMs' | 'olderThanMs' | 'retainLast'>;
  },
): Stranger[] {
  const known = new Set(project.processes.map((each) => each.processName));
  const tagged = Object.entries(metadata.refs ?? {}).flatMap(([ref, { type }]) =>
    type === 'tag' && ref.startsWith(TAG) ? [ref.slice(TAG.length)] : [],
  );
  const reading = watermarks
    .filter((each) => each.tableUuid === metadata['table-uuid'])
    .map((each) => each.processName);
  const names = [...new Set([...tagged, ...reading])]
    .filter((name) => name !== '' && !known.has(name))
    .sort();
  const expiring = (without?: string): number => {
    const { [protectionTag(without ?? '')]: _tag, ...refs } = metadata.refs ?? {};
    const less: TableMetadata = without === undefined ? metadata : { ...metadata, refs };
    const { ids } = neededSnapshots({
      metadata: less,
      watermarks: watermarks.filter((each) => each.processName !== without),
      sessionsSinceMs: undefined,
    });
    return expiredBy(less, limits, ids).snapshots.length;
  };
  return names.map((processName) => ({
    processName,
    table,
    hasTag: tagged.includes(processName),
    heldSnapshots: expiring(processName) - expiring(),
  }));
}

/** Words what a stranger does and how to end it, for notes and for `psyberg doctor`. */
export function strangerText({ processName, hasTag, heldSnapshots }: Stranger): {
  what: string;
  hint: string;
} {
  const held =
    heldSnapshots === 0
      ? 'nothing that is old enough to expire yet'
      : `${heldSnapshots} old ${heldSnapshots === 1 ? 'snapshot' : 'snapshots'}`;
  return {
    what: `${hasTag ? `the tag ${protectionTag(processName)}` : 'a watermark'} is of ${processName}, which is no process of this project, and holds back ${held}`,
    hint: `if it was renamed: psyberg adopt NEW_NAME --from ${processName}; if it is gone, and no other project of this warehouse has it: psyberg maintain --drop-tag ${processName}`,
  };
}

export type StrangerPorts = Pick<MaintainPorts, 'catalog' | 'engine' | 'project' | 'onStep'>;
interface Named {
  readonly id: TableIdentifier;
  readonly metadata: TableMetadata;
}

/** Finds every stranger on the tables. */
export async function findStrangers(
  ports: StrangerPorts,
  tables: readonly Named[],
  nowMs: number,
): Promise<Stranger[]> {
  const watermarks = await heldWatermarks(
    ports,
    tables.map((each) => each.metadata),
  );
  return tables.flatMap(({ id, metadata }) =>
    strangersOf(ports.project, tableName(id), {
      metadata,
      watermarks: watermarks.filter((each) => each.table === tableName(id).toLowerCase()),
      limits: { nowMs },
    }),
  );
}

/**
 * Releases what a stranger holds: removes its tags, and lets go what its watermarks keep from expiring. The
 * watermarks stay, so that it finds them if it runs again. `name`: of the process, or of its tag. Throws
 * `drop-tag-in-use` for a process of the project, `tag-unknown` for one that holds nothing.
 */
export async function dropStranger(
  ports: StrangerPorts,
  name: string,
  {
    tables,
    nowMs,
    dryRun,
  }: { readonly tables: readonly Named[]; readonly nowMs: number; readonly dryRun: boolean },
): Promise<DroppedTagRecord[]> {
  const strangers = await findStrangers(ports, tables, nowMs);
  const isThere = (each: string): boolean => strangers.some(({ processName }) => processName === each);
  const processName = !isThere(name) && name.startsWith(TAG) ? name.slice(TAG.length) : name;
  const own = ports.project.processes.find((each) => each.processName === processName);
  if (own !== undefined)
    throw refusal(
      'drop-tag-in-use',
      `${processName} is a process of this project: its tag keeps what its next session needs`,
      {
        hint: `set protect: false on its sources in ${own.file} if they are to have no tag`,
        context: { process_name: processName },
      },
    );
  if (!isThere(processName))
    throw usageError('tag-unknown', `no table has a tag or a watermark of a process named ${processName}`, {
      hint:
        strangers.length === 0
          ? 'no process that is not in this project holds anything back'
          : `there are those of ${[...new Set(strangers.map((each) => each.processName))].join(', ')}`,
      context: { process_name: processName },
    });
  if (!dryRun) await release(ports, processName, tables);
  const dropped: DroppedTagRecord[] = [];
  for (const { table, hasTag, heldSnapshots } of strangers.filter(
    (each) => each.processName === processName,
  )) {
    if (hasTag && !dryRun && !(await removeTag(ports, parseTableName(table), processName))) continue;
    dropped.push({
      table,
      process_name: processName,
      tag: hasTag ? protectionTag(processName) : null,
      snapshots: heldSnapshots,
    });
  }
  return dropped;
}

/**
 * Marks the process as released on its targets, up to its last session: if it publishes again, it holds
 * again.
 */
async function release(
  { catalog }: StrangerPorts,
  processName: string,
  tables: readonly Named[],
): Promise<void> {
  for (const { id, metadata } of tables) {
    const last = lastSessionOf(metadata, processName);
    if (last !== undefined)
      await catalog.commitTable(id, {
        requirements: [{ type: 'assert-table-uuid', uuid: metadata['table-uuid'] }],
        updates: [{ action: 'set-properties', updates: { [releasedProperty(processName)]: last } }],
      });
  }
}
