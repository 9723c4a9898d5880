/**
 * Finds which hours of the target must be computed again because a lookup changed. Session -> Session whose
 * lookups with `on_change: restate` say so. If that cannot be told, all hours of the target are, and the plan
 * says why.
 *
 * A row of the target is made from rows of other sources, and of rows of the lookup with their key. So if
 * neither they nor the target have the key of a changed row in an hour, nothing of that hour changes.
 */
import { relative } from 'node:path';
import { type ChangedKeys, dropKeys } from '../changes/keys/changed-keys.ts';
import { changedLookupKeys } from '../changes/keys/changed-lookup-keys.ts';
import { hoursOfKeys } from '../changes/keys/hours-of-keys.ts';
import { openSource } from '../changes/open-source.ts';
import { isIncomparable } from '../changes/rows/compare-rows.ts';
import { columnOf, currentSchema } from '../iceberg/event-time.ts';
import { snapshotById } from '../iceberg/history.ts';
import type { NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { hoursComputed } from '../kinds/patterns/hours-of-target.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { hoursOfRow } from '../kinds/patterns/key-hours.ts';
import { pending } from '../kinds/patterns/pending.ts';
import { refusal, usageError } from '../model/errors.ts';
import { unitHours } from '../model/grain.ts';
import { type Hour, hoursOf } from '../model/hour.ts';
import { ascending, intervalsOf, touchedHours, union, wholeDays } from '../model/hour-sets.ts';
import { isLookup, withoutLookups } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ChangedFile, Restated, Session, SourceState } from '../model/session.ts';
import { rangesBehind, reachedBy, sourceWindow } from '../model/window-hours.ts';
import { BY_TEXT, rewriteKey } from '../state/no-news.ts';
import { hoursWithKeys } from './hours-with-keys.ts';
import type { OpenSessionInput } from './session-input.ts';
import {
  filesOfSnapshot,
  incomparableKey,
  liveFiles,
  type TableOfHours,
  type TableWithKey,
  tableAtHead,
  tableToRead,
  targetOfHours,
  targetWithKey,
} from './tables-of-hours.ts';

/** Throws `lookup-key-missing`, `source-rewound`, and what reading throws. */
export async function restateLookups(input: OpenSessionInput, session: Session): Promise<Session> {
  const restating = session.sources.filter(({ spec }) => spec.lookup?.onChange === 'restate');
  if (restating.length === 0 || input.adoptAt !== undefined) return session;
  for (const lookup of restating) await refuseMissingKeys(input, session, lookup);
  // Before its first session a process has no hours.
  if (session.target.completeToHour === undefined) return session;
  if (!restating.some(mayHaveChanged)) return session;
  const all = await hoursOfTarget(input, session);
  const sources: SourceState[] = [];
  // One after the other: each may fill a table in the engine.
  for (const source of session.sources)
    sources.push(
      restating.includes(source) && mayHaveChanged(source)
        ? await withHours({ input, session, lookup: source, all })
        : source,
    );
  return Object.freeze({ ...session, sources: Object.freeze(sources) });
}

const mayHaveChanged = ({ head, watermark, changes }: SourceState): boolean =>
  head !== undefined && (watermark?.onChange !== 'restate' || changes.some(({ counted }) => counted));

interface Asked {
  readonly input: OpenSessionInput;
  readonly session: Session;
  readonly lookup: SourceState;
  /** All hours that the target has. */
  readonly all: readonly Hour[];
}

async function withHours(asked: Asked): Promise<SourceState> {
  const { lookup } = asked;
  const restated = await restatedHours(asked);
  return restated === undefined ? lookup : { ...lookup, restated };
}

const NOTHING_READ = { keys: 0, files: 0, bytes: 0n };

