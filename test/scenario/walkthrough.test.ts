// Goal: the walkthrough of the Psyberg posts comes out as they tell it. Method: the sample world is played
// once, through the public API over real DuckDB and Iceberg; then its plans, its runs and its tables are
// asserted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hourPicture } from '../../src/index.ts';
import {
  drawActEnding,
  drawActOpening,
  drawEnding,
  drawOpening,
  drawStep,
  rangesOf,
} from '../../warehouse/member-lifecycle/picture.ts';
import {
  type Act,
  hoursOfDay,
  PROCESS_NAMES,
  type ProcessStep,
  playWalkthrough,
  SHOWN_HOURS,
} from '../../warehouse/member-lifecycle/walkthrough.ts';
import { openSampleProject, type SampleProject } from '../../warehouse/sample-project.ts';

const SOURCE_FOLDER = fileURLToPath(new URL('../../warehouse/member-lifecycle', import.meta.url));

let folder: string;
let project: SampleProject;
let acts: Act[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'psyberg-walkthrough-'));
  project = await openSampleProject({ from: SOURCE_FOLDER, to: join(folder, 'project') });
  acts = await playWalkthrough(project);
}, 120_000);

afterAll(async () => {
  await project?.close();
  rmSync(folder, { recursive: true, force: true });
});

function step(act: number, name: (typeof PROCESS_NAMES)[number]): ProcessStep {
  const found = acts[act - 1]?.steps.find((each) => each.plan.process_name === name);
  if (found === undefined) throw new Error(`act ${act} has no ${name}`);
  return found;
}
const marks = ({ plan }: ProcessStep): readonly string[] | undefined =>
  hourPicture([plan], { hours: SHOWN_HOURS }).rows[0]?.marks;
const hours = (each: ProcessStep): number[] => hoursOfDay(each.plan.hours.map(({ hour }) => hour));
const uris = (each: ProcessStep): unknown[] =>
  each.plan.sources.flatMap((source) => [...source.processing_uris]);
const hourText = (hour: number): string => `2023-09-14T0${hour}:00:00Z`;
const range = (firstHour: number, lastHour: number) => ({
  first_hour: hourText(firstHour),
  last_hour: hourText(lastHour),
});
const uri = (landingHour: number, batchId: number) => ({
  landing_date: '2023-09-14',
  landing_hour: landingHour,
  batch_id: batchId,
});

describe('the first load', () => {
  it('brings every process to hour 5 and owes nothing', () => {
    for (const { plan, run } of acts[0]?.steps ?? []) {
      expect(run, JSON.stringify(run.error)).toMatchObject({ status: 'published', owed_hours: [] });
      expect(plan.hours.at(-1)?.hour, plan.process_name).toBe(hourText(5));
    }
  });
});

describe('the run at hour 6', () => {
  it.each(['signup_fact_load', 'account_plan_fact_load'] as const)('%s appends to 2, 3 and 6', (name) => {
    expect(hours(step(2, name))).toEqual([2, 3, 6]);
    expect(step(2, name).plan).toMatchObject({
      status: 'work',
      pattern: 'stateless',
      etl_pattern_id: 1,
      range: null,
      target: { operation: 'append' },
    });
    expect(step(2, name).run).toMatchObject({ status: 'published', operation: 'append', owed_hours: [] });
  });

  it('names the changed partitions of the sign-ups as processing URIs', () => {
    expect(uris(step(2, 'signup_fact_load'))).toHaveLength(2);
    expect(uris(step(2, 'signup_fact_load'))).toEqual(expect.arrayContaining([uri(6, 1), uri(6, 2)]));
  });

  it('reads only the new file of a partition that was loaded before', async () => {
    const { run } = step(2, 'account_plan_fact_load');
    expect(uris(step(2, 'account_plan_fact_load'))).toEqual(
      expect.arrayContaining([uri(3, 1), uri(6, 1), uri(6, 2)]),
    );
    const [landed] = (
      await project.psyberg.sql(
        'select count(*) as row_count from raw.raw_plan_changes where landing_hour <= 6',
      )
    ).toObjects();
    expect(Number(step(1, 'account_plan_fact_load').run.rows_read) + Number(run.rows_read)).toBe(
      Number(landed?.['row_count']),
    );
    expect(run.rows_written).toBe(run.rows_read);
  });

  it('cancel_fact_load overwrites 5..7', () => {
    expect(hours(step(2, 'cancel_fact_load'))).toEqual([5, 6, 7]);
    expect(step(2, 'cancel_fact_load').plan).toMatchObject({
      pattern: 'stateful',
      etl_pattern_id: 2,
      range: range(5, 7),
      target: { operation: 'overwrite' },
    });
    expect(step(2, 'cancel_fact_load').run).toMatchObject({
      status: 'published',
      operation: 'overwrite',
      range: range(5, 7),
      owed_hours: [],
    });
  });

  it('turns cancels of hour 5 voluntary when their requests were late', () => {
    const [before, after] = acts.map((act) => act.answers);
    expect(after?.get('cancels voluntary')).toBeGreaterThan(before?.get('cancels voluntary') ?? 0);
    expect(after?.get('cancels involuntary')).toBeLessThan(before?.get('cancels involuntary') ?? 0);
  });

  it('account_state_dimension_load recomputes 2..6 and owes 7', () => {
    expect(hours(step(2, 'account_state_dimension_load'))).toEqual([2, 3, 4, 5, 6]);
    expect(marks(step(2, 'account_state_dimension_load'))).toEqual([
      'done',
      'done',
      'late',
      'late',
      'between',
      'late',
      'new',
      'owed',
    ]);
    expect(step(2, 'account_state_dimension_load').plan).toMatchObject({
      range: range(2, 6),
      owed_hours: [hourText(7)],
    });
    expect(step(2, 'account_state_dimension_load').run).toMatchObject({
      status: 'published',
      operation: 'overwrite',
      owed_hours: [hourText(7)],
    });
  });
});

