/**
 * Defines the project's macros on DuckDB, and checks what they read. MacroSpec[] -> macros on the connection,
 * or every problem with its place. DuckDB's parser and binder judge the rest.
 */
import { relative } from 'node:path';
import {
  type Binder,
  type Engine,
  type ParserVerdict,
  parseQuery,
  type TextFault,
} from '../../engine/index.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import type { MacroSpec, ProjectSpec, TextPosition } from '../../model/process-spec.ts';
import { joinedFragment, literalFragment, type StatementRow, statement } from '../../statements/index.ts';
import { type MacroTables, readsOf, signatureOfMacro } from './macro-reads.ts';
import { type PlaceInText, placeInText, withoutExcerpt } from './sql-faults.ts';

export interface MacroProblem {
  /** The macro's name. */
  readonly macro: string;
  /** Relative to the project's folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string;
}

const HEAD = 'create temp macro ';
const PASS_A_NAME =
  "a macro reads only what it is given: create macro m(source) as table … from query_table(source), and in the query from m('alias')";

/** Of each binder, and of each engine with its forks, which parameters of macros name tables. */
const tablesOfMacros = new WeakMap<Engine['definitions'] | Binder, MacroTables>();

/**
 * The forms of the project's macros, with the parameters that name tables. `known`: the definitions of an
 * engine, or a binder.
 */
export const macroTables = (known: Engine['definitions'] | Binder): MacroTables =>
  tablesOfMacros.get(known) ?? new Map();

/** Defines the macros on this connection, and on those that are forked from it. Throws `macro-invalid`. */
export async function defineMacros(
  engine: Engine,
  project: Pick<ProjectSpec, 'root' | 'macros'>,
): Promise<void> {
  const { macros, root } = project;
  if (macros.length === 0) return;
  const problems = await create(engine, macros, root);
  if (problems.length === 0) {
    const looked = await lookThrough(viewOfEngine(engine), macros, root);
    tablesOfMacros.set(engine.definitions, looked.tables);
    problems.push(...looked.problems);
  }
  if (problems.length > 0) throw macrosInvalid(problems);
  engine.definitions.push(...macros.map(({ definition }) => `${HEAD}${definition}`));
}

/** A macro that a binder does not define, and why. */
export interface UndefinedMacro {
  readonly macro: MacroSpec;
  readonly fault: TextFault;
}

/** What is wrong with macros: as DuckDB says it, and by what they read. */
export interface JudgedMacros {
  readonly undefined: readonly UndefinedMacro[];
  readonly problems: readonly MacroProblem[];
}

/** Defines the macros on a binder, each behind those that it uses, and says what is wrong with them. */
export async function defineOnBinder(
  binder: Binder,
  { macros, root }: Pick<ProjectSpec, 'root' | 'macros'>,
): Promise<JudgedMacros> {
  const failed: UndefinedMacro[] = [];
  const reading: MacroProblem[] = [];
  const sound: MacroSpec[] = [];
  for (const macro of macros) {
    const fault = await binder.define([`${HEAD}${macro.definition}`]);
    const read = fault === undefined ? undefined : readBesideIn(fault);
    if (fault === undefined) sound.push(macro);
    else if (read === undefined) failed.push({ macro, fault });
    else reading.push(readProblem(macro, root, read));
  }
  if (sound.length === 0) return { undefined: failed, problems: reading };
  const { problems, tables } = await lookThrough(viewOfBinder(binder), sound, root);
  tablesOfMacros.set(binder, tables);
  return { undefined: failed, problems: [...reading, ...problems] };
}

/** What a macro reads that a binder does not have. */
function readBesideIn({ kind, entry, name }: TextFault): string | undefined {
  if (kind === 'Permission' || kind === 'IO') return 'a file';
  return entry === 'Table' && name !== undefined ? `the table ${name}` : undefined;
}

const macrosInvalid = (problems: readonly MacroProblem[]): PsybergError => {
  const lines = problems.map(({ file, line, column, message }) => `${file}:${line}:${column} ${message}`);
  return usageError('macro-invalid', lines.join('\n'), {
    hint: [...new Set(problems.map(({ hint }) => hint))].join('\n'),
    context: { problems },
  });
};

async function create(engine: Engine, macros: readonly MacroSpec[], root: string): Promise<MacroProblem[]> {
  const problems: MacroProblem[] = [];
  const failed: string[] = [];
  for (const macro of macros) {
    const sql = `${HEAD}${macro.definition}`;
    try {
      await engine.execute({ sql, parameters: {} });
    } catch (error) {
      if (!(error instanceof PsybergError) || error.code !== 'sql-failed') throw error;
      // What fails because another one did is no problem of its own.
      const isOfAnother = failed.some((name) => error.message.includes(`with name ${name} does not exist`));
      failed.push(macro.name);
      if (!isOfAnother) problems.push(problemOf(macro, root, error.message, sql));
    }
  }
  return problems;
}

function problemOf(macro: MacroSpec, root: string, complaint: string, sql: string): MacroProblem {
  const { name, file, place } = macro;
  const found = placeInText(complaint, sql, 1);
  const at = found === undefined ? place : placeInMacro(place, found);
  return { macro: name, file: relative(root, file), ...at, ...complaintOf(name, complaint) };
}

/** `found`: in the statement that defines the macro, counted from 0. */
const placeInMacro = (place: TextPosition, found: PlaceInText): TextPosition =>
  found.line === 0
    ? { line: place.line, column: place.column + Math.max(0, found.column - HEAD.length) }
    : { line: place.line + found.line, column: found.column + 1 };

function complaintOf(name: string, complaint: string): Pick<MacroProblem, 'message' | 'hint'> {
  const table = /^Catalog Error: Table with name (\S+) does not exist/.exec(complaint)?.[1];
  if (table !== undefined)
    return { message: `the macro ${name} reads the table ${table.replaceAll('"', '')}`, hint: PASS_A_NAME };
  if (/^Catalog Error: [^\n]* already exists/.test(complaint))
    return { message: `${name} is a macro of the engine`, hint: 'give the macro another name' };
  return {
    message: `the macro ${name} cannot be defined: ${withoutExcerpt(complaint)}`,
    hint: 'correct it: create macro name(parameters) as expression, or as table query',
  };
}

/** Of a body that is no plain query, such as that of `describe`. */
const UNREADABLE = 'what cannot be told';

type FunctionRow = StatementRow<'engine/functions_named'>;

/** What is asked of DuckDB on macros that it has defined. */
interface MacroView {
  functions(names: readonly string[]): Promise<readonly FunctionRow[]>;
  parse(sql: string): Promise<ParserVerdict>;
}

const viewOfEngine = (engine: Engine): MacroView => ({
  functions: (names) => engine.query(functionsNamed(names)),
  parse: (sql) => parseQuery(engine, sql),
});
const viewOfBinder = (binder: Binder): MacroView => ({
  functions: (names) => binder.rows(functionsNamed(names).sql) as Promise<readonly FunctionRow[]>,
  async parse(sql) {
    const [parsed] = await binder.parse([sql]);
    return parsed?.tree === undefined ? { error: true } : (parsed.tree as ParserVerdict);
  },
});
const functionsNamed = (names: readonly string[]) =>
  statement('engine/functions_named', { names: joinedFragment(names.map(literalFragment), ', ') });

interface LookedThrough {
  readonly problems: readonly MacroProblem[];
  readonly tables: MacroTables;
}

/** Names that DuckDB has already, and what the bodies read. */
async function lookThrough(
  view: MacroView,
  macros: readonly MacroSpec[],
  root: string,
): Promise<LookedThrough> {
  const names = new Set(macros.flatMap(({ name }) => [name, name.toLowerCase()]));
  const rows = await view.functions([...names]);
  const rowsOf = ({ name }: MacroSpec, isInternal: boolean): FunctionRow[] =>
    rows.filter((row) => row.is_internal === isInternal && row.name.toLowerCase() === name.toLowerCase());
  const taken = macros.filter((macro) => rowsOf(macro, true).length > 0);
  if (taken.length > 0) return { problems: taken.map((macro) => takenName(macro, root)), tables: new Map() };
  const tables = new Map<string, Signatures>();
  const all = new Set(macros.map(({ name }) => name.toLowerCase()));
  const problems: MacroProblem[] = [];
  for (const macro of macros) {
    const forms: Signatures[number][] = [];
    const rows = rowsOf(macro, false);
    const reads = new Set<string>(rows.length === 0 ? [UNREADABLE] : []);
    for (const row of rows) {
      const tree = await view.parse(bodyOf(row));
      for (const read of tree.error === true
        ? [UNREADABLE]
        : readsOf(tree, row.parameters, { macros: all, tables }))
        reads.add(read);
      forms.push(signatureOfMacro(tree, row.parameters, tables));
    }
    for (const read of reads) problems.push(readProblem(macro, root, read));
    tables.set(macro.name.toLowerCase(), forms);
  }
  return { problems, tables };
}

const takenName = ({ name, file, place }: MacroSpec, root: string): MacroProblem => ({
  macro: name,
  file: relative(root, file),
  ...place,
  message: `${name} is a function of DuckDB`,
  hint: 'give the macro another name: whatever calls the function would get the macro',
});

const readProblem = ({ name, file, place }: MacroSpec, root: string, read: string): MacroProblem => ({
  macro: name,
  file: relative(root, file),
  ...place,
  message: `the macro ${name} reads ${read}`,
  hint: PASS_A_NAME,
});

type Signatures = MacroTables extends ReadonlyMap<string, infer Forms> ? Forms : never;

const bodyOf = ({ kind, definition }: FunctionRow): string =>
  kind === 'table_macro' ? String(definition) : `select (${String(definition)})`;
