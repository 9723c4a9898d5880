/**
 * Runs processes whose targets are published in one commit. Names -> RunRecord[] in dependency order. Each
 * runs a session like any other, over the tables as those before it leave them. Their commits are held in a
 * workspace of its own until the last one has passed its audits; if one fails nothing is published.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { engineOf } from '../model/engines.ts';
import { isWorthRetrying, PsybergError, usageError } from '../model/errors.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import { processesInDependencyOrder } from '../project/dependency-order.ts';
import { abandonTogether, publishTogether, type Together } from '../run/drivers/together.ts';
import type { AbandonedSession } from '../run/leftovers/clean-up.ts';
import type { Published } from '../run/session.ts';
import type { HoldingWorkspace, Workspace } from '../workspace/open-workspace.ts';
import { clearLeftovers, sweepAfter } from './clear-leftovers.ts';
import { uncommittedRecord, unpublishedRecord } from './records.ts';
import { type ProcessRequest, runProcess } from './run-process.ts';
import { type RunRequest, UP_TO_DATE } from './run-processes.ts';
import { type EndedSession, tellOutcome } from './tell-session.ts';

/** How often all of them are computed again because somebody committed to one of the targets meanwhile. */
const ATTEMPTS = 8;

/**
 * Runs them; `onRecord` is called once it is known whether they are published. Throws `atomic-unsupported`
 * before anything is computed where the catalog commits one table at a time.
 */
export async function runTogether(
  workspace: Workspace,
  names: readonly string[] | undefined,
  request: RunRequest,
): Promise<RunRecord[]> {
  if (!(await workspace.client.commitsTogether())) throw oneAtATime(workspace);
  if (request.keepBranch === true)
    throw usageError('usage', 'a session that is published together with others leaves no branch', {
      hint: 'leave --keep-branch or --atomic out',
    });
  const specs = processesInDependencyOrder(workspace.project, names);
  const elsewhere = specs.find((spec) => looksElsewhere(workspace, spec));
  if (elsewhere !== undefined) throw notSeen(elsewhere);
  const holding = await workspace.holding();
  try {
    const { records, ended } = await untilTogether(holding, specs, request);
    for (const [place, record] of records.entries()) {
      const own = ended[place];
      const id = record.psyberg_session_id || (own?.outcome.psyberg_session_id ?? '');
      const told = { spec: specs[place] as ProcessSpec, plan: own?.plan };
      if (own !== undefined)
        tellOutcome(workspace, { ...told, outcome: { ...record, psyberg_session_id: id } });
      request.onRecord?.(record);
    }
    return records;
  } finally {
    await holding.close();
  }
}

const oneAtATime = ({ catalog }: Workspace): PsybergError =>
  usageError('atomic-unsupported', `the catalog at ${catalog.warehouse} commits one table at a time`, {
    hint: 'leave --atomic out: each table is switched in a commit of its own, one after the other',
  });

/**
 * True if Spark could not see held commits: they are served on a port of their own, and Spark was told
 * another one.
 */
function looksElsewhere({ project }: Workspace, spec: ProcessSpec): boolean {
  const { catalogUri } = project.engines?.spark ?? {};
  return engineOf(spec) === 'spark' && catalogUri !== undefined && !catalogUri.includes('{port}');
}

const notSeen = ({ processName }: ProcessSpec): PsybergError =>
  usageError(
    'atomic-unsupported',
    `${processName} runs on Spark, which looks for its tables at the one port of engines.spark.catalog_uri, and does not see what is held on another`,
    {
      hint: 'write {port} in its place, or leave --atomic out: each table is then switched in a commit of its own',
    },
  );