/** Undefined if no row of it differs from what the hours were made with. */
async function restatedHours(asked: Asked): Promise<Restated | undefined> {
  const { input, lookup, all } = asked;
  const every = (fallback: string | undefined, read = NOTHING_READ): Restated => ({
    ...read,
    ...(fallback === undefined ? {} : { fallback }),
    hours: all,
    candidateHours: all.length,
    matchedHours: all.length,
  });
  const { watermark, spec } = lookup;
  if (watermark === undefined) return every('no session has used it so far');
  if (watermark.onChange !== 'restate') return every('its changes were ignored so far');
  const metadata = (await input.catalog.loadTableToRead(spec.table))?.metadata;
  const [before, head] = [watermark, lookup.head].map((position) =>
    metadata === undefined ? undefined : snapshotById(metadata, position?.snapshotId ?? -1n),
  );
  if (metadata === undefined || before === undefined || head === undefined)
    return every('the state of it that was used last is gone');
  const known = `${rewriteKey(metadata, idsOf(before, head))}:${BY_TEXT}`;
  const unused = [known, spec.lookup?.key ?? '', ...headsOf(asked.session)].join(':');
  if ([known, unused].some((each) => input.verified?.has(each))) return undefined;
  const key = spec.lookup?.key === undefined ? undefined : columnOf(currentSchema(metadata), spec.lookup.key);
  const source = openSource(await input.engine(), tableToRead(input, spec, metadata));
  const keys = await changedLookupKeys({ source, before, head, key: key?.name });
  if ('because' in keys) return every(keys.because);
  try {
    if (keys.count === 0) {
      input.verified?.add(known);
      return undefined;
    }
    const { table: _table, count, ...read } = keys;
    if (key === undefined) return every(undefined, { ...read, keys: 0 });
    const tables = await tablesWithKey(asked, key.name);
    const obstacle = obstacleOf(input, keys, { key, tables });
    if (obstacle !== undefined) return every(obstacle, { ...read, keys: count });
    const found = await hoursToRestate(asked, keys, tables);
    // So no session publishes because of it, and until the tables move it need not be looked at again.
    if (found.hours.length === 0) input.verified?.add(unused);
    return found;
  } catch (error) {
    if (isIncomparable(error)) return every('the tables with the key cannot be read');
    throw error;
  } finally {
    await dropKeys(source, keys.table);
  }
}

/** The snapshots in which keys are searched. Once one of them moves, the answer is looked for again. */
const headsOf = ({ sources, target }: Session): string[] => [
  ...withoutLookups(sources).map(({ head }) => String(head?.snapshotId)),
  String(target.baseSnapshotId),
];

const idsOf = (before: Snapshot, head: Snapshot): { readonly before: bigint; readonly after: bigint } => ({
  before: before['snapshot-id'],
  after: head['snapshot-id'],
});

/** Why keys cannot be compared; undefined if they can. */
function obstacleOf(
  { project }: OpenSessionInput,
  { count }: ChangedKeys,
  { key, tables }: { readonly key: NestedField; readonly tables: readonly TableWithKey[] },
): string | undefined {
  if (count > project.windowKeyLimit)
    return `more keys changed than window_key_limit (${project.windowKeyLimit})`;
  return incomparableKey(key, tables);
}

/** A source with the key, or the target. */
interface Searched extends TableWithKey {
  /** Undefined: the target. */
  readonly state: SourceState | undefined;
}

/** The hours that the session does not compute anyway, and that have a row with a key. */
async function hoursToRestate(
  { input, session, all }: Asked,
  keys: ChangedKeys,
  tables: readonly Searched[],
): Promise<Restated> {
  const engine = await input.engine();
  const otherwise = new Set(pending(session));
  return hoursWithKeys({
    keys,
    tables,
    candidates: all.filter((hour) => !otherwise.has(hour)),
    async hoursIn({ state, source, snapshot, column, rowHours }, left) {
      const window = state === undefined ? { beforeHours: 0, afterHours: 0 } : sourceWindow(state);
      const held = await hoursOfKeys({
        source: openSource(engine, source),
        snapshot,
        key: column.name,
        keys: keys.table,
        candidates: rangesBehind(intervalsOf(left), window).flatMap(hoursOf),
        reach: { earlier: ANY_HOUR, later: ANY_HOUR, rowHours },
      });
      const reached = new Set(reachedBy(ascending(held.hours), window));
      return { ...held, hours: left.filter((hour) => reached.has(hour)) };
    },
  });
}

