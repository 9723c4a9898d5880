/**
 * The sessions of test/golden/plans. session.json + ProcessSpec -> Session. The keys are those of
 * `src/model/session.ts`; 64-bit numbers, hours and instants are texts, and a source's `spec` is its alias in
 * process.sql. A key that the model does not have is refused, and one that it gets does not compile here.
 */

import type { FileLayout } from '../../src/model/file-layout.ts';
import type { FilesToRead, FileToRead } from '../../src/model/files-source.ts';
import { parseHour } from '../../src/model/hour.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import type {
  ChangedFile,
  KeyMatch,
  Restated,
  Session,
  SessionBegin,
  SnapshotChange,
  SourcePosition,
  SourceState,
  TargetState,
  Watermark,
} from '../../src/model/session.ts';

type Json = Readonly<Record<string, unknown>>;
type Reader<Value> = (json: unknown) => Value;
type Readers<Value> = { readonly [Key in keyof Required<Value>]: Reader<Required<Value>[Key]> };

const plain = <Value>(json: unknown): Value => json as Value;
const int64: Reader<bigint> = (json) => BigInt(json as string);
const hour: Reader<number> = (json) => parseHour(json as string);
const instant: Reader<number> = (json) => Date.parse(json as string);
const listOf =
  <Item>(reader: Reader<Item>): Reader<readonly Item[]> =>
  (json) =>
    (json as readonly unknown[]).map(reader);
const objectOf =
  <Value>(readers: Readers<Value>): Reader<Value> =>
  (json) =>
    Object.fromEntries(
      Object.entries(json as Json).map(([key, value]) => {
        const reader = (readers as Readonly<Record<string, Reader<unknown>>>)[key];
        if (reader === undefined) throw new Error(`session.json: unknown key '${key}'`);
        return [key, reader(value)];
      }),
    ) as Value;

const POSITION: Readers<SourcePosition> = {
  tableUuid: plain,
  snapshotId: int64,
  sequenceNumber: int64,
  committedAtMs: instant,
};
const WATERMARK: Readers<Watermark> = {
  ...POSITION,
  table: plain,
  owedHours: listOf(hour),
  newestHour: hour,
  totalRecords: int64,
  addedRecords: int64,
  eventTimeId: plain,
  windowKeyId: plain,
  schemaId: plain,
  onChange: plain,
};
const CHANGE: Readers<SnapshotChange> = {
  snapshotId: int64,
  operation: plain,
  committedAtMs: instant,
  counted: plain,
  reason: plain,
  addedFiles: plain,
  removedFiles: plain,
  addedRows: int64,
  removedRows: int64,
};
const FILE: Readers<ChangedFile> = {
  path: plain,
  snapshotId: int64,
  status: plain,
  rows: int64,
  bytes: int64,
  partition: plain,
  firstHour: hour,
  lastHour: hour,
  boundsFrom: plain,
  futureHours: listOf(hour),
  futureRows: int64,
  nullEventTimes: int64,
  differingHours: listOf(hour),
};
const MATCH: Readers<KeyMatch> = {
  hours: listOf(hour),
  fallback: plain,
  keys: plain,
  files: plain,
  bytes: int64,
  candidateHours: plain,
  matchedHours: plain,
};
const FILE_TO_READ: Readers<FileToRead> = { path: plain, bytes: int64, modifiedAtUs: int64, etag: plain };
const TO_READ: Readers<FilesToRead> = {
  relation: plain,
  files: listOf(objectOf(FILE_TO_READ)),
  columns: plain,
  shape: plain,
  session: int64,
  undone: plain,
  withFilename: plain,
};
const RESTATED: Readers<Restated> = { ...MATCH, hours: listOf(hour) };
const TARGET: Readers<TargetState> = {
  exists: plain,
  columns: plain,
  tableUuid: plain,
  baseSnapshotId: int64,
  completeToHour: hour,
  heldHours: listOf(hour),
  announcedToHour: hour,
  previousSessionId: plain,
  hoursMade: plain,
  formatVersion: plain,
  eventTime: plain,
  layout: plain<FileLayout>,
};
const sourceReaders = (spec: ProcessSpec): Readers<SourceState> => ({
  spec: (alias) => {
    const found = spec.sources.find((each) => each.alias === alias);
    if (found === undefined) throw new Error(`session.json: process.sql has no source '${alias}'`);
    return found;
  },
  columns: plain,
  awaited: plain,
  watermark: objectOf(WATERMARK),
  start: objectOf(POSITION),
  protectedSnapshotId: int64,
  head: objectOf(POSITION),
  detectedBy: plain,
  changes: listOf(objectOf(CHANGE)),
  files: listOf(objectOf(FILE)),
  listedBy: plain,
  manifestLists: plain,
  deleteFiles: plain,
  newestHour: hour,
  laterHours: listOf(hour),
  vttsHour: hour,
  totalRecords: int64,
  addedRecords: int64,
  eventTimeId: plain,
  windowKeyId: plain,
  schemaId: plain,
  eventTimeType: plain,
  eventTimeUnit: plain,
  matched: objectOf(MATCH),
  toRead: objectOf(TO_READ),
  restated: objectOf(RESTATED),
});

/** `json`: of a whole session.json. */
export function goldenSession(json: unknown, spec: ProcessSpec): Session {
  const readers: Readers<Omit<Session, 'spec'>> = {
    psybergSessionId: plain,
    openedAtMs: instant,
    sources: listOf(objectOf(sourceReaders(spec))),
    target: objectOf(TARGET),
    sql: plain,
    sqlChanged: plain,
    begin: objectOf<SessionBegin>({ emptyBefore: hour, storedFrom: hour, leftBehind: listOf(hour) }),
    restate: plain,
  };
  return { spec, ...objectOf(readers)(json) };
}

const WIDTH = 110;

/** JSON to read: what fits in a line stands in one. */
export function readableJson(value: unknown, margin = ''): string {
  const line = oneLine(value);
  if (value === null || typeof value !== 'object' || margin.length + line.length <= WIDTH) return line;
  const inner = `${margin}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const items = Array.isArray(value)
    ? value.map((item) => readableJson(item, inner))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${readableJson(item, inner)}`);
  return `${open}\n${items.map((item) => `${inner}${item}`).join(',\n')}\n${margin}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const items = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${oneLine(item)}`);
  return items.length === 0 ? '{}' : `{ ${items.join(', ')} }`;
}
