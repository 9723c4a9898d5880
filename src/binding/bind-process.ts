/**
 * Binds the SQL of a process and of its audits over the columns of its sources, without reading any rows.
 * Spec + columns -> columns of the target, and faults. A session later runs the same text over its tables.
 */
import type { Binder, BoundColumn } from '../engine/index.ts';
import { type AuditScope, auditKind, IN_DUCKDB } from '../kinds/audits/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError } from '../model/errors.ts';
import { lastAnswers } from '../model/last-answers.ts';
import type { AuditSpec, ProcessSpec } from '../model/process-spec.ts';
import {
  emptyCteFragment,
  joinedFragment,
  noSourceFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';
import { type BindingFault, type BoundText, bindText } from './bind-text.ts';
import { edited } from './edited-text.ts';
import { inferPrevious, namesOfPrevious } from './infer-previous.ts';
import {
  type KnownValues,
  SESSION_VALUES,
  type TypedValues,
  typedValues,
  valuesPutIn,
} from './known-values.ts';

export interface BindingInput {
  readonly spec: ProcessSpec;
  /** All columns of each source, by its alias. */
  readonly sources: ReadonlyMap<string, readonly BoundColumn[]>;
  /** The columns of the target, if it exists: a dimension reads them as `previous`. */
  readonly target: readonly BoundColumn[] | undefined;
  /** What the project lets its SQL name as `$name`, besides {@link SESSION_VALUES}. */
  readonly values?: KnownValues;
}

export interface BoundProcess {
  readonly query: BoundText;
  readonly audits: readonly { readonly audit: AuditSpec; readonly bound: BoundText }[];
}

const boundBefore = lastAnswers<Binder, ProcessSpec, BoundProcess>();

/**
 * Binds queries, and audits over what they return, if that is known. A process whose tables still have the
 * same columns is not bound again: a plan of 200 with nothing new took 0.7 to 0.9 s of CPU, and takes 0.11 to
 * 0.16 (2026-11-30).
 */
export const bindProcess = (binder: Binder, input: BindingInput): Promise<BoundProcess> =>
  boundBefore({ owner: binder, subject: input.spec, question: columnsOf(input) }, () =>
    bindAnew(binder, input),
  );

/** Everything that a process is bound over, except for its own texts, as text. */
const columnsOf = ({ sources, target, values }: BindingInput): string =>
  JSON.stringify([[...sources], target, values]);

async function bindAnew(binder: Binder, input: BindingInput): Promise<BoundProcess> {
  const together = patternOf(input.spec).readsPrevious ? undefined : await bindTogether(binder, input);
  if (together !== undefined) return together;
  const query = await bindQuery(binder, input);
  if (query.columns === undefined) return { query, audits: [] };
  const staged = withTarget(input.target ?? [], query.columns);
  const audits: { audit: AuditSpec; bound: BoundText }[] = [];
  for (const audit of input.spec.audits)
    audits.push({ audit, bound: await bindAudit(binder, input, { audit, staged }) });
  return { query, audits };
}

/**
 * Binds everything in one statement; undefined if something is wrong, which is then searched for text by
 * text.
 */
async function bindTogether(binder: Binder, input: BindingInput): Promise<BoundProcess | undefined> {
  const { spec } = input;
  const rows = statementFragment('psyberg_staged');
  const sources = (more: readonly SqlFragment[] = []): SqlFragment =>
    more.length === 0 ? noSourceFragment() : joinedFragment(more, ',\n');
  const audits = spec.audits.map((audit, index) => {
    const own =
      audit.sql === undefined
        ? audit
        : { ...audit, sql: withTypedVariables(input, audit.sql, valuesOfAudit(audit)) };
    return statementFragment(`,\n(${auditStatement(input, own, { rows, sources })}) as audit_${index}`);
  });
  const bound = await binder.bind(
    renderStatement('binding/process', {
      sources: joinedFragment(emptySourceCtes(input), ',\n'),
      query: userQueryFragment(withTypedVariables(input, spec.sql)),
      audits: joinedFragment(audits, ''),
    }),
  );
  if (bound.fault !== undefined) return undefined;
  const fine: BoundText = { faults: [] };
  const query: BoundText = { columns: bound.columns, faults: [] };
  return { query, audits: spec.audits.map((audit) => ({ audit, bound: fine })) };
}

/** The text with its variables and parameters replaced by values of their types. */
export const withTypedVariables = (
  input: Pick<BindingInput, 'spec' | 'values'>,
  sql: string,
  more: KnownValues = {},
): string => edited(sql, valuesPutIn(sql, { ...valuesOf(input), ...more })).text;

/** The statement of an audit over `rows`, which stands for the staged rows and for the target. */
function auditStatement(
  { spec }: BindingInput,
  audit: AuditSpec,
  { rows, sources }: { readonly rows: SqlFragment; readonly sources: AuditScope['sources'] },
): string {
  const kind = auditKind(audit.kind);
  const scope: AuditScope = {
    ...IN_DUCKDB,
    sources,
    ownSources: () => sources(),
    hasWindows: true,
    aliases: spec.sources.map(({ alias }) => alias),
    staged: rows,
    whole: rows,
    openedAtMs: 0,
  };
  // Only a run knows how many rows are kept.
  const sql = kind.compile(audit, scope).replaceAll('$kept_rows', '1');
  return edited(sql, valuesPutIn(sql, typedValues(kind.values?.(audit, scope)))).text;
}

/** The values that an audit itself binds. */
const valuesOfAudit = (audit: AuditSpec): KnownValues =>
  audit.sql === undefined ? {} : typedValues((audit as { readonly values?: TypedValues }).values);

/** What a session stages has the columns of its target, and the columns that it adds. */
function withTarget(target: readonly BoundColumn[], query: readonly BoundColumn[]): BoundColumn[] {
  const known = new Set(target.map(({ name }) => name.toLowerCase()));
  return [...target, ...query.filter(({ name }) => !known.has(name.toLowerCase()))];
}

/** Names of relations as SQL writes them, in lower case -> their columns. */
type Relations = ReadonlyMap<string, readonly BoundColumn[]>;

const relationsOf = ({ sources }: BindingInput): Relations =>
  new Map([...sources].map(([alias, columns]) => [alias.toLowerCase(), columns]));

async function bindQuery(binder: Binder, input: BindingInput): Promise<BoundText> {
  const { spec, target } = input;
  const relations = relationsOf(input);
  if (!patternOf(spec).readsPrevious) return bindOver(binder, input, relations, []);
  if (target !== undefined) {
    const bound = await bindOver(binder, input, new Map([...relations, ['previous', target]]), [
      emptyCteFragment('previous', target),
    ]);
    // The query may read a column of `previous` that this session is going to add.
    if (bound.faults.length === 0 || spec.onSchemaChange !== 'append') return bound;
  }
  return bindWithInferred(binder, input, relations);
}

function bindOver(
  binder: Binder,
  input: BindingInput,
  relations: Relations,
  more: readonly SqlFragment[],
): Promise<BoundText> {
  return bindText(binder, input.spec.sql, {
    around: (text) => overSources(input, more, text),
    values: valuesOf(input),
    relations,
  });
}

const valuesOf = ({ spec, values = {} }: Pick<BindingInput, 'spec' | 'values'>): KnownValues => ({
  ...SESSION_VALUES,
  ...typedValues(spec.variables),
  ...values,
});

const overSources = (input: BindingInput, more: readonly SqlFragment[], text: string): string =>
  renderStatement('compile/describe_query', {
    sources: joinedFragment([...emptySourceCtes(input), ...more], ',\n'),
    query: userQueryFragment(text),
  });

/** The sources without rows, under their aliases. */
export const emptySourceCtes = ({ sources }: BindingInput): SqlFragment[] =>
  [...sources].map(([alias, columns]) => emptyCteFragment(alias, columns));

/** Binds over the columns that the query itself gives `previous`, like a session that creates the target. */
async function bindWithInferred(
  binder: Binder,
  input: BindingInput,
  relations: Relations,
): Promise<BoundText> {
  const { spec } = input;
  const text = withTypedVariables(input, spec.sql);
  const [parsed] = await binder.parse([text]);
  try {
    const previous = await inferPrevious(spec, parsed?.tree, async (cte) => {
      const bound = await binder.bind(overSources(input, [cte], text));
      if (bound.fault === undefined) return bound.columns;
      throw new NotBound(bound.fault.message);
    });
    return await bindOver(binder, input, relations, previous === undefined ? [] : [previous]);
  } catch (error) {
    const isPrevious = error instanceof PsybergError && error.code === 'previous-column';
    if (!isPrevious && !(error instanceof NotBound)) throw error;
    return (
      (await faultsBeside(binder, input, { relations, tree: parsed?.tree })) ??
      (isPrevious ? { faults: [previousFault(error)] } : { faults: [], unjudged: 'it reads itself' })
    );
  }
}

class NotBound extends Error {}

const previousFault = ({ message, hint }: PsybergError): BindingFault => ({
  message,
  complaint: message,
  hint,
  offset: undefined,
  code: 'previous-column',
});

/**
 * Finds faults that do not depend on `previous`: it gets just the columns that the query reads from it by
 * name. Undefined if there are none.
 */
async function faultsBeside(
  binder: Binder,
  input: BindingInput,
  { relations, tree }: { readonly relations: Relations; readonly tree: unknown },
): Promise<BoundText | undefined> {
  const names = namesOfPrevious(tree) ?? [];
  const previous = emptyCteFragment(
    'previous',
    names.map((name) => ({ name, type: '"NULL"' })),
  );
  const bound = await bindOver(binder, input, relations, [previous]);
  return bound.faults.length > 0 ? bound : undefined;
}

interface AuditInput {
  readonly audit: AuditSpec;
  readonly staged: readonly BoundColumn[];
}

function bindAudit(binder: Binder, input: BindingInput, { audit, staged }: AuditInput): Promise<BoundText> {
  const rows = statementFragment(`(with ${emptyCteFragment('staged', staged).sql} select * from staged)`);
  const sources = (more: readonly SqlFragment[] = []): SqlFragment =>
    joinedFragment([...emptySourceCtes(input), ...more], ',\n');
  const relations = new Map([...relationsOf(input), ['staged', staged], ['target', staged]]);
  const values = { ...valuesOf(input), ...valuesOfAudit(audit) };
  if (audit.sql !== undefined)
    return bindText(binder, audit.sql, {
      around: (sql) => auditStatement(input, { ...audit, sql }, { rows, sources }),
      values,
      relations,
    });
  // The statement is psyberg's own, so a fault in it comes from what the header says.
  const statement = auditStatement(input, audit, { rows, sources });
  return bindText(binder, statement, { around: (sql) => sql, values, relations }).then(placeless);
}

const placeless = ({ faults, ...bound }: BoundText): BoundText => ({
  ...bound,
  faults: faults.map((fault: BindingFault) => ({ ...fault, offset: undefined })),
});
