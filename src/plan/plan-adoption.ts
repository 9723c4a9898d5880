/**
 * Plans the adoption of a target that was filled by other means. Session -> Plan. Pure. The plan loads
 * nothing: it says up to where each source counts as consumed, so that the first session loads what came
 * after.
 */
import type { Plan } from '../model/plan.ts';
import type { Session } from '../model/session.ts';
import { describeSource, planHead } from './describe-source.ts';

/** A snapshot without new files, which carries the watermarks. */
export function planAdoption(session: Session): Plan {
  const head = planHead(session, 'work');
  return Object.freeze({
    ...head,
    target: { ...head.target, operation: 'append' as const },
    sources: session.sources.map((source) =>
      describeSource(source, { read: { kind: 'nothing' }, owed: [], allCauses: false }),
    ),
    range: null,
    hours: [],
    owed_hours: [],
    held_back_by: null,
  });
}