/** Keys of a lookup have no hour and are stored at hour 0; this reach makes every hour near enough to it. */
const ANY_HOUR = 100_000_000;

/** Every hour that the target has: those of its rows, and those for which its query returned none. */
export async function hoursOfTarget(input: OpenSessionInput, session: Session): Promise<Hour[]> {
  const files = new Map<SourceState, readonly ChangedFile[]>();
  // A process has computed no hour before its begin, unless there are rows of it.
  for (const source of withoutLookups(session.sources))
    if (source.spec.start.kind === 'beginning') files.set(source, await liveFiles(input, source));
  const computed = hoursComputed(session, files);
  const target = await targetOfHours(input, session);
  if (target === undefined) return computed;
  const touched = touchedHours(await filesOfSnapshot(input, target));
  const isDaily =
    unitHours(session.spec) === 24 ||
    (session.target.eventTime?.unit === 'day' && !patternOf(session.spec).readsPrevious);
  const last = session.target.completeToHour as Hour;
  return union([computed, (isDaily ? wholeDays(touched) : touched).filter((hour) => hour <= last)]);
}

/** The sources that have the key, and the target where it has it. */
async function tablesWithKey({ input, session }: Asked, key: string): Promise<Searched[]> {
  const tables: Searched[] = [];
  for (const state of withoutLookups(session.sources)) {
    const table = await tableAtHead(input, state);
    const column = table === undefined ? undefined : columnOf(schemaOf(table), key);
    if (table === undefined || column === undefined) continue;
    const name = tableName(state.spec.table);
    tables.push({ ...table, state, name, column, rowHours: hoursOfRow(session, state) });
  }
  const target = await targetWithKey(input, session, key);
  return target === undefined ? tables : [...tables, { ...target, state: undefined }];
}

const schemaOf = ({ source }: TableOfHours) => currentSchema(source.metadata);

/** Throws `lookup-key-missing` if no other source has the key column: then it could never tell an hour. */
async function refuseMissingKeys(
  input: OpenSessionInput,
  session: Session,
  lookup: SourceState,
): Promise<void> {
  refuseRewound(input, lookup);
  const { key, keyPlace } = lookup.spec.lookup ?? {};
  if (key === undefined) return;
  const others: TableMetadata[] = [];
  for (const { spec } of session.sources.filter((source) => !isLookup(source))) {
    const metadata = (await input.catalog.loadTableToRead(spec.table))?.metadata;
    // A source that does not exist yet may have it.
    if (metadata === undefined) return;
    others.push(metadata);
  }
  if (others.some((metadata) => columnOf(currentSchema(metadata), key) !== undefined)) return;
  const { processName } = input.spec;
  const file = relative(input.project.root, input.spec.file);
  const place = keyPlace === undefined ? '' : `:${keyPlace.line}:${keyPlace.column}`;
  throw usageError(
    'lookup-key-missing',
    `${file}${place} no source of ${processName} but the lookup ${tableName(lookup.spec.table)} has a column '${key}'`,
    {
      hint: 'name a column that the lookup and another source have; or remove the key, and a change computes all hours again',
      context: { process_name: processName, table: tableName(lookup.spec.table), column: key, file },
    },
  );
}

function refuseRewound({ spec }: OpenSessionInput, { spec: lookup, head, watermark }: SourceState): void {
  if (head !== undefined || watermark === undefined) return;
  const name = tableName(lookup.table);
  throw refusal(
    'source-rewound',
    `the lookup ${name} has no snapshot any more, but ${spec.processName} has used its snapshot ${watermark.snapshotId}`,
    { hint: `restore the main branch of ${name}` },
  );
}
