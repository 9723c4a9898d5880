/**
 * Makes a session as it would be opened over plain tables, with what patterns base their decisions on. Scene
 * + process -> Session. Pure. If less is known than a session would read, fewer hours count as changed,
 * never more.
 */
import { lastAllowedHour } from '../../model/hour.ts';
import { ascending, spanOf } from '../../model/hour-sets.ts';
import { tableKey } from '../../model/names.ts';
import type { SourceSpec } from '../../model/process-spec.ts';
import type { ChangedFile, Session, SourcePosition, SourceState, Watermark } from '../../model/session.ts';
import { type Change, Doubt, NO_NEWS, type ReadUpTo, type SessionInput } from './scene.ts';

/** No pattern looks at this. */
const SOMEWHERE: SourcePosition = {
  tableUuid: 'rehearsed',
  snapshotId: 0n,
  sequenceNumber: 0n,
  committedAtMs: 0,
};

/** Keys of windows are not matched yet. Throws `Doubt`. */
export function sessionValue(input: SessionInput): Session {
  const { spec, clockMs, progress } = input;
  return {
    spec,
    psybergSessionId: 'rehearsed',
    openedAtMs: clockMs,
    sources: spec.sources.map((source, index) => sourceValue(input, source, index)),
    target: {
      exists: true,
      ...(progress.completeTo === undefined ? {} : { completeToHour: progress.completeTo }),
      // Dates are doubted elsewhere.
      eventTime: { fieldId: 0, type: 'timestamptz', unit: 'us' },
    },
  };
}

function sourceValue(
  { clockMs, progress, landed, vtts }: SessionInput,
  spec: SourceSpec,
  index: number,
): SourceState {
  const key = tableKey(spec.table);
  const read = progress.read.get(key);
  const { changes } = progress.news.get(key) ?? NO_NEWS;
  const lastAllowed = lastAllowedHour(clockMs, spec);
  const files = changes.map((change) => fileOf(change, lastAllowed));
  // Sessions look at all files to find rows whose time has come.
  if (spec.window !== undefined && files.some(({ futureHours }) => futureHours !== undefined))
    throw new Doubt('rows of the future in a window');
  const newest = Math.max(
    read?.newestHour ?? Number.NEGATIVE_INFINITY,
    ...files.map(({ lastHour }) => lastHour ?? Number.NEGATIVE_INFINITY),
  );
  return {
    spec,
    awaited: false,
    ...(read === undefined ? {} : { watermark: watermarkOf(spec, read) }),
    ...(landed.has(key) ? { head: SOMEWHERE } : {}),
    detectedBy: read === undefined ? 'first-load' : 'snapshots',
    changes: [],
    files,
    listedBy: 'manifests',
    manifestLists: [],
    ...(Number.isFinite(newest) ? { newestHour: newest } : {}),
    ...(vtts[index] === undefined ? {} : { vttsHour: vtts[index] }),
  };
}

const watermarkOf = ({ table }: SourceSpec, { owedHours, newestHour }: ReadUpTo): Watermark => ({
  ...SOMEWHERE,
  table: tableKey(table),
  owedHours,
  ...(newestHour === undefined ? {} : { newestHour }),
});

/** A month. If files span more, sessions read the hours themselves. */
const SPAN_HOURS_MAX = 31 * 24;

/** Shows a change as a file, by its bounds or hour by hour. */
function fileOf({ hours, ofFile }: Change, lastAllowed: number): ChangedFile {
  const allowed = ascending([...hours].filter((hour) => hour <= lastAllowed));
  const future = ascending([...hours].filter((hour) => hour > lastAllowed));
  const span = spanOf(allowed);
  const isKnownByBounds = ofFile && span !== undefined && span.lastHour - span.firstHour <= SPAN_HOURS_MAX;
  return {
    path: 'rehearsed',
    snapshotId: 0n,
    status: 'added',
    rows: 0n,
    bytes: 0n,
    partition: {},
    nullEventTimes: 0n,
    ...span,
    ...(isKnownByBounds ? {} : { differingHours: allowed }),
    ...(future.length === 0 ? {} : { futureHours: future }),
  };
}
