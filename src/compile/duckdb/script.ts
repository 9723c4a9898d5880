/**
 * The load and the audits of a session as a text that a DuckDB shell runs from top to bottom, beside the
 * session's own catalog: values are variables, and what a session stages is a temporary table. Plan + SQL ->
 * text. Pure.
 */
import { type AuditScope, auditKind } from '../../kinds/audits/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { hourText } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { scanSql } from '../../model/scan-sql.ts';
import { sqlName } from '../../model/sql-name.ts';
import {
  identifierFragment,
  literalText,
  renderStatement,
  type SqlFragment,
  statementFile,
  tableFragment,
  withVariables,
} from '../../statements/index.ts';
import { auditRemark, auditScope, auditsReadTarget } from '../audits.ts';
import type { LookShape } from '../look.ts';
import {
  boundIn,
  firstWindow,
  type HourWindow,
  namedIn,
  processParameters,
  windowOf,
  windowsOf,
} from '../parameters.ts';
import { targetTable } from '../session-tables.ts';
import { type BareStep, declaredParameters } from '../step-statements.ts';
import { DUCKDB_ROWS } from './audited-rows.ts';
import { beginRows, computedFrom, ownQuery, previousOfAll } from './look.ts';
import { queryCtes, sourceCtes } from './source-ctes.ts';

const temporary = (name: string): SqlFragment => tableFragment('temp', { namespace: ['main'], name });
/** The rows of the load, for its audits. */
const STAGED = temporary('psyberg_staged');
/** The target as it will be. */
const WHOLE = temporary('psyberg_whole');
/** A dimension's query for the hour that the variables say. */
const ONE_HOUR = temporary('psyberg_hour');

/** Statements with the values that they ask for, and the macros of the project. */
export interface ScriptPart extends ScriptValues {
  readonly sql: string;
  readonly macros: NonNullable<ProcessSpec['macros']>;
}

interface ScriptValues {
  readonly values: BareStep['parameters'];
  /** The types of values that the project declares. */
  readonly types: NonNullable<BareStep['types']>;
}

/** Leaves the rows in {@link STAGED}, and shows them. */
export function loadScript(plan: Plan, spec: ProcessSpec, shape: LookShape): ScriptPart {
  const begin = beginRows(plan, spec, { shape, rows: STAGED });
  const { values, types, parts } = patternOf(spec).readsPrevious
    ? hourByHour(plan, spec)
    : atOnce(plan, spec, windowOf(plan));
  const all = { values: { ...begin.parameters, ...values }, types: { ...begin.types, ...types } };
  return script(spec, all, [
    [`what the load returns, shaped like ${shape.fitsTarget ? plan.target.table : 'the query'}`, begin.sql],
    ...parts,
    ['the rows', `from ${STAGED.sql}`],
  ]);
}

/** A remark, and the statement that it is on. */
type Part = readonly [remark: string, sql: string];
interface Parts extends ScriptValues {
  readonly parts: readonly Part[];
}

function atOnce(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): Parts {
  const { sql, parameters: values, types = {} } = ownQuery(plan, spec, window);
  return { values, types, parts: [['load', `insert into ${STAGED.sql} by name\n${sql}`]] };
}

/**
 * The query stands in a view once, and the variables say for which hour it is asked: a year of hours would be
 * as many copies of it.
 */
function hourByHour(plan: Plan, spec: ProcessSpec): Parts {
  const window = firstWindow(spec, windowOf(plan));
  const from = plan.target.exists ? previousOfAll(spec, STAGED) : STAGED;
  const query = ownQuery(plan, spec, window, queryCtes(plan, spec, window as HourWindow, { previous: from }));
  const hours = windowsOf(plan).map((one, index): Part => {
    const all = {
      ...processParameters(plan, one),
      ...queryCtes(plan, spec, one, { previous: from }).parameters,
    };
    const changing = namedIn(query.sql, hourValues(all));
    const values = changing as ScriptPart['values'];
    const set = index === 0 ? '' : `${settings({ values, types: {} }).join(' ')}\n`;
    return [hourText(one.firstHour), `${set}insert into ${STAGED.sql} by name from ${ONE_HOUR.sql}`];
  });
  const view = `create or replace temp view ${ONE_HOUR.sql} as\n${query.sql}`;
  return {
    values: { ...query.parameters, ...namedIn(query.sql, computedFrom(plan)) } as Parts['values'],
    types: query.types ?? {},
    parts: [[`the query, for the ${plan.grain ?? 'hour'} that the variables say`, view], ...hours],
  };
}

const HOUR_VALUES = ['first_hour', 'last_hour', 'range_start', 'range_end', 'previous_start'];

/** The values that differ from hour to hour. */
const hourValues = (all: object): BareStep['parameters'] =>
  Object.fromEntries(Object.entries(all).filter(([name]) => HOUR_VALUES.includes(name)));

