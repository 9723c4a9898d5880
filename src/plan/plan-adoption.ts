/**
 * Plans the adoption of a target that was filled by other means, or under another name. Session -> Plan.
 * Pure. The plan loads nothing: it says up to where each source counts as consumed, and what is owed, so that
 * the first session loads what came after.
 */
import { unitTexts } from '../model/grain.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import type { Plan } from '../model/plan.ts';
import type { Session } from '../model/session.ts';
import { describeSource } from './describe-source.ts';
import { planHead } from './plan-head.ts';

/** An adoption of a process that loads its newest hours first. */
const NOTHING_LOADED = {
  order: 'newest' as const,
  session_hours: 0,
  later_hours: 0,
  reaches_back_to: null,
  beyond_hours: [],
};

/** A snapshot without new files, which carries the watermarks. `owed`: of each source. */
export function planAdoption(
  session: Session,
  owed: readonly (readonly Hour[])[] = session.sources.map(({ watermark }) => watermark?.owedHours ?? []),
): Plan {
  const head = planHead(session, 'work');
  return Object.freeze({
    ...head,
    target: { ...head.target, operation: 'append' as const },
    sources: session.sources.map((source, index) =>
      describeSource(source, { read: { kind: 'nothing' }, owed: owed[index] ?? [], allCauses: false }),
    ),
    range: null,
    hours: [],
    owed_hours: unitTexts(session.spec, union(owed)),
    // By it the target is announced to nobody as complete while it owes earlier hours.
    ...(session.spec.catchup?.order === 'newest' ? { catchup: NOTHING_LOADED } : {}),
    held_back_by: null,
  });
}
