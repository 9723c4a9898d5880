/** Makes the announcements of a session. Session -> rows of the signal table. Pure. */
import { completeToHour } from '../../model/complete-to-hour.ts';
import { reopenedHours, type SignalTableRow, signalRows } from '../../state/tables/signal.ts';
import type { Staged } from '../session.ts';

/** `createdAt`: ISO text. None where nothing is news. */
export function sessionSignals({ plan, adoption, computed }: Staged, createdAt: string): SignalTableRow[] {
  // What the old name has announced, the new one announces.
  const announced =
    adoption?.from === undefined ? plan : { ...plan, target: { ...plan.target, complete_to_hour: null } };
  const reopened = adoption === undefined ? reopenedHours(plan, computed.differing) : [];
  return signalRows(announced, { completeToHour: completeToHour(plan), reopened, createdAt });
}
