/**
 * Opens one source of a session: pins its head, finds what changed since the watermark, and how far it is
 * complete. SourceSpec + metadata + watermark -> SourceState. DuckDB is started only if something changed.
 */
import { findChanges } from '../changes/find-changes.ts';
import { openSource } from '../changes/open-source.ts';
import { refuseUnsupported } from '../changes/refuse-unsupported.ts';
import type { Source, SourceTable } from '../changes/source.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { given } from '../model/given.ts';
import { lastAllowedHour } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { SourceState, Watermark } from '../model/session.ts';
import { type ProcessProgress, watermarkFor, watermarksOn } from '../state/process-progress.ts';
import { duckdbColumns } from '../statements/index.ts';
import { refuseReplacedColumns } from './columns-replaced.ts';
import { askedBefore, completenessOf, emptyState, type Promised, promisedOf } from './complete-to.ts';
import { eventTimeOf, refuseOtherEventTime } from './event-time.ts';
import { openFolder } from './open-folder.ts';
import {
  refuseMissing,
  refuseNulls,
  refuseReadBefore,
  sourceReplaced,
  sourceRewound,
} from './refuse-source.ts';
import type { OpenSessionInput } from './session-input.ts';
import { eventTimeFacts, headCounts, NOTHING_NEW, positionOf, protectionFacts } from './source-facts.ts';
import { startSnapshot } from './start.ts';
import { watermarksEver } from './watermarks-ever.ts';

/**
 * Opens a source. Throws `source-missing`, `source-replaced`, `source-rewound`, `source-changed`,
 * `history-expired` and the errors of reading.
 */
export async function openSourceState(
  input: OpenSessionInput,
  spec: SourceSpec,
  progress: ProcessProgress | undefined,
): Promise<SourceState> {
  if (spec.files !== undefined) return openFolder(input, { ...spec, files: spec.files }, progress);
  const asked = await askedBefore(input, spec, progress);
  const loaded = await input.catalog.loadTableToRead(spec.table);
  const promised = asked === undefined ? undefined : promisedOf(asked, loaded?.metadata);
  const name = tableName(spec.table);
  const found = watermarkFor(progress, { name, tableUuid: loaded?.metadata['table-uuid'] });
  // A watermark with `onChange` is from when this source was a lookup: none of its rows has been loaded.
  const watermark = found?.onChange === undefined ? found : undefined;
  const untouched = { ...NOTHING_NEW, spec, ...given({ watermark }) };
  if (loaded === undefined) {
    refuseMissing(input, spec);
    return { ...untouched, awaited: true };
  }
  const { metadata } = loaded;
  if (watermark === undefined) refuseReadBefore(input, spec, { progress, metadata });
  refuseUnsupported(name, metadata);
  const idle = { ...untouched, ...given({ columns: duckdbColumns(currentSchema(metadata).fields) }) };
  if (watermark !== undefined && watermark.tableUuid !== metadata['table-uuid'])
    throw sourceReplaced(input, name, { watermark, found: metadata['table-uuid'] });
  const eventTime = eventTimeOf(spec, metadata);
  if (patternOf(input.spec).loadsHours)
    refuseOtherEventTime(
      input.spec,
      { source: spec, metadata, eventTime },
      watermarksOn(progress, metadata['table-uuid']),
    );
  await refuseReplacedColumns(input, { source: spec, metadata, watermark });
  const head = headOf(input, spec, metadata);
  if (head === undefined) {
    if (watermark !== undefined) throw sourceRewound(input, name, watermark);
    return { ...idle, ...(await emptyState(input, spec, eventTime)) };
  }
  const table: SourceTable = {
    views: input.views,
    endpoint: input.endpoint,
    spec,
    metadata,
    eventTime,
    lastAllowedHour: lastAllowedHour(input.nowMs, spec),
    ...given({ verified: input.verified }),
  };
  return Object.freeze({
    ...idle,
    ...(await stateAt(input, table, { head, watermark, progress, promised })),
  });
}

/** The snapshot that the session pins: the head of `main`, or the place that an adoption names. */
function headOf(input: OpenSessionInput, spec: SourceSpec, metadata: TableMetadata): Snapshot | undefined {
  const main = mainSnapshot(metadata);
  const adoptedAt = input.adoptAt?.(spec);
  if (main === undefined || adoptedAt === undefined) return main;
  return startSnapshot(metadata, main, { start: adoptedAt, table: tableName(spec.table) });
}

interface Pinned {
  readonly head: Snapshot;
  readonly watermark: Watermark | undefined;
  readonly progress: ProcessProgress | undefined;
  readonly promised: Promised | undefined;
}

/** The state of a source at its head: what changed up to it, and how far the source is complete. */
async function stateAt(
  input: OpenSessionInput,
  table: SourceTable,
  { head, watermark, progress, promised }: Pinned,
): Promise<Partial<SourceState>> {
  const { spec, metadata, eventTime } = table;
  let opened: Source | undefined;
  const open = async (): Promise<Source> => {
    opened ??= openSource(await input.engine(), table);
    return opened;
  };
  const begin = watermark === undefined ? beginningOf(input, table, head) : undefined;
  const from = watermark ?? (begin === undefined ? undefined : asWatermark(table, begin));
  const changed =
    from?.snapshotId === head['snapshot-id']
      ? NOTHING_NEW
      : await findChanges(
          {
            source: await open(),
            processName: input.spec.processName,
            needs: input.changesNeeded ?? patternOf(input.spec).changesNeeded(spec),
            watermarksEver: once(() => watermarksEver(input, spec)),
          },
          head,
          from,
        );
  refuseNulls(input, table, changed.files);
  const complete =
    input.isLoaded === true
      ? {}
      : await completenessOf(input, table, { head, from, changed, progress, promised, open });
  return {
    ...changed,
    ...(begin === undefined ? {} : { start: positionOf(metadata, begin) }),
    ...protectionFacts(metadata, input.spec),
    head: positionOf(metadata, head),
    ...complete,
    ...headCounts(head),
    ...eventTimeFacts(eventTime),
    schemaId: metadata['current-schema-id'],
  };
}

/** The snapshot after which a process without a watermark begins to read; undefined: it reads all rows. */
function beginningOf(input: OpenSessionInput, { spec, metadata }: SourceTable, head: Snapshot) {
  const asOfNow = input.adoptAt !== undefined || input.lookUpTo !== undefined;
  const start = asOfNow ? { kind: 'now' as const } : spec.start;
  return startSnapshot(metadata, head, { start, table: tableName(spec.table) });
}

const asWatermark = ({ spec, metadata }: SourceTable, begin: Snapshot): Watermark => ({
  ...positionOf(metadata, begin),
  table: tableName(spec.table),
  owedHours: [],
});

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
