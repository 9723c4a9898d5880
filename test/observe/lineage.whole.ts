// Goal: every way in which a session can go is one run of OpenLineage, and its own client takes each event.
// Method: the command line, each step a process of its own, events in a file; openlineage-python builds its
// classes from them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runIdOf } from '../../src/observe/lineage/facets.ts';
import {
  cancels,
  makeProject,
  PROCESSES,
  type Project,
  removeFolders,
  requests,
  signups,
  startCli,
  TABLES,
} from '../cli/fixture.ts';
import { pythonWith } from '../support/python-with.ts';

const VALIDATOR = fileURLToPath(new URL('validate-events.py', import.meta.url));

let project: Project;
let python: string;
let events: string;
beforeAll(async () => {
  python = join(
    await pythonWith({ name: 'openlineage', requirements: ['openlineage-python==1.54.0'] }),
    'python',
  );
  project = makeProject(PROCESSES);
  events = join(project.root, 'events.jsonl');
  await project.sql(...TABLES, signups(0, 5), cancels(5, 2), requests(5, 1));
}, 600_000);
beforeEach(() => rmSync(events, { force: true }));
afterAll(removeFolders);

interface Event {
  readonly eventType: string;
  readonly run: { readonly runId: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly inputs: readonly { readonly facets: Record<string, unknown> }[];
  readonly outputs: readonly { readonly facets: Record<string, Record<string, unknown>> }[];
}

async function psyberg(
  ...argv: readonly string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = {
    OPENLINEAGE__TRANSPORT__TYPE: 'file',
    OPENLINEAGE__TRANSPORT__LOG_FILE_PATH: events,
    OPENLINEAGE__TRANSPORT__APPEND: 'true',
    OPENLINEAGE_NAMESPACE: 'tests',
  };
  return startCli([...argv, '--project', project.root], { env }).done;
}

/** What was told since the test began, once openlineage-python has taken it. */
function told(): Event[] {
  const text = existsSync(events) ? readFileSync(events, 'utf8') : '';
  execFileSync(python, [VALIDATOR], { input: text });
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);
}

const typesOf = (all: readonly Event[]): string[] => all.map(({ eventType }) => eventType);
const step = (name: string, id: string, ...more: string[]) =>
  psyberg('session', name, '--process_name=signup_load', `--psyberg_session_id=${id}`, ...more);

describe('lineage of sessions', { timeout: 240_000 }, () => {
  it('of a run: two processes, hours with their causes, columns with their origins', async () => {
    expect((await psyberg('run')).code).toBe(0);
    const all = told();
    expect(typesOf(all)).toEqual([
      'START',
      'RUNNING',
      'RUNNING',
      'COMPLETE',
      'START',
      'RUNNING',
      'RUNNING',
      'COMPLETE',
    ]);
    const cancel = all.find(
      ({ run, eventType }) =>
        eventType === 'COMPLETE' && run.facets['psyberg_session']?.['processName'] === 'cancel_load',
    );
    expect(cancel?.run.facets['psyberg_session']?.['hours']).toMatchObject([
      {
        hour: '2023-09-14T05:00:00Z',
        reason: 'changed',
        causes: [{ source: 'raw.cancels', change: 'added' }, { source: 'raw.requests' }],
      },
    ]);
    expect(cancel?.run.facets['nominalTime']).toMatchObject({
      nominalStartTime: '2023-09-14T05:00:00Z',
      nominalEndTime: '2023-09-14T06:00:00.000Z',
    });
    expect(cancel?.inputs).toHaveLength(2);
    const fields = cancel?.outputs[0]?.facets['columnLineage']?.['fields'] as Record<
      string,
      { inputFields: unknown[] }
    >;
    expect(fields['voluntary']?.inputFields).toMatchObject([
      { field: 'account_id', transformations: [{ type: 'DIRECT', subtype: 'TRANSFORMATION' }] },
    ]);
  });

  it('of nothing to do: none', async () => {
    expect((await psyberg('run')).code).toBe(0);
    expect(told()).toEqual([]);
  });

  it('of steps in processes of their own: one run, as anybody can name it', async () => {
    await project.sql(signups(6, 3));
    const id = '20400101000000';
    for (const name of ['init', 'load', 'audit', 'publish', 'commit'])
      expect((await step(name, id)).code).toBe(0);
    const all = told();
    expect(typesOf(all)).toEqual(['START', 'RUNNING', 'RUNNING', 'COMPLETE']);
    expect(new Set(all.map(({ run }) => run.runId))).toEqual(
      new Set([runIdOf({ namespace: 'tests', name: 'test.signup_load' }, id)]),
    );
  });

  it('of one that is dropped: ABORT', async () => {
    await project.sql(signups(7, 3));
    const id = '20400101000001';
    for (const name of ['init', 'load', 'abort']) expect((await step(name, id)).code).toBe(0);
    expect(typesOf(told())).toEqual(['START', 'RUNNING', 'ABORT']);
  });

  it('of audits that fail, and of a session that is refused: FAIL, and why', async () => {
    await project.sql("insert into raw.signups values (1, null, '2023-09-14 08:00:00Z')");
    expect((await psyberg('run', 'signup_load')).code).toBe(3);
    const failed = told();
    expect(typesOf(failed)).toEqual(['START', 'RUNNING', 'RUNNING', 'FAIL']);
    expect(failed.at(-1)?.run.facets['errorMessage']?.['message']).toContain('not_null failed');
    rmSync(events);
    await project.sql('delete from raw.signups where account_id is null or event_id = 1');
    expect((await psyberg('run', 'signup_load')).code).toBe(5);
    const refused = told();
    expect(typesOf(refused).at(-1)).toBe('FAIL');
    expect(refused.at(-1)?.run.facets['psyberg_session']).toMatchObject({ status: 'refused' });
  });
});
