/**
 * Opens the session of a process below a restated one: it takes up what changed in its sources, as in any
 * session. A process that appends, and whose sources replaced rows, replaces those hours. ProcessSpec ->
 * Session.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { refusal, usageError } from '../model/errors.ts';
import { wholeUnits } from '../model/grain.ts';
import { futureHours, intervalsOf, touchedHours, union } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Session, SourceState } from '../model/session.ts';
import { refuseForeignRows, refuseSharedTarget } from './refuse-foreign.ts';
import { refuseHoursGone } from './refuse-hours-gone.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * `open`: opens the session of what changed. Throws what that throws, `restate-without-hours`,
 * `restate-shared-target`, `restate-target-changed`, `restate-hours-gone` and `null-event-times`.
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
  const touched = sources.flatMap(({ files }) => [touchedHours(files), futureHours(files)]);
  const hours = wholeUnits(spec, union(touched));
  if (spec.sources.some(({ onSourceChange }) => onSourceChange === 'append-added'))
    await refuseHoursGone(input, { session, recorded: new Map() }, hours);
  await refuseForeignRows(input, session, intervalsOf(hours));
  return Object.freeze({ ...session, restate: { hours, reason } });
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
  refuseNulls(spec, sources);
}

/** Rows of no hour cannot be replaced by hours. */
function refuseNulls({ processName, target }: ProcessSpec, sources: readonly SourceState[]): void {
  for (const { spec, files } of sources) {
    const file = files.find(({ nullEventTimes }) => nullEventTimes > 0n);
    if (file === undefined) continue;
    const [table, replaced] = [tableName(spec.table), tableName(target.table)];
    throw refusal(
      'null-event-times',
      `rows of ${table} without a ${spec.eventTime} are among those that were replaced, in ${file.path}: they lie in no hour, and ${processName} can replace hours only`,
      {
        hint: `give them an event time in ${table}; or drop ${replaced} and run again to load it anew`,
        context: { table, file: file.path, process_name: processName },
      },
    );
  }
}