/** Each audit after the load; a project's own sees `staged` and `target` as in a session. */
export function auditScript(
  plan: Plan,
  spec: ProcessSpec,
  { keptRows }: { readonly keptRows: number },
): ScriptPart {
  const window = windowOf(plan);
  const sources = sourceCtes(plan, window);
  const scope = auditScope(plan, spec, DUCKDB_ROWS, { staged: STAGED, whole: WHOLE });
  const whole = auditsReadTarget(spec) ? [wholeTarget(plan, spec, window)] : [];
  const parts = [...whole, ...auditParts(spec, scope)];
  const values = {
    ...processParameters(plan, window),
    ...sources.parameters,
    ...(window?.only === undefined ? {} : { hours: window.only.map(String) }),
    kept_rows: keptRows,
  };
  const { parameters, types = {} } = boundIn(parts.map(([, sql]) => sql).join('\n'), spec, values);
  return script(spec, { values: parameters, types }, parts);
}

/** What an audit binds by itself is set before it: the next one may give the same name another value. */
function auditParts({ audits, variables = {} }: ProcessSpec, scope: AuditScope): Part[] {
  const own = audits.map((audit) => auditKind(audit.kind).values?.(audit, scope) ?? {});
  const taken = new Set(own.flatMap((each) => Object.keys(each)));
  const again = Object.fromEntries(Object.entries(variables).filter(([name]) => taken.has(name)));
  return audits.map((audit, index): Part => {
    const sql = auditKind(audit.kind).compile(audit, scope);
    const { parameters: values, types = {} } = boundIn(sql, { variables: again }, {}, own[index]);
    const set = settings({ values, types });
    return [auditRemark(audit), [...set, sql].join('\n')];
  });
}

function wholeTarget(plan: Plan, spec: ProcessSpec, window: HourWindow | undefined): Part {
  const { eventTime } = spec.target;
  const rows = STAGED;
  const target = targetTable(spec);
  const named = (sql: string): string => `create or replace temp view ${WHOLE.sql} as\n${sql}`;
  if (!plan.target.exists)
    return ['the target as it will be: it is not there yet', named(`from ${rows.sql}`)];
  if (window === undefined)
    return ['the target as it will be', named(renderStatement('look/appended_target', { target, rows }))];
  if (eventTime === undefined)
    return [
      'the rows alone: the target has no event time by which their hours could be taken off it',
      named(`from ${rows.sql}`),
    ];
  const fragments = { target, rows, event_time: identifierFragment(eventTime) };
  return [
    'the target as it will be',
    named(
      window.only === undefined
        ? renderStatement('look/whole_target', fragments)
        : renderStatement('look/whole_target_beside_hours', fragments),
    ),
  ];
}

function script({ macros = [] }: ProcessSpec, all: ScriptValues, parts: readonly Part[]): ScriptPart {
  const texts = parts.map(([remark, sql]) => `-- ${remark}\n${withVariables(sql)};`);
  const { calls } = scanSql(parts.map(([, sql]) => sql).join(';\n'));
  const isUsed = macros.some(({ name }) => calls.has(name.toLowerCase()));
  return { ...all, sql: texts.join('\n\n'), macros: isUsed ? macros : [] };
}

/** What a text has to begin with: UTC, its values, and the macros that it calls. */
export function prologue(part: ScriptPart): string {
  const { sql } = part;
  const calls = MACROS.filter((name) => sql.includes(`${name}(`));
  const macros = calls.length === 0 ? [] : MACROS.map((name) => `${statementFile(`macros/${name}`).body};`);
  const own = part.macros.map(({ definition }) => `create or replace temp macro ${definition};`);
  return ["set TimeZone = 'UTC';", ...settings(part), ...macros, ...own].join('\n');
}

/** Each calls those before it. */
const MACROS = ['units_per_hour', 'event_hour'] as const;

const settings = (all: ScriptValues): string[] =>
  valueTexts(all).map(([name, text]) => `set variable ${sqlName(name)} = ${text};`);

/** The values as SQL writes them, by name. */
export const valueTexts = ({ values, types }: ScriptValues): [name: string, text: string][] =>
  Object.entries(values).map(([name, value]) => {
    const type = types[name];
    const literal = value as Parameters<typeof literalText>[0];
    return [name, type === undefined ? literalText(literal, typeOf(name)) : typedText(literal, type)];
  });

/** The value as text, cast to the type that the project declares: a variable takes the type of its value. */
function typedText(value: Parameters<typeof literalText>[0], type: string): string {
  if (type === 'VARCHAR' || type === 'BOOLEAN') return literalText(value);
  return `cast(${literalText(value)} as ${type})`;
}

/** The type that the header of the statement declares, in which a session would bind it. */
const typeOf = (name: string) =>
  [...declaredParameters('compile/compute_hour'), ...declaredParameters('audit')].find(
    (each) => each.name === name,
  );
