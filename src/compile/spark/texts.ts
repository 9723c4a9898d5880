/**
 * What `psyberg compile` gives of a process on Spark: load and audits as texts that a Spark shell runs from
 * top to bottom beside the session's own catalog. Values stand in them as literals; what a session stages is
 * a temporary view, and the hours of a dimension are a table. Plan + SQL -> texts. Pure.
 */
import { auditKind } from '../../kinds/audits/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { SPARK_SQL } from '../../model/engines.ts';
import { hourText } from '../../model/hour.ts';
import { hoursText } from '../../model/hour-range.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { servedName } from '../../model/session-branch.ts';
import {
  identifierFragment,
  presentColumnsFragment,
  renderStatement,
  replaceParameters,
  type SqlFragment,
  sparkLiteralText,
  sqlTypeOf,
  statement,
  statementFragment,
} from '../../statements/index.ts';
import { auditRemark, auditScope, auditsReadTarget } from '../audits.ts';
import { hoursThatMayStay } from '../early-stop.ts';
import { framedText, serveCommand } from '../framed-text.ts';
import type { CompiledTexts, LookShape, TextsRequest } from '../look.ts';
import { beginsAnew, boundIn, processParameters, windowOf, windowsOf } from '../parameters.ts';
import { SESSION_CATALOG, targetTable } from '../session-tables.ts';
import { type BareStep, declaredParameters, stepAround } from '../step-statements.ts';
import { SPARK_ROWS } from './audited-rows.ts';
import { hourInsert } from './load.ts';
import { isInside, queryRows, rowsWithin } from './source-rows.ts';

/** The rows of the load, for its audits. */
const STAGED = identifierFragment('psyberg_staged');
/** The target as it will be. */
const WHOLE = identifierFragment('psyberg_whole');
/** The hours of a dimension: each is read by the next one. */
const HOURS = identifierFragment('psyberg_hours');

/** A remark, and the statement that it is on. */
interface Part extends BareStep {
  readonly remark: string;
}

export function sparkTexts(plan: Plan, spec: ProcessSpec, request: TextsRequest): CompiledTexts {
  const load = patternOf(spec).readsPrevious ? hourByHour(plan, spec) : [atOnce(plan, spec)];
  const shown = {
    remark: 'the rows',
    sql: renderStatement('test/all_rows', { table: STAGED }),
    parameters: {},
  };
  return {
    load: text(plan, { stage: 'load', about: aboutLoad(plan, request), parts: [...load, shown] }),
    audit: text(plan, {
      stage: 'audit',
      about:
        spec.audits.length === 0
          ? ['The process has no audits.']
          : ['It goes on where the load ends: run that before it, in the same session of Spark.'],
      parts: auditParts(plan, spec, request),
    }),
  };
}

function atOnce(plan: Plan, spec: ProcessSpec): Part {
  const window = windowOf(plan);
  const rows = queryRows(plan, spec, window);
  const query = rowsWithin(plan, spec, window);
  const { sql } = statement('look/own_query', { sources: rows.fragment, query });
  const bound = boundIn(sql, spec, { ...processParameters(plan, window), ...rows.parameters });
  return { remark: 'load', ...stepAround(viewText(STAGED, sql), bound) };
}

const viewText = (name: SqlFragment, query: string): string =>
  renderStatement('spark/temporary_view', { name, query: statementFragment(query) });

function hourByHour(plan: Plan, spec: ProcessSpec): Part[] {
  const plain = { parameters: {} };
  const shape = renderStatement('spark/hours_table', { hours: HOURS, target: targetTable(spec) });
  const drop = renderStatement('spark/drop_hours_table', { hours: HOURS });
  const view = viewText(STAGED, renderStatement('test/all_rows', { table: HOURS }));
  return [
    { remark: 'what another text has left', sql: drop, ...plain },
    { remark: `a table like ${plan.target.table}, without a row`, sql: shape, ...plain },
    ...windowsOf(plan).map((window, index): Part => {
      const previous = index === 0 && !beginsAnew(plan) ? 'target' : 'collected';
      // In a session the rows go to a table of the session, which nothing else may write to.
      const insert = hourInsert(plan, spec, window, { previous, collected: HOURS });
      return { remark: hourText(window.firstHour), ...insert };
    }),
    { remark: 'what the load returns', sql: view, ...plain },
  ];
}

