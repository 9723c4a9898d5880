/**
 * Opens the library for scripts and notebooks: the same engine, with values that show themselves. They are
 * the library's own values; how one looks is computed when somebody looks.
 */
import { resolve } from 'node:path';
import { PsybergError } from '../model/errors.ts';
import { refuseOldNode } from '../model/old-node.ts';
import { findProjectRoot, readProject } from '../project/read-project.ts';
import { type OpenOptions, openProject, type Psyberg } from '../psyberg.ts';
import { type Appearance, showItself } from '../report/notebook/show-itself.ts';
import { kernelOf } from './kernel.ts';
import { type LiveWork, liveWork } from './live-work.ts';

/**
 * Opens a project. In a notebook whose kernel can draw, long calls show below their cell what they do.
 * Throws PsybergError with everything that is wrong in the project.
 */
export async function open(options: OpenOptions = {}): Promise<Psyberg> {
  refuseOldNode();
  const draw = kernelOf();
  if (draw === undefined) return showingValues(await opened(options));
  const live = liveWork(draw, lookOfWork);
  return hinting(async () =>
    showingValues(withHints(showingWork(await opened(options, live.listening(options)), live))),
  )();
}

/** `listening`: the options, including what a notebook listens to. */
async function opened(options: OpenOptions, listening = options): Promise<Psyberg> {
  const { project = '.', variables = {} } = options;
  const root = findProjectRoot(resolve(project));
  return openProject(readProject({ root, variables }), listening);
}

/** Also covers calls that are grouped, such as the steps of a session. */
function withHints<Calls extends object>(calls: Calls): Calls {
  const hinted = Object.entries(calls).map(([name, value]) => [
    name,
    name === 'session' ? withHints(value) : isAwaited(name, value) ? hinting(value) : value,
  ]);
  return Object.fromEntries(hinted) as Calls;
}

const isAwaited = (name: string, value: unknown): value is (...asked: never[]) => Promise<unknown> =>
  typeof value === 'function' && name !== 'interrupt';

/** A notebook only shows the stack of an error, so that of our errors also begins with what to do. */
const hinting =
  <Asked extends unknown[], Value>(call: (...asked: Asked) => Promise<Value>) =>
  async (...asked: Asked): Promise<Value> => {
    try {
      return await call(...asked);
    } catch (error) {
      if (error instanceof PsybergError && error.hint !== undefined)
        error.stack = `${error.name}: ${error.message}\nhint: ${error.hint}\n${framesOf(error)}`;
      throw error;
    }
  };

const framesOf = ({ stack = '' }: Error): string =>
  stack
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .join('\n');

const lookOfWork = async () => (await import('../report/notebook/work-look.ts')).workLook;

/** The same calls, which show what they do while they run. */
const showingWork = (psyberg: Psyberg, live: LiveWork): Psyberg => ({
  ...psyberg,
  run: (names, request = {}) =>
    live.during('run', (done) => psyberg.run(names, { ...request, onRecord: both(done, request.onRecord) })),
  restate: (name, options) =>
    live.during('restate', (done) =>
      psyberg.restate(name, { ...options, onRecord: both(done, options.onRecord) }),
    ),
  verify: (...asked) => live.during('verify', () => psyberg.verify(...asked)),
  diff: (...asked) => live.during('diff', () => psyberg.diff(...asked)),
  maintain: (...asked) => live.during('maintain', () => psyberg.maintain(...asked)),
  report: (...asked) => live.during('report', () => psyberg.report(...asked)),
});

const both =
  <Told extends unknown[]>(first: (...told: Told) => void, then: ((...told: Told) => void) | undefined) =>
  (...told: Told): void => {
    first(...told);
    then?.(...told);
  };

/** Loaded during the first call, so that opening a project costs nothing for it. */
const looksOf = () => import('../report/notebook/looks.ts');
type Looks = Awaited<ReturnType<typeof looksOf>>;

const showingValues = (psyberg: Psyberg): Psyberg => ({
  ...psyberg,
  plan: shown(psyberg.plan, (looks, plans) => {
    for (const plan of plans) showItself(plan, looks.plansLook([plan]));
    return looks.plansLook(plans);
  }),
  planRestate: shown(psyberg.planRestate, (looks, plans) => looks.plansLook(plans)),
  run: shown(psyberg.run, (looks, records) => looks.runsLook(records)),
  restate: shown(psyberg.restate, (looks, records) => looks.runsLook(records)),
  sql: shown(psyberg.sql, (looks, result) => looks.rowsLook(result)),
  show: shown(psyberg.show, (looks, result) => looks.rowsLook(result)),
  diff: shown(psyberg.diff, (looks, diff) => looks.diffLook(diff)),
  verify: shown(psyberg.verify, (looks, all) => looks.verificationsLook(all)),
  status: shown(psyberg.status, (looks, statuses) => looks.statusLook(statuses)),
  history: shown(psyberg.history, (looks, rows) => looks.historyLook(rows)),
  signals: shown(psyberg.signals, (looks, rows) => looks.signalsLook(rows)),
  tables: shown(psyberg.tables, (looks, rows) => looks.tablesLook(rows)),
  report: shown(psyberg.report, (looks, report) => looks.reportLook(report)),
});

/** The same call with a value that shows itself. */
const shown =
  <Asked extends unknown[], Value extends object>(
    call: (...asked: Asked) => Promise<Value>,
    look: (looks: Looks, value: Value) => Appearance,
  ): ((...asked: Asked) => Promise<Value>) =>
  async (...asked) => {
    const [value, looks] = await Promise.all([call(...asked), looksOf()]);
    return showItself(value, look(looks, value));
  };
