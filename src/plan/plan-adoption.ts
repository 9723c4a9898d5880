/**
 * Plans the adoption of a target that was filled by other means, or under another name. Session -> Plan.
 * Pure. The plan loads nothing: it says up to where each source counts as consumed, and what is owed, so that
 * the first session loads what came after.
 */
import { unitTexts } from '../model/grain.ts';
import type { Hour } from '../model/hour.ts';
import { union } from '../model/hour-sets.ts';
import type { Plan } from '../model/plan.ts';
import type { Session, SourceState } from '../model/session.ts';
import { sourceWindow } from '../model/window-hours.ts';
import { describeSource } from './describe-source.ts';
import { planHead } from './plan-head.ts';

/** An adoption of a target whose newest hours were, or are, loaded first. */
const NOTHING_LOADED = {
  order: 'newest' as const,
  session_hours: 0,
  later_hours: 0,
  reaches_back_to: null,
  beyond_hours: [],
};

/** What an adoption takes over of a process before it. */
export interface LeftToAdopt {
  /** Of each source. */
  readonly owed: readonly (readonly Hour[])[];
  /** The target is complete to no later hour, whatever its sources are. */
  readonly computedTo?: Hour | undefined;
  /** Whether it lacks earlier hours. */
  readonly lacksEarlier?: boolean;
}

/** A snapshot without new files, which carries the watermarks. */
export function planAdoption(
  session: Session,
  { owed, computedTo = Number.POSITIVE_INFINITY, lacksEarlier = false }: LeftToAdopt = {
    owed: session.sources.map(({ watermark }) => watermark?.owedHours ?? []),
  },
): Plan {
  const head = planHead(session, 'work');
  return Object.freeze({
    ...head,
    target: { ...head.target, operation: 'append' as const },
    sources: session.sources.map((source, index) =>
      describeSource(completeTo(source, computedTo), {
        read: { kind: 'nothing' },
        owed: owed[index] ?? [],
        allCauses: false,
      }),
    ),
    range: null,
    hours: [],
    owed_hours: unitTexts(session.spec, union(owed)),
    // By it the target is announced to nobody as complete while it owes earlier hours.
    ...(session.spec.catchup?.order === 'newest' || lacksEarlier ? { catchup: NOTHING_LOADED } : {}),
    held_back_by: null,
  });
}

/** The source as if it were complete to no later hour than the target has computed. */
const completeTo = (source: SourceState, hour: Hour): SourceState =>
  source.vttsHour === undefined
    ? source
    : { ...source, vttsHour: Math.min(source.vttsHour, hour + sourceWindow(source).afterHours) };
