/** `psyberg new`: a project or a process from a template. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { PsybergError, usageError } from '../model/errors.ts';
import { parseTableName, tableName } from '../model/names.ts';
import { type EventTimeUnit, PATTERN_NAMES, type Pattern, type ProjectSpec } from '../model/process-spec.ts';
import type { NewProcessSource } from '../project/scaffold.ts';
import { EXIT } from './exit-code.ts';
import { type Act, example, offering, ownCommand } from './help.ts';
import type { Shell } from './shell.ts';

interface NewProcessOptions {
  readonly pattern: string;
  readonly source: readonly string[];
  readonly target: string;
  readonly unit?: string;
}

const PATTERNS: readonly string[] = PATTERN_NAMES;
const UNITS: readonly string[] = ['epoch_s', 'epoch_ms', 'epoch_us'] satisfies EventTimeUnit[];

export function addNewCommand(root: Command, act: Act): void {
  const group = root
    .command('new')
    .description('create a project or a process from a template; never overwrites a file')
    .helpCommand(false)
    .addHelpText(
      'after',
      example(
        'psyberg new project my_lake',
        "psyberg new process cancel_fact_load --pattern stateful --source 'raw.cancels|cancel_ts' --target facts.cancel_fact",
      ),
    );
  group
    .command('project')
    .description('create a project in a folder, with two processes to start from')
    .argument('<dir>', 'the folder; it may exist')
    .option('--template <name>', 'another template than "project"')
    .option('--files <glob>', 'two processes over the files that it matches, in place of those of a template')
    .addHelpText(
      'after',
      example('psyberg new project my_lake', "psyberg new project shop --files 'landing/orders/*.jsonl'"),
    )
    .action(act(newProject));
  group
    .command('process')
    .description('create the SQL file of a process')
    .argument('<name>', 'the process, such as cancel_fact_load')
    .addOption(
      offering(new Option('--pattern <pattern>', PATTERNS.join(', ')).makeOptionMandatory(), PATTERNS),
    )
    .requiredOption(
      '--source <table|column>',
      'a source and the column of its event time; repeat it for several',
      (each: string, before: readonly string[] | undefined) => [...(before ?? []), each],
    )
    .requiredOption('--target <table>', 'the table that it writes')
    .addOption(offering(new Option('--unit <unit>', `of integer time columns: ${UNITS.join(', ')}`), UNITS))
    .addHelpText(
      'after',
      example(
        "psyberg new process cancel_fact_load --pattern stateful --source 'raw.cancels|cancel_ts' --source 'facts.requests|request_ts' --target facts.cancel_fact",
      ),
    )
    .action(act(newProcess));
}

async function newProject(
  shell: Shell,
  directory: string,
  options: { readonly template?: string; readonly files?: string },
): Promise<number> {
  const created = await createProject(directory, options);
  if (shell.options.json === true) shell.json(created);
  else {
    shell.print(`created ${created.directory}`);
    for (const file of created.files) shell.print(`  ${path.relative(created.directory, file)}`);
    shell.note(`next: ${nextCommands(directory, options.files !== undefined)}`);
  }
  return EXIT.done;
}

async function createProject(
  directory: string,
  { template, files }: { readonly template?: string; readonly files?: string },
): Promise<{ readonly directory: string; readonly files: readonly string[] }> {
  const [scaffold, { SCHEMA_FOLDER, schemaFiles }] = await Promise.all([
    import('../project/scaffold.ts'),
    import('./editor-schemas.ts'),
  ]);
  const more = schemaFiles().map(({ name, text }) => ({ name: `${SCHEMA_FOLDER}/${name}`, text }));
  if (files === undefined)
    return scaffold.newProject({ directory, more, ...(template === undefined ? {} : { template }) });
  if (template !== undefined)
    throw usageError('usage', 'a project over files has no template', { hint: 'leave --template out' });
  const [{ openEngine }, { lookAtFiles }, { formatOfFiles }, { globInProject }] = await Promise.all([
    import('../engine/index.ts'),
    import('../landing/look-at-files.ts'),
    import('../project/header-files.ts'),
    import('../project/scaffold-files.ts'),
  ]);
  const saysFormat = formatOfFiles(files) === undefined;
  const spec = {
    globs: [files],
    root: process.cwd(),
    format: formatOfFiles(files) ?? 'json',
    options: {},
    onFileChange: 'refuse',
    onBadRows: 'refuse',
    settleMs: 0,
  } as const;
  const engine = await openEngine();
  try {
    const { columns } = await lookAtFiles(engine, spec);
    const globs = [globInProject(files, spec.root, path.resolve(directory))];
    return scaffold.newFilesProject({ directory, files: { ...spec, globs }, saysFormat, columns, more });
  } finally {
    await engine.close();
  }
}

function nextCommands(directory: string, hasRows: boolean): string {
  const psyberg = ownCommand();
  const folder = /^[\w./@+-]+$/.test(directory) ? directory : `'${directory.replaceAll("'", "'\\''")}'`;
  const enter = path.resolve(directory) === process.cwd() ? '' : `cd ${folder} && `;
  return `${enter}${hasRows ? '' : `${psyberg} sql --file seed/raw_events.sql && `}${psyberg} run`;
}

async function newProcess(shell: Shell, name: string, options: NewProcessOptions): Promise<number> {
  const [{ newProcess: write }, { findProjectRoot, readProject }, { didYouMean }] = await Promise.all([
    import('../project/scaffold.ts'),
    import('../project/read-project.ts'),
    import('../project/did-you-mean.ts'),
  ]);
  if (!PATTERNS.includes(options.pattern))
    throw usageError('pattern-unknown', `there is no pattern '${options.pattern}'`, {
      hint: didYouMean(options.pattern, PATTERNS, 'patterns'),
      context: { found: options.pattern },
    });
  if (options.unit !== undefined && !UNITS.includes(options.unit))
    throw usageError('unit-unknown', `there is no unit '${options.unit}'`, {
      hint: didYouMean(options.unit, UNITS, 'units'),
      context: { found: options.unit },
    });
  const sources = await sourcesOf(options);
  const project = readProject({ root: findProjectRoot(shell.options.project ?? '.') });
  const { file } = write({
    project,
    name,
    pattern: options.pattern as Pattern,
    sources,
    target: parseTableName(options.target),
    columns: await knownColumns(project, sources),
  });
  if (shell.options.json === true) shell.json({ file });
  else {
    shell.print(`created ${shownPath(file)}`);
    shell.note(`next: write its SQL, then psyberg plan ${name} --explain`);
  }
  return EXIT.done;
}

/**
 * The columns of those sources that exist already, from which the template chooses keys and joins. A process
 * may be written before its sources are there, and before the catalog can be reached.
 */