describe('the run at hour 7', () => {
  it('reaches seven hours back for late sign-ups, which a lookback of 6 hours misses', () => {
    expect(hours(step(3, 'signup_fact_load'))).toEqual([0, 7]);
    expect(acts[2]?.lookbacks.find(({ lookbackHours }) => lookbackHours === 6)?.rowsMissed).toBeGreaterThan(
      0,
    );
  });

  it('takes cancel requests that were posted the evening before, and turns the cancels of hour 2 alone', async () => {
    expect(hours(step(3, 'cancel_request_fact_load'))).toEqual([-3]);
    const { plan, run } = step(3, 'cancel_fact_load');
    expect(hoursOfDay(plan.hours.map(({ hour }) => hour))).toEqual([2]);
    expect(run).toMatchObject({ status: 'published', operation: 'overwrite' });
    const [, requests] = plan.sources;
    expect(requests).toMatchObject({
      window: { before_hours: 720, after_hours: 0, key: 'account_id' },
      window_keys: { hours: 1, candidate_hours: 11, all_hours_because: null },
    });
    expect(plan.hours[0]?.causes[0]).toMatchObject({
      source: 'facts.cancel_request_fact',
      changed_hour: '2023-09-13T21:00:00Z',
    });
    const [turned] = (
      await project.psyberg.sql(
        "select count(*) as cancels from facts.cancel_fact c join facts.cancel_request_fact r using (account_id) where churn_type = 'voluntary' and r.request_ts < timestamptz '2023-09-14 00:00:00Z'",
      )
    ).toObjects();
    expect(Number(turned?.['cancels'])).toBeGreaterThan(0);
    // Some ask and stay.
    expect(Number(turned?.['cancels'])).toBeLessThan(requests?.window_keys?.keys ?? 0);
  });

  it('pays the owed hour 7 together with the recomputed 0..6', () => {
    expect(step(3, 'account_state_dimension_load').plan).toMatchObject({
      range: range(0, 7),
      owed_hours: [],
    });
    expect(step(3, 'account_state_dimension_load').run).toMatchObject({
      status: 'published',
      owed_hours: [],
    });
  });
});

describe('after every run', () => {
  it('all declared audits have passed', () => {
    const audits = acts.flatMap((act) =>
      act.steps.flatMap(({ run }) => run.audits.map((audit) => ({ process: run.process_name, ...audit }))),
    );
    expect(audits.filter((audit) => audit.status !== 'passed')).toEqual([]);
    expect(new Set(audits.map((audit) => audit.name))).toEqual(
      new Set([
        'source_to_target_count',
        'no_missing_events',
        'not_null',
        'unique',
        'churn_type_known',
        'no_account_vanishes',
      ]),
    );
  });

  it.each([1, 2, 3])('%i: every table equals its full recompute', (act) => {
    const comparisons = acts[act - 1]?.comparisons ?? [];
    expect(comparisons).toHaveLength(PROCESS_NAMES.length);
    for (const comparison of comparisons) {
      expect(comparison).toMatchObject({ missingRows: 0, extraRows: 0 });
      expect(comparison.rowCount).toBeGreaterThan(0);
    }
  });
});

describe('the picture', () => {
  it('fits 100 columns and 60 lines', () => {
    const lines = acts.flatMap((act, index) => [
      ...drawActOpening(act.script, index),
      ...act.steps.map(drawStep),
      ...drawActEnding(act, acts[index - 1]),
    ]);
    const all = [
      ...drawOpening(),
      ...lines,
      ...drawEnding({ acts, folder: 'warehouse/.data/member-lifecycle', seconds: 1 }),
    ].map((line) => stripVTControlCharacters(line));
    expect(all.filter((line) => line.length > 100)).toEqual([]);
    expect(all.length).toBeLessThanOrEqual(60);
  });

  it('writes hours in a row as a range', () => {
    expect(rangesOf([2, 3, 6])).toBe('2, 3, 6');
    expect(rangesOf([0, 1, 2, 5])).toBe('0..2, 5');
    expect(rangesOf([])).toBe('');
  });
});
