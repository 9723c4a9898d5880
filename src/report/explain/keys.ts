/** Says which keys of changed rows were looked for in which hours. Plan part -> text. Pure. */
import type { PlanWindowKeys } from '../../model/plan.ts';
import { bytesText, countText, plural } from '../text.ts';

const IN_REACH = 'in reach';

/** Says what looking for keys cost, and what it saved. `where`: in which hours they were looked for. */
export function keysText(found: PlanWindowKeys, where = IN_REACH): string {
  const read =
    found.files === 0
      ? ''
      : ` (${where === IN_REACH ? 'two columns of ' : ''}${plural(found.files, 'file')} read, ${bytesText(found.bytes)})`;
  const all = plural(found.candidate_hours, 'hour');
  return found.all_hours_because === null
    ? `${plural(found.keys, 'key')} changed; of ${all} ${where} ${countText(found.hours)} ${found.hours === 1 ? 'has' : 'have'} rows of them${read}`
    : `all ${all} ${where} change: ${found.all_hours_because}${read}`;
}