function auditParts(plan: Plan, spec: ProcessSpec, { shape, keptRows }: TextsRequest): Part[] {
  const window = windowOf(plan);
  const sources = SPARK_ROWS.sources(plan, window);
  const scope = auditScope(plan, spec, SPARK_ROWS, { staged: STAGED, whole: WHOLE });
  const values = { ...processParameters(plan, window), ...sources.parameters, kept_rows: keptRows };
  const part = (remark: string, sql: string, own = {}): Part => ({
    remark,
    ...stepAround(sql, boundIn(sql, spec, values, own)),
  });
  return [
    ...(auditsReadTarget(spec)
      ? [part('the target as it will be', viewText(WHOLE, wholeTarget(plan, spec, shape)))]
      : []),
    ...spec.audits.map((audit) => {
      const kind = auditKind(audit.kind);
      return part(auditRemark(audit), kind.compile(audit, scope), kind.values?.(audit, scope));
    }),
  ];
}

function wholeTarget(plan: Plan, spec: ProcessSpec, { columns }: LookShape): string {
  const window = windowOf(plan);
  const alone = renderStatement('test/all_rows', { table: STAGED });
  if (!plan.target.exists || (window !== undefined && spec.target.eventTime === undefined)) return alone;
  const known = (plan.target.layout?.columns ?? []).map(({ name }) => name);
  const added = columns.map(({ name }) => name);
  const has = (names: readonly string[], name: string): boolean =>
    names.some((each) => each.toLowerCase() === name.toLowerCase());
  const all = [...known, ...added.filter((name) => !has(known, name))];
  const taken = (names: readonly string[]): SqlFragment =>
    presentColumnsFragment(all.map((name) => ({ name, isPresent: has(names, name) })));
  return renderStatement('spark/whole_target_on_spark', {
    target: targetTable(spec),
    target_columns: taken(known),
    rows: STAGED,
    row_columns: taken(added),
    is_inside: window === undefined ? statementFragment('false') : isInside(plan, spec, window),
  });
}

interface Text {
  readonly stage: keyof CompiledTexts;
  readonly about: readonly string[];
  readonly parts: readonly Part[];
}

function text(plan: Plan, { stage, about, parts }: Text): string {
  const [first] = parts.filter(({ parameters }) => Object.keys(parameters).length > 0);
  return framedText(plan, {
    stage,
    about,
    values: first === undefined ? [] : Object.entries(literalsOf(first)),
    aboutValues: [`Values${parts.length > 2 && stage === 'load' ? ', of the first of its hours' : ''}:`],
    body: [
      ...Object.entries(SPARK_SQL).map(([name, value]) => `set ${name} = ${value};`),
      ...parts.map((part) => `\n-- ${part.remark}\n${withLiterals(part)};`),
    ],
  });
}

function withLiterals(part: Part): string {
  const literals = literalsOf(part);
  return replaceParameters(part.sql, (name) => literals[name]);
}

/** The values of a part as Spark's SQL writes them. */
function literalsOf({ parameters, types = {} }: Part): Record<string, string> {
  const declared = [...declaredParameters('compile/compute_hour'), ...declaredParameters('audit')];
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const own = types[name];
      const type = own === undefined ? declared.find((each) => each.name === name)?.type : sqlTypeOf(own);
      return [name, sparkLiteralText(value as Parameters<typeof sparkLiteralText>[0], type)];
    }),
  );
}

function aboutLoad(plan: Plan, { asked }: TextsRequest): string[] {
  const stays = hoursThatMayStay(plan);
  return [
    asked === 'last' ? `Nothing is to be loaded now. ${hoursText(plan)}.` : `${hoursText(plan)}.`,
    ...(stays === 0
      ? []
      : [
          `A session may stop early, and leave ${stays} of them as they are; this text computes all of them.`,
        ]),
    '',
    "It is Spark SQL, for a session of Spark that has the session's tables attached, read-only:",
    `  ${serveCommand(plan, asked)}`,
    `prints the settings that attach '${servedName(plan.process_name)}' as ${SESSION_CATALOG}.`,
  ];
}

/** Settings of Spark for tables that are served, under the name that the texts use; with the token. */
export function sparkAttach(served: {
  readonly warehouse: string;
  readonly uri: string;
  readonly token: string;
}): string {
  const catalog = `spark.sql.catalog.${SESSION_CATALOG}`;
  return [
    [catalog, 'org.apache.iceberg.spark.SparkCatalog'],
    [`${catalog}.type`, 'rest'],
    ...Object.entries(served).map(([name, value]) => [`${catalog}.${name}`, value]),
    [`${catalog}.cache-enabled`, 'false'],
  ]
    .map(([name, value]) => `set \`${name}\` = \`${value}\`;`)
    .join('\n');
}