async function untilTogether(
  holding: HoldingWorkspace,
  specs: readonly ProcessSpec[],
  request: RunRequest,
): Promise<Pick<Held, 'records' | 'ended'>> {
  for (let attempt = 1; ; attempt += 1) {
    const abandoned: (readonly [ProcessSpec, readonly AbandonedSession[]])[] = [];
    for (const spec of specs) abandoned.push([spec, await clearLeftovers(holding, spec)]);
    const run = await runHeld(holding, specs, request);
    for (const [spec, each] of abandoned) await sweepAfter(holding, spec, each).catch(() => undefined);
    const { records, ended, error } = run;
    if (error === undefined) return run;
    // One that does not list what it can do shows it with the first commit of several tables.
    if (error instanceof PsybergError && error.code === 'no-transactions') throw oneAtATime(holding);
    if (!isWorthRetrying(error) || attempt === ATTEMPTS)
      return { records: uncommitted(specs, records, error), ended };
    holding.onStep(`${error.message}; planning all of them again`);
    await sleep(Math.random() * 100 * attempt);
  }
}

/** What each of them came to, and what kept the commit of all from being made. */
interface Held {
  readonly records: RunRecord[];
  /** How those ended that were run, before it was known whether they are published. */
  readonly ended: readonly EndedSession[];
  readonly error?: unknown;
}

/** Runs each of them with its commits held, and makes them one. */
async function runHeld(
  holding: HoldingWorkspace,
  specs: readonly ProcessSpec[],
  request: RunRequest,
): Promise<Held> {
  const { held } = holding;
  const sessions: Published[] = [];
  const ended: EndedSession[] = [];
  let records: RunRecord[] = [];
  const together: Together = { add: (session) => sessions.push(session), giveUp: held.end };
  held.begin();
  try {
    const asked = { together, onEnded: (each: EndedSession) => void ended.push(each) };
    records = await runEach(holding, specs, { request, asked });
    const failed = records.find(({ status }) => !UP_TO_DATE.has(status));
    if (failed === undefined) {
      await publishHeld(holding, sessions);
      return { records, ended };
    }
    held.end();
    await abandonTogether(sessions, undefined);
    return { records: unpublished(specs, records, failed), ended };
  } catch (error) {
    held.end();
    await abandonTogether(sessions, error);
    return { records, ended, error };
  }
}

async function publishHeld(holding: HoldingWorkspace, sessions: readonly Published[]): Promise<void> {
  if (holding.isInterrupted())
    throw new PsybergError('interrupted', 'the run was interrupted', { hint: 'run the same command again' });
  if (sessions.length === 0) return holding.held.end();
  const count = holding.held.tables().length;
  holding.onStep(`publish ${sessions.length} targets together: ${count} tables in one commit`);
  await publishTogether(holding.held, sessions);
}

/** Up to the first one that fails. */
async function runEach(
  holding: HoldingWorkspace,
  specs: readonly ProcessSpec[],
  {
    request,
    asked,
  }: {
    readonly request: RunRequest;
    readonly asked: Pick<ProcessRequest, 'together' | 'onEnded'>;
  },
): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  const publishedNow = new Map<string, string>();
  for (const spec of specs) {
    const record = await runProcess(holding, spec, {
      ...{ keepBranch: false, given: undefined, publishedNow },
      ...asked,
      restate: request.restate?.(spec),
    });
    records.push(record);
    if (!UP_TO_DATE.has(record.status)) break;
  }
  return records;
}

const uncommitted = (
  specs: readonly ProcessSpec[],
  records: readonly RunRecord[],
  error: unknown,
): RunRecord[] =>
  records.map((record, place) =>
    record.status === 'published' ? uncommittedRecord(specs[place] as ProcessSpec, record, error) : record,
  );

/**
 * Records of the processes that were computed in vain, of the one that failed, and of those that were not
 * begun.
 */
const unpublished = (
  specs: readonly ProcessSpec[],
  records: readonly RunRecord[],
  failed: RunRecord,
): RunRecord[] =>
  specs.map((spec, place) => {
    const record = records[place];
    return record === failed || record?.status === 'nothing-new' || record?.status === 'waiting'
      ? record
      : unpublishedRecord(spec, failed.process_name, record);
  });
