/**
 * Sessions as short data, for tests of planning and compiling without any I/O. Hours count from midnight of
 * the day.
 */
import type { CompiledPlan, Step } from '../../src/model/plan.ts';
import type { Pattern, ProcessSpec } from '../../src/model/process-spec.ts';
import type { ChangedFile, Session, SourceState, TargetState } from '../../src/model/session.ts';
import { planSession } from '../../src/plan/index.ts';
import { msAt } from './world.ts';

export const hour = (count: number): number => msAt(count) / 3_600_000;
const UUID = '11111111-1111-1111-1111-111111111111';

export interface SourceData {
  /** Its name in the namespace `raw`; default: its alias. */
  readonly table?: string;
  /** Hours of added files: one hour, or the first and the last. */
  readonly added?: readonly (number | readonly [number, number])[];
  readonly removed?: readonly (number | readonly [number, number])[];
  readonly future?: readonly number[];
  /** Undefined: nothing is known. */
  readonly vtts?: number;
  readonly owed?: readonly number[];
  /** False on a first load. */
  readonly loaded?: boolean;
  readonly awaited?: boolean;
  readonly state?: Partial<SourceState>;
}
export interface SessionData {
  readonly pattern: Pattern;
  readonly sources: Readonly<Record<string, SourceData>>;
  readonly spec?: Partial<ProcessSpec>;
  readonly target?: Partial<TargetState>;
  /** Short for the target's last computed hour. */
  readonly completeTo?: number;
}

export function specOf({ pattern, sources, spec }: SessionData): ProcessSpec {
  return {
    processName: 'some_load',
    file: '/project/processes/some_load.sql',
    pattern,
    sources: Object.entries(sources).map(([alias, { table = alias }]) => ({
      table: { namespace: ['raw'], name: table },
      alias,
      eventTime: 'ts',
      vtts: { kind: 'bounds' },
      onSourceChange: 'refuse',
      nulls: 'skip',
      futureToleranceMs: 3_600_000,
      start: { kind: 'beginning' },
      protect: true,
    })),
    target: {
      table: { namespace: ['facts'], name: 'some' },
      eventTime: 'ts',
      partitionBy: [],
      properties: {},
    },
    onSchemaChange: 'refuse',
    audits: [],
    hours: 'contiguous',
    catchup: {},
    sql: 'select * from s',
    sqlOffset: { line: 1, column: 1 },
    parameters: [],
    sqlSha256: '00',
    ...spec,
  };
}

export function sessionOf(data: SessionData): Session {
  const spec = specOf(data);
  return {
    spec,
    psybergSessionId: '20230914061501',
    openedAtMs: msAt(6.25),
    sources: Object.values(data.sources).map((source, index) => sourceState(source, spec, index)),
    target: {
      exists: true,
      tableUuid: UUID,
      baseSnapshotId: 70n,
      ...(data.completeTo === undefined ? {} : { completeToHour: hour(data.completeTo) }),
      eventTime: { fieldId: 2, type: 'timestamptz', unit: 'us' },
      ...data.target,
    },
  };
}

/** The session planned, with these steps in place of the compiled ones. */
export const planOf = (data: SessionData, steps: readonly Step[] = []): CompiledPlan => ({
  ...planSession(sessionOf(data)),
  steps,
});

function sourceState(data: SourceData, spec: ProcessSpec, index: number): SourceState {
  const files: ChangedFile[] = [
    ...(data.added ?? []).map((hours) => fileOf(hours, 'added')),
    ...(data.removed ?? []).map((hours) => fileOf(hours, 'removed')),
  ];
  if (data.future !== undefined)
    files.push({
      ...fileOf(0, 'added'),
      ...{ firstHour: undefined as never, lastHour: undefined as never },
      futureHours: data.future.map(hour),
    });
  const position = { tableUuid: UUID, sequenceNumber: 8n, committedAtMs: msAt(5) };
  return {
    spec: spec.sources[index] as ProcessSpec['sources'][number],
    awaited: data.awaited ?? false,
    ...(data.loaded === false
      ? {}
      : {
          watermark: {
            table: `raw.${spec.sources[index]?.table.name}`,
            ...position,
            snapshotId: 8n,
            owedHours: (data.owed ?? []).map(hour),
          },
        }),
    ...(data.awaited === true ? {} : { head: { ...position, snapshotId: 9n, sequenceNumber: 9n } }),
    detectedBy: data.loaded === false ? 'first-load' : 'snapshots',
    changes:
      files.length === 0
        ? []
        : [
            {
              snapshotId: 9n,
              operation: 'append',
              committedAtMs: msAt(6),
              counted: true,
              addedFiles: files.length,
              removedFiles: 0,
              addedRows: 10n,
              removedRows: 0n,
            },
          ],
    files,
    listedBy: 'manifests',
    manifestLists: ['/warehouse/raw/snap-9.avro'],
    ...(data.vtts === undefined ? {} : { vttsHour: hour(data.vtts), newestHour: hour(data.vtts) }),
    eventTimeType: 'timestamptz',
    eventTimeUnit: 'us',
    ...data.state,
  };
}

function fileOf(hours: number | readonly [number, number], status: ChangedFile['status']): ChangedFile {
  const [first, last] = typeof hours === 'number' ? [hours, hours] : hours;
  return {
    path: `/warehouse/raw/data/${first}-${last}.parquet`,
    snapshotId: 9n,
    status,
    rows: 10n,
    bytes: 1000n,
    partition: { ts_hour: `hour ${first}` },
    firstHour: hour(first),
    lastHour: hour(last),
    boundsFrom: 'manifest',
    nullEventTimes: 0n,
  };
}
