/**
 * Checks that a session gives an hour, or of a stateless process a row, what another session would. Audited
 * -> the same, or `hours-not-alone`, or `rows-not-alone`.
 *
 * A session computes the hours of which something changed, and which hours these are depends on what came
 * when. If the SQL does not show by itself that an hour gets the same rows whichever others are computed
 * beside it (`plan/rows-alone.ts`), an hour is computed once more: alone if the session has several hours,
 * and with its neighbours if it has one. Of several the first, the last and one in between are computed
 * again: the one in between costs a session 4 % of CPU (24 hours of 1,000 rows) to 10 % (of 50,000; Intel
 * Xeon, 2 cores, 24 GiB, 2026-11-30, seven sessions each, other work beside them). That is no proof; but a
 * running total, a LAG, a LIMIT or a share of a total comes out otherwise at once, and then nothing is
 * published. A stateless session reads the rows that came since the one before: some of them are read at
 * once, and in two halves.
 */
import { restatesAppended } from '../../compile/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { plannedHours, unitHours, unitOf, unitStarts, type WithGrain } from '../../model/grain.ts';
import { type Hour, hourText } from '../../model/hour.ts';
import { ascending } from '../../model/hour-sets.ts';
import { type Audited, workOf } from '../session.ts';
import { showStaged } from '../stages/compose.ts';
import { differenceText, hoursDiffering } from './difference-text.ts';
import { checkJoinsCompared } from './joins-compared.ts';
import { hoursStaged, targetTime, unitOfRows } from './staged-hours.ts';

/**
 * The same session, perhaps with its staged rows shown. Throws `hours-not-alone`, `rows-not-alone` and
 * `join-without-window`.
 */
export async function checkRowsCompared(audited: Audited): Promise<Audited> {
  const { plan } = audited;
  if (plan.compares_rows !== true || restatesAppended(plan)) return audited;
  if (plan.compares_joins === true) return checkJoinsCompared(audited);
  if (audited.rowsWritten === 0n && audited.rowsRead === 0n) return audited;
  return patternOf(plan).loadsHours ? checkHours(audited) : checkHalves(audited);
}

async function checkHalves(audited: Audited): Promise<Audited> {
  const { workload } = audited.ports;
  const differing = differenceText(await workload.compareHalves(workOf(audited), audited.composed.metadata));
  if (differing !== undefined) throw rowsNotAlone(audited, differing);
  return audited;
}

async function checkHours(audited: Audited): Promise<Audited> {
  const { plan } = audited;
  const shown = await showStaged(audited);
  const time = targetTime(shown);
  const unit = unitOfRows(time, plan);
  const staged = unitStarts(unit, ascending(await hoursStaged(shown, time)));
  // An hour without rows may have had some that a LIMIT took, since other hours were computed with it.
  const planned = unitStarts(unit, plannedHours(plan));
  const ends = [staged, planned].flatMap((starts) => [starts[0], starts.at(-1)]);
  const isOne = plan.hours.length * unitHours(plan) <= unitHours(unit);
  const compared = [...ends, oneBetween(staged, plan.psyberg_session_id)];
  for (const start of new Set(compared.filter((each) => each !== undefined))) {
    const hours = unitOf(unit, start);
    const beside = isOne ? unitHours(unit) : 0;
    const computed = { firstHour: hours.firstHour - beside, lastHour: hours.lastHour + beside };
    const differing = await hoursDiffering(shown, { compared: hours, computed, time });
    if (differing !== undefined) throw hoursNotAlone(shown, { start, unit, isOne, differing });
  }
  return shown;
}

/** Another one in each session, so that over time all are looked at: rows may meet in none but these. */
function oneBetween(starts: readonly Hour[], sessionId: string): Hour | undefined {
  const between = starts.slice(1, -1);
  const sum = [...sessionId].reduce((total, letter) => (total * 31 + letter.charCodeAt(0)) % 1_000_003, 0);
  return between[sum % between.length];
}

const anew = ({ sources }: Audited['plan']): string =>
  sources.some(({ read }) => read.kind === 'files')
    ? 'land the rows of the files as they are, and put them together in a process of its own with pattern: stateful, which computes each hour anew from all of its rows'
    : 'use pattern: stateful, which computes each hour anew from all of its rows';

function rowsNotAlone({ plan, spec }: Audited, differing: string): PsybergError {
  return refusal(
    'rows-not-alone',
    `${plan.process_name} gives other rows when those that it read are read in two halves (${differing}): its SQL takes rows together, and a stateless session never meets those of another one; nothing was published`,
    {
      hint: `${anew(plan)}; or take each row alone; where it is meant so, write accept: [rows-not-alone] in the header of ${spec.file}`,
      context: { process_name: plan.process_name, table: plan.target.table },
    },
  );
}

interface Difference {
  readonly start: Hour;
  readonly unit: WithGrain;
  /** The session has one hour, or day. */
  readonly isOne: boolean;
  readonly differing: string;
}

function hoursNotAlone({ plan, spec }: Audited, { start, unit, isOne, differing }: Difference): PsybergError {
  const name = unit.grain ?? 'hour';
  const how = isOne ? `beside the ${name}s around it` : 'alone';
  return refusal(
    'hours-not-alone',
    `${plan.process_name} gives the ${name} ${hourText(start)} other rows when it is computed ${how} than this session did (${differing}): its SQL takes rows of several ${name}s together, and which ${name}s a session computes depends on what came when; nothing was published`,
    {
      hint: `in ${spec.file} group by, partition by and join on the ${name}, date_trunc('${name}', …) of the event time; or say how far rows matter with window: { before: 1d } at the source, and by times in the SQL; or use pattern: dimension, which has \`previous\`; where it is meant so, write accept: [hours-not-alone] in the header`,
      context: { process_name: plan.process_name, table: plan.target.table, hour: hourText(start) },
    },
  );
}