async function knownColumns(
  project: ProjectSpec,
  sources: readonly NewProcessSource[],
): Promise<Record<string, string[]>> {
  const { hasWarehouse } = await import('../workspace/tables-in-warehouse.ts');
  // Opening it would make the warehouse.
  if (!hasWarehouse(project)) return {};
  const [{ openWorkspace }, { currentSchema }] = await Promise.all([
    import('../workspace/open-workspace.ts'),
    import('../iceberg/event-time.ts'),
  ]);
  const columns: Record<string, string[]> = {};
  try {
    const workspace = await openWorkspace(project);
    try {
      for (const { table } of sources) {
        const metadata = (await workspace.client.loadTable(table))?.metadata;
        if (metadata !== undefined)
          columns[tableName(table)] = currentSchema(metadata).fields.map((field) => field.name);
      }
    } finally {
      await workspace.close();
    }
  } catch (error) {
    if (!(error instanceof PsybergError)) throw error;
  }
  return columns;
}

/** Relative where that is shorter to read: below the current folder. */
function shownPath(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') ? file : relative;
}

/** `--source` may be given several times, and each may hold several tables. */
async function sourcesOf(options: NewProcessOptions): Promise<NewProcessSource[]> {
  const { parseSrcTables } = await import('../project/src-tables.ts');
  const sources = options.source.flatMap((text) => [...parseSrcTables(text)]);
  const names = sources.map((source) => tableName(source.table).toLowerCase());
  const twice = names.find((each, index) => names.indexOf(each) !== index);
  if (twice !== undefined)
    throw usageError('source-twice', `--source names ${twice} twice`, { hint: 'name each source once' });
  return sources.map((source) => ({
    ...source,
    ...(options.unit === undefined || source.timeColumn === undefined
      ? {}
      : { timeUnit: options.unit as EventTimeUnit }),
  }));
}
