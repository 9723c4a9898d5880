/**
 * Opens the session of a process below a restated one. ProcessSpec -> Session. It loads what changed in its
 * sources, as any session does; but a process that appends replaces the hours in which its sources replaced
 * rows.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { usageError } from '../model/errors.ts';
import { wholeUnits } from '../model/grain.ts';
import { type Hour, hourOfMs } from '../model/hour.ts';
import { allHoursOf, intervalsOf, union } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Session, SourceState } from '../model/session.ts';
import { hoursAsked } from './hours-asked.ts';
import { refuseForeignRows, refuseSharedTarget } from './refuse-foreign.ts';
import { refuseHoursGone } from './refuse-hours-gone.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * `open`: opens the session of what changed. Throws what that throws, `restate-without-hours`,
 * `restate-shared-target`, `restate-target-changed` and `restate-hours-gone`.
 */
export async function openBelowRestated(
  input: OpenSessionInput,
  open: (input: OpenSessionInput) => Promise<Session>,
): Promise<Session> {
  const { spec, restate } = input;
  const reason = restate?.reason;
  const asAny = async (): Promise<Session> =>
    Object.freeze({ ...(await open(input)), restate: { hours: undefined, reason } });
  if (patternOf(spec).loadsHours) return asAny();
  const session = await open({ ...input, changesNeeded: 'hours' });
  const sources = withoutLookups(session.sources);
  const isReplaced = sources.some(({ files }) => files.some(({ status }) => status !== 'added'));
  if (!isReplaced) return asAny();
  refuseWithoutHours(spec, sources);
  const target = (await input.catalog.loadTable(spec.target.table))?.metadata;
  if (target !== undefined) refuseSharedTarget(input, target);
  // Rows without an hour are not replaced by replacing hours.
  const isAll = sources.some(({ files }) => files.some(({ nullEventTimes }) => nullEventTimes > 0n));
  const hours = isAll
    ? await allHours(input, session)
    : wholeUnits(spec, union(sources.map(({ files }) => allHoursOf(files))));
  // An adopted target may hold older rows than its sources have.
  if (isAll || spec.sources.some(({ onSourceChange }) => onSourceChange === 'append-added'))
    await refuseHoursGone(input, { session, recorded: new Map() }, { hours });
  await refuseForeignRows(input, session, isAll ? 'all' : intervalsOf(hours));
  return Object.freeze({ ...session, restate: { hours, ...(isAll ? { isAll } : {}), reason } });
}

/** All hours of the sources and the target. If no row has an hour, one hour is computed all the same. */
async function allHours(input: OpenSessionInput, session: Session): Promise<readonly Hour[]> {
  const hours = await hoursAsked(input, { session, recorded: new Map() }, { kind: 'all' });
  return hours.length > 0 ? hours : wholeUnits(input.spec, [hourOfMs(input.nowMs)]);
}

function refuseWithoutHours(spec: ProcessSpec, sources: readonly SourceState[]): void {
  const { processName } = spec;
  const target = tableName(spec.target.table);
  const without = sources.find((source) => source.spec.eventTime === undefined);
  const name = without === undefined ? `its target ${target}` : `its source ${tableName(without.spec.table)}`;
  if (spec.target.eventTime === undefined || without !== undefined)
    throw usageError(
      'restate-without-hours',
      `rows of a source of ${processName} were replaced, and ${name} names no event time: which hours to replace is not known`,
      {
        hint: `write event_time: COLUMN there in ${spec.file}; or drop ${target} and run again to load it anew`,
        context: { process_name: processName, target },
      },
    );
  const folder = sources.find((source) => source.spec.files !== undefined);
  if (folder !== undefined)
    throw usageError(
      'restate-without-hours',
      `rows of a source of ${processName} were replaced, and it reads files beside it: their rows of those hours are not kept`,
      {
        hint: `drop ${target} and run again to load it anew`,
        context: { process_name: processName, target },
      },
    );
}
