/**
 * `psyberg session init|load|audit|publish|commit|abort`: the steps of a run one by one, for an orchestrator.
 * Options carry the names of Psyberg's own workflows.
 */

import type { Command } from 'commander';
import { patternOf } from '../kinds/patterns/index.ts';
import { usageError } from '../model/errors.ts';
import { tablesAmong } from '../model/files-source.ts';
import { NAME_PATTERN, parseTableName, sameTable, type TableIdentifier, tableName } from '../model/names.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { SrcTable } from '../project/src-tables.ts';
import type { InitRequest, Psyberg, SessionRequest, StepRecord } from '../psyberg.ts';
import { runText } from '../report/run-report.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { type Act, example } from './help.ts';
import { endedBy, onInterruptedWork } from './interruption.ts';
import { metricsOption, type Shell, varOption, withPsyberg } from './shell.ts';

interface SessionOptions {
  readonly process_name: string;
  /** Only `init` may leave it out. */
  readonly psyberg_session_id?: string;
  readonly src_tables?: string;
  readonly etl_pattern_id?: string;
  readonly psyberg_hwm_table?: string;
  readonly psyberg_session_table?: string;
  readonly keepBranch?: boolean;
}

const ID = '20230914061501';
const NAMES = `--process_name=cancel_fact_load --psyberg_session_id=${ID}`;

export function addSessionCommand(root: Command, act: Act): void {
  const session = root
    .command('session')
    .description(
      'the steps of a run one by one, for an orchestrator: init, load, audit, publish, commit; or abort',
    )
    .helpCommand(false)
    .addHelpText(
      'after',
      example(
        ...['init', 'load', 'audit', 'publish', 'commit', 'abort'].map(
          (step) => `psyberg session ${step} ${NAMES}`,
        ),
      ),
    );
  addInit(session, act);
  addSteps(session, act);
}

/** A command of `psyberg session` with the options that all of them have. */
const addCommand = (session: Command, name: string, description: string): Command =>
  session
    .command(name)
    .description(description)
    .requiredOption('--process_name <process>', 'the process')
    .option('--src_tables <tables>', "its sources, 'table|time_column,…': checked against the process file")
    .option('--etl_pattern_id <id>', '1 stateless, 2 stateful or dimension: checked against the process file')
    .option('--psyberg_hwm_table <table>', "instead of the project's high_water_mark_table")
    .option('--psyberg_session_table <table>', "instead of the project's session_table")
    .addOption(metricsOption())
    .addOption(varOption());

function addInit(session: Command, act: Act): void {
  addCommand(
    session,
    'init',
    'find what changed, plan, and record the session; with nothing to do it records nothing',
  )
    .option('--psyberg_session_id <id>', 'UTC time to the second, such as 20230914061501; default: now')
    .addHelpText(
      'after',
      example(
        `psyberg session init --process_name=cancel_fact_load --src_tables='raw.raw_cancels|processing_ts,facts.cancel_request_fact' --psyberg_session_id=${ID} --etl_pattern_id=2`,
      ),
    )
    .action(act(init));
}

/** The steps of a session that `init` has opened. */
function addSteps(session: Command, act: Act): void {
  const step = (name: string, description: string): Command =>
    addCommand(session, name, description)
      .requiredOption('--psyberg_session_id <id>', 'the session, as init printed it')
      .addHelpText('after', example(`psyberg session ${name} ${NAMES}`));
  step('load', "stage the session's rows on its branch").action(
    act((shell, options: SessionOptions) =>
      runStep(shell, options, (psyberg, request) => psyberg.session.load(request)),
    ),
  );
  step('audit', 'audit what was staged; a blocking audit that fails ends the session with exit code 3')
    .option('--keep-branch', 'leave the branch of a session whose audits fail')
    .action(
      act((shell, options: SessionOptions) =>
        runStep(shell, options, (psyberg, request) =>
          psyberg.session.audit({ ...request, keepBranch: options.keepBranch ?? false }),
        ),
      ),
    );
  step('publish', 'publish the audited rows, the watermark and the signal in one commit').action(
    act((shell, options: SessionOptions) =>
      runStep(shell, options, (psyberg, request) => psyberg.session.publish(request)),
    ),
  );
  step(
    'commit',
    'confirm that the watermark of a published session is in place, and repair its table where it is not',
  ).action(act(commit));
  step(
    'abort',
    'drop what a session that did not publish has left: its branch, its files, its saved state',
  ).action(act(abort));
}

async function abort(shell: Shell, options: SessionOptions): Promise<number> {
  return withSession(shell, options, async (psyberg, request) => {
    const aborted = await psyberg.session.abort(request);
    if (shell.options.json === true) shell.json({ aborted });
    else
      shell.print(
        `${shell.style.strong(aborted.process_name)}  session ${aborted.psyberg_session_id}  aborted${aborted.dropped_branch ? `; the branch ${aborted.branch} of ${aborted.target} is gone` : ': it had no branch'}`,
      );
    return EXIT.done;
  });
}

async function init(shell: Shell, options: SessionOptions): Promise<number> {
  return withSession<InitRequest>(shell, options, async (psyberg, request) => {
    const { status, plan } = await psyberg.session.init(request);
    if (shell.options.json === true)
      shell.json({ psyberg_session_id: plan.psyberg_session_id, status, plans: [plan] });
    else {
      const { planSummary } = await import('../report/explain/summary.ts');
      shell.print(
        `${shell.style.strong(plan.process_name)}  session ${plan.psyberg_session_id}  ${status}  ${planSummary(plan)}`,
      );
    }
    return EXIT.done;
  });
}

