/** Says what a plan expects of the processes that it follows. Plan -> texts. Pure. */
import type { Plan } from '../../model/plan.ts';
import { type Block, faint, type Spans, strong, warn } from '../document.ts';
import { unitsLabel, unitsText } from '../text.ts';

type FollowingPlan = Pick<
  Plan,
  'status' | 'grain' | 'hours' | 'follows' | 'expected_hours' | 'expected_unknown_because' | 'target'
> &
  Pick<Plan, 'held_back_by' | 'process_name'>;

const NAMES_SHOWN = 2;

/** `a_load, b_load`. */
function followsText({ follows = [] }: Pick<Plan, 'follows'>): string {
  const more = follows.length - NAMES_SHOWN;
  const shown = follows.slice(0, NAMES_SHOWN).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** For a process without work of its own: what a run would do once those above have published. */
export function followsSummary(plan: FollowingPlan): string {
  const { target, expected_hours: expected = [] } = plan;
  const after = `after ${followsText(plan)}`;
  const what = target.operation === 'append' ? 'append to' : 'overwrite';
  if (plan.expected_unknown_because != null)
    return `${what} ${target.table}, ${after}; ${plan.grain ?? 'hour'}s not known yet`;
  if (expected.length === 0)
    return `wait, ${after}${plan.held_back_by === null ? '' : `: ${plan.held_back_by} is not complete`}`;
  return `${what} ${target.table}, expected ${unitsLabel(plan, expected, 2)}, ${after}`;
}

/** For a process with work: the hours that may be added to it. */
const hoursOnTop = ({ hours, expected_hours: expected = [] }: FollowingPlan): string[] => {
  const own = new Set(hours.map(({ hour }) => hour));
  return expected.filter((hour) => !own.has(hour));
};

/** Lines below the table of plans for a process that has work and follows others. */
export function followsRemarks(plan: FollowingPlan): Spans[] {
  if (plan.status !== 'work' || (plan.follows ?? []).length === 0) return [];
  const more = hoursOnTop(plan);
  if (plan.expected_unknown_because != null)
    return [
      [
        faint(
          `${plan.process_name} follows ${followsText(plan)}; ${plan.grain ?? 'hour'}s on top are not known yet`,
        ),
      ],
    ];
  return more.length === 0
    ? []
    : [
        [
          faint(
            `${plan.process_name} follows ${followsText(plan)}: up to ${unitsText(plan, more.length)} on top, ${unitsLabel(plan, more, 2)}`,
          ),
        ],
      ];
}

const hoursExpected = (plan: FollowingPlan, hours: readonly string[]): Spans => {
  if (hours.length > 0)
    return [
      unitsLabel(plan, hours),
      faint(': an estimate from above; a run that would load others is refused'),
    ];
  return [plan.status === 'work' ? `no ${plan.grain ?? 'hour'} on top is expected` : nothingExpected(plan)];
};

/** Says which processes this one follows, and the hours that may result. */
export function followsBlocks(plan: FollowingPlan): Block[] {
  const { follows = [], expected_hours: expected = [], expected_unknown_because: unknown = null } = plan;
  if (follows.length === 0) return [];
  const more = plan.status === 'work' ? hoursOnTop(plan) : expected;
  const hours =
    unknown === null
      ? hoursExpected(plan, more)
      : [warn(`which ${plan.grain ?? 'hour'}s is not known before they have run: ${unknown}`)];
  return [
    {
      kind: 'heading',
      text: [
        strong('Follows'),
        faint(
          `: ${follows.join(', ')}${unknown === null ? `; ${unitsText(plan, more.length)} expected` : ''}`,
        ),
      ],
    },
    { kind: 'lines', lines: [hours] },
  ];
}

const nothingExpected = ({ held_back_by: holder, grain = 'hour' }: FollowingPlan): string =>
  holder === null
    ? `no ${grain} of it can be complete after this run`
    : `no ${grain} of it can be complete after this run: ${holder} is not`;
