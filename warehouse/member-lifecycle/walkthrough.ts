/**
 * The walkthrough of the Psyberg posts, played: hours land, the processes run, and what they did is kept as
 * plain data. SampleProject -> Act[]. It prints nothing; `picture.ts` draws.
 */
import {
  type Comparison,
  type Plan,
  type RunRecord,
  requireDone,
  type SampleProject,
} from '../sample-project.ts';

/** In dependency order. */
export const PROCESS_NAMES = [
  'signup_fact_load',
  'account_plan_fact_load',
  'cancel_request_fact_load',
  'cancel_fact_load',
  'account_state_dimension_load',
] as const;

/** The lookbacks, in hours, that the walkthrough compares with. */
const LOOKBACKS = [3, 6] as const;

/** Hours of the day, both included. */
export interface ArrivalHours {
  readonly first: number;
  readonly last: number;
}
/** What lands before a run. The two cancel streams run an hour ahead of the others. */
export interface ActScript {
  readonly title: string;
  readonly signupsAndPlans: ArrivalHours;
  readonly cancels: ArrivalHours;
}

const SCRIPT: readonly ActScript[] = [
  {
    title: 'Everything up to hour 5 has landed: the first load',
    signupsAndPlans: { first: 0, last: 5 },
    cancels: { first: 0, last: 5 },
  },
  {
    title: 'Hour 6 lands, late rows with it; the cancel streams already have hour 7',
    signupsAndPlans: { first: 6, last: 6 },
    cancels: { first: 6, last: 7 },
  },
  {
    title: 'Hour 7 lands, sign-ups of hour 0, and letters of the evening before (hour -3)',
    signupsAndPlans: { first: 7, last: 7 },
    cancels: { first: 8, last: 8 },
  },
];

export interface ProcessStep {
  readonly plan: Plan;
  readonly run: RunRecord;
}

/** What a fixed lookback would have done in an act. */
export interface LookbackCost {
  readonly lookbackHours: number;
  readonly rowsRead: number;
  /** Raw rows that arrived in this act for an hour before the lookback's first. */
  readonly rowsMissed: number;
}

export interface Act {
  readonly script: ActScript;
  readonly steps: readonly ProcessStep[];
  readonly rowsArrived: number;
  readonly rowsRead: number;
  readonly lookbacks: readonly LookbackCost[];
  /** For hour 5, the last that act 1 loads: `accounts Active` -> count. */
  readonly answers: ReadonlyMap<string, number>;
  /** Every target against its full recompute, when the act had ended. */
  readonly comparisons: readonly Comparison[];
}

export interface WalkthroughEvents {
  readonly actBegins?: (script: ActScript, index: number) => void;
  readonly stepEnds?: (step: ProcessStep) => void;
  readonly actEnds?: (act: Act, before: Act | undefined) => void;
  /** Called between any two steps; it may throw to stop the play. */
  readonly check?: () => void;
}

const DAY = '2023-09-14';
/** The hours that the picture shows. */
export const SHOWN_HOURS = { first: `${DAY}T00:00:00Z`, last: `${DAY}T07:00:00Z` } as const;

/** Plays all acts of the script. Throws when a process neither published nor had nothing to do. */
export async function playWalkthrough(
  project: SampleProject,
  events: WalkthroughEvents = {},
): Promise<Act[]> {
  await project.seed('seeds/tables.sql');
  const acts: Act[] = [];
  for (const [index, script] of SCRIPT.entries()) {
    events.actBegins?.(script, index);
    const before = index === 0 ? [] : await readArrivals(project);
    await landHours(project, script);
    const arrivals = await readArrivals(project);
    const steps: ProcessStep[] = [];
    for (const name of PROCESS_NAMES) {
      events.check?.();
      const step = await runProcess(project, name);
      // A process that Ctrl-C stopped is no step of the walkthrough.
      events.check?.();
      steps.push(step);
      events.stepEnds?.(step);
      requireDone(step.run);
    }
    const act: Act = {
      script,
      steps,
      rowsArrived:
        sum(arrivals.map((arrival) => arrival.rowCount)) - sum(before.map((arrival) => arrival.rowCount)),
      rowsRead: sum(steps.map((step) => Number(step.run.rows_read))),
      lookbacks: await costsOfLookbacks(project, { before, after: arrivals }),
      answers: await readAnswers(project),
      comparisons: await project.compareWithRecompute(),
    };
    events.actEnds?.(act, acts.at(-1));
    acts.push(act);
  }
  return acts;
}

/** The hours of a plan as hours of the day, for people and for tests; those of the evening before are negative. */
export const hoursOfDay = (hours: readonly string[]): number[] =>
  hours.map((hour) => (Date.parse(hour) - Date.parse(`${DAY}T00:00:00Z`)) / 3_600_000);

async function landHours(project: SampleProject, script: ActScript): Promise<void> {
  const arriving = ({ first, last }: ArrivalHours) => ({
    first_arrival_hour: first,
    last_arrival_hour: last,
  });
  await project.seed('seeds/raw_signups.sql', arriving(script.signupsAndPlans));
  await project.seed('seeds/raw_plan_changes.sql', arriving(script.signupsAndPlans));
  await project.seed('seeds/raw_cancel_requests.sql', arriving(script.cancels));
  await project.seed('seeds/raw_cancels.sql', arriving(script.cancels));
}

async function runProcess(project: SampleProject, name: string): Promise<ProcessStep> {
  // The plan is asked for first: it says which hours changed and why, and a run carries out the same plan.
  const [plan] = await project.psyberg.plan([name]);
  const [run] = await project.psyberg.run([name]);
  if (plan === undefined || run === undefined) throw new Error(`psyberg gave no plan or no run for ${name}`);
  return { plan, run };
}

interface Arrival {
  readonly source: string;
  readonly eventHour: number;
  readonly rowCount: number;
}

async function readArrivals(project: SampleProject): Promise<Arrival[]> {
  const rows = await project.ask<{ source: string; event_hour: number; row_count: bigint }>('arrivals.sql');
  return rows.map((row) => ({
    source: row.source,
    eventHour: row.event_hour,
    rowCount: Number(row.row_count),
  }));
}

async function costsOfLookbacks(
  project: SampleProject,
  { before, after }: { readonly before: readonly Arrival[]; readonly after: readonly Arrival[] },
): Promise<LookbackCost[]> {
  const costs: LookbackCost[] = [];
  for (const lookbackHours of LOOKBACKS) {
    const reads = await project.ask<{ process_name: string; rows_read: bigint }>('lookback.sql', {
      lookback_hours: lookbackHours,
    });
    const missed = after.map((arrival) => {
      const newestHour = Math.max(
        ...after.filter((other) => other.source === arrival.source).map((other) => other.eventHour),
      );
      const known =
        before.find((other) => other.source === arrival.source && other.eventHour === arrival.eventHour)
          ?.rowCount ?? 0;
      // A first load has nothing behind it that could be missed.
      return before.length > 0 && arrival.eventHour < newestHour - lookbackHours
        ? arrival.rowCount - known
        : 0;
    });
    costs.push({
      lookbackHours,
      rowsRead: sum(reads.map((row) => Number(row.rows_read))),
      rowsMissed: sum(missed),
    });
  }
  return costs;
}

async function readAnswers(project: SampleProject): Promise<Map<string, number>> {
  const rows = await project.ask<{ question: string; answer: string; row_count: bigint }>('answers.sql', {
    hour: 5,
  });
  return new Map(rows.map((row) => [`${row.question} ${row.answer}`, Number(row.row_count)]));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