async function commit(shell: Shell, options: SessionOptions): Promise<number> {
  return withSession(shell, options, async (psyberg, request) => {
    const { record, repaired } = await psyberg.session.commit(request);
    if (shell.options.json === true) shell.json({ runs: [record], repaired });
    else if (record.status === 'published')
      shell.print(
        `${shell.style.strong(record.process_name)}  session ${record.psyberg_session_id}  the watermark is in place${repaired ? `; ${tableName(psyberg.project.tables.highWaterMarkTable)} was behind and is repaired` : ''}`,
      );
    else shell.print(runText(record, shell));
    return exitCodeOf(record);
  });
}

async function runStep(
  shell: Shell,
  options: SessionOptions,
  step: (psyberg: Psyberg, request: SessionRequest) => Promise<StepRecord>,
): Promise<number> {
  return withSession(shell, options, async (psyberg, request) => {
    const record = await step(psyberg, request);
    if (shell.options.json === true) shell.json({ runs: [record] });
    else shell.print(runText(record, shell));
    return exitCodeOf(record);
  });
}

/** Opens the project as the options want it, checks what they say of the process, and passes a signal on. */
async function withSession<Request extends InitRequest = SessionRequest>(
  shell: Shell,
  options: SessionOptions,
  work: (psyberg: Psyberg, request: Request) => Promise<number>,
): Promise<number> {
  return withPsyberg(
    shell,
    async (psyberg) => {
      const { processesInDependencyOrder } = await import('../project/dependency-order.ts');
      const [spec] = processesInDependencyOrder(psyberg.project, [options.process_name]) as [ProcessSpec];
      await checkOptions(spec, options);
      const { psyberg_session_id: id } = options;
      const request: InitRequest = {
        processName: spec.processName,
        ...(id === undefined ? {} : { psybergSessionId: id }),
      };
      // Commander asks for the id of every step but `init`.
      return endedBy(
        onInterruptedWork(shell, () => psyberg.interrupt()),
        () => work(psyberg, request as Request),
      );
    },
    { change: (project) => withTables(project, options) },
  );
}

/**
 * The tables that this one call uses instead of the project's. A bare name lies in the namespace of the one
 * it replaces.
 */
function withTables(project: ProjectSpec, options: SessionOptions): ProjectSpec {
  const { tables } = project;
  const named = (text: string | undefined, usual: TableIdentifier): TableIdentifier => {
    if (text === undefined) return usual;
    return NAME_PATTERN.test(text) ? { namespace: usual.namespace, name: text } : parseTableName(text);
  };
  return {
    ...project,
    tables: {
      ...tables,
      highWaterMarkTable: named(options.psyberg_hwm_table, tables.highWaterMarkTable),
      sessionTable: named(options.psyberg_session_table, tables.sessionTable),
    },
  };
}

/**
 * An orchestrator that believes something else of a process than its file says would load the wrong thing.
 * @throws PsybergError `option-contradicts-process`.
 */
async function checkOptions(spec: ProcessSpec, options: SessionOptions): Promise<void> {
  const pattern = String(patternOf(spec).etlPatternId);
  if (options.etl_pattern_id !== undefined && options.etl_pattern_id !== pattern)
    throw contradiction(spec, {
      option: 'etl_pattern_id',
      given: options.etl_pattern_id,
      found: `${pattern} (${spec.pattern})`,
    });
  if (options.src_tables === undefined) return;
  const { parseSrcTables } = await import('../project/src-tables.ts');
  checkSources(
    spec,
    parseSrcTables(options.src_tables, (name) => sourceOfBareName(spec, name)),
  );
}

/** The source of this alias, or the only one whose table is named so. Psyberg's own workflows say no more. */
function sourceOfBareName({ sources }: ProcessSpec, name: string): TableIdentifier | undefined {
  const isNamed = (text: string): boolean => text.toLowerCase() === name.toLowerCase();
  const byAlias = tablesAmong(sources).filter(({ alias }) => isNamed(alias));
  const found =
    byAlias.length > 0 ? byAlias : tablesAmong(sources).filter(({ table }) => isNamed(table.name));
  return found.length === 1 ? found[0]?.table : undefined;
}

function checkSources(spec: ProcessSpec, given: readonly SrcTable[]): void {
  const contradicted = (said: string, found: string): Error =>
    contradiction(spec, { option: 'src_tables', given: said, found });
  for (const source of tablesAmong(spec.sources)) {
    // A lookup has no time column, and no hours that an orchestrator could wait for: it may be left out.
    if (source.lookup === undefined && !given.some((each) => sameTable(each.table, source.table)))
      throw contradicted(
        given.map((each) => tableName(each.table)).join(', '),
        `that ${tableName(source.table)} is a source as well`,
      );
  }
  for (const each of given) {
    const source = spec.sources.find((other) => sameTable(other.table, each.table));
    if (source === undefined)
      throw contradicted(
        tableName(each.table),
        `${spec.sources.map((other) => tableName(other.table)).join(', ')}`,
      );
    if (each.timeColumn !== undefined && each.timeColumn.toLowerCase() !== source.eventTime?.toLowerCase())
      throw contradicted(
        `${tableName(each.table)}|${each.timeColumn}`,
        source.eventTime === undefined ? 'no event_time for it' : `event_time: ${source.eventTime}`,
      );
  }
}

const contradiction = (
  spec: ProcessSpec,
  { option, given, found }: { readonly option: string; readonly given: string; readonly found: string },
): Error =>
  usageError('option-contradicts-process', `--${option} says ${given}, but ${spec.file} says ${found}`, {
    hint: 'correct one of them, or leave the option out',
    context: { option, given, found, process_name: spec.processName },
  });
