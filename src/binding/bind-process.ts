/**
 * Binds the SQL of a process and of its audits over the columns of its sources, without a row of them. Spec +
 * columns -> columns of the target, and faults. What a session then does over its tables is the same text.
 */
import type { Binder, BoundColumn } from '../engine/index.ts';
import { type AuditScope, auditKind } from '../kinds/audits/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError } from '../model/errors.ts';
import type { AuditSpec, ProcessSpec } from '../model/process-spec.ts';
import {
  emptyCteFragment,
  joinedFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
} from '../statements/index.ts';
import { type BindingFault, type BoundText, bindText } from './bind-text.ts';
import { edited } from './edited-text.ts';
import { inferPrevious } from './infer-previous.ts';
import { type KnownValues, SESSION_VALUES, valuesPutIn } from './known-values.ts';

export interface BindingInput {
  readonly spec: ProcessSpec;
  /** The columns of each source, by its alias. All of them. */
  readonly sources: ReadonlyMap<string, readonly BoundColumn[]>;
  /** Those of the target, where it is there: what a dimension reads as `previous`. */
  readonly target: readonly BoundColumn[] | undefined;
  /** What the project lets its SQL name as `$name` beside {@link SESSION_VALUES}. */
  readonly values?: KnownValues;
}

export interface BoundProcess {
  readonly query: BoundText;
  readonly audits: readonly { readonly audit: AuditSpec; readonly bound: BoundText }[];
}

/** Audits are bound over what the query returns: not where that is unknown. */
export async function bindProcess(binder: Binder, input: BindingInput): Promise<BoundProcess> {
  const query = await bindQuery(binder, input);
  const staged = query.columns;
  if (staged === undefined) return { query, audits: [] };
  const audits: { audit: AuditSpec; bound: BoundText }[] = [];
  for (const audit of input.spec.audits)
    audits.push({ audit, bound: await bindAudit(binder, input, { audit, staged }) });
  return { query, audits };
}

/** As SQL writes it, in lower case, to its columns. */
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
    // It may read a column of `previous` that it is about to add.
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

const valuesOf = ({ values = {} }: BindingInput): KnownValues => ({ ...SESSION_VALUES, ...values });

const overSources = (input: BindingInput, more: readonly SqlFragment[], text: string): string =>
  renderStatement('compile/describe_query', {
    sources: joinedFragment([...emptySources(input), ...more], ',\n'),
    query: userQueryFragment(text),
  });

const emptySources = ({ sources }: BindingInput): SqlFragment[] =>
  [...sources].map(([alias, columns]) => emptyCteFragment(alias, columns));

/** Over what the query itself makes of `previous`, as a session does that creates the target. */
async function bindWithInferred(binder: Binder, input: BindingInput, relations: Relations): Promise<BoundText> {
  const { spec } = input;
  const text = edited(spec.sql, valuesPutIn(spec.sql, valuesOf(input))).text;
  const [parsed] = await binder.parse([text]);
  let failed = false;
  try {
    const previous = await inferPrevious(spec, parsed?.tree, async (cte) => {
      const bound = await binder.bind(overSources(input, [cte], text));
      if (bound.fault === undefined) return bound.columns;
      failed = true;
      throw new Error(bound.fault.message);
    });
    return await bindOver(binder, input, relations, previous === undefined ? [] : [previous]);
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'previous-column')
      return { faults: [{ message: error.message, hint: error.hint, offset: undefined }] };
    if (!failed) throw error;
    // What is wrong beside `previous` shows without it; its columns are not known.
    return withoutPrevious(binder, input, relations);
  }
}

async function withoutPrevious(binder: Binder, input: BindingInput, relations: Relations): Promise<BoundText> {
  const bound = await bindOver(binder, input, relations, [emptyCteFragment('previous', [])]);
  return bound.faults.length > 0 ? bound : { faults: [], unjudged: 'it reads itself' };
}

interface AuditInput {
  readonly audit: AuditSpec;
  /** What the query returns. */
  readonly staged: readonly BoundColumn[];
}

function bindAudit(binder: Binder, input: BindingInput, { audit, staged }: AuditInput): Promise<BoundText> {
  const { spec } = input;
  const kind = auditKind(audit.kind);
  const rows = statementFragment(
    `(with ${emptyCteFragment('staged', staged).sql} select * from staged)`,
  );
  const sources = (more: readonly SqlFragment[] = []): SqlFragment =>
    joinedFragment([...emptySources(input), ...more], ',\n');
  const scope: AuditScope = {
    sources,
    ownSources: () => sources(),
    hasWindows: true,
    aliases: spec.sources.map(({ alias }) => alias),
    staged: rows,
    whole: rows,
  };
  const relations = new Map([...relationsOf(input), ['staged', staged], ['target', staged]]);
  const values = valuesOf(input);
  if (audit.sql !== undefined)
    return bindText(binder, audit.sql, {
      around: (sql) => withoutLimit(kind.compile({ ...audit, sql } as AuditSpec, scope)),
      values,
      relations,
    });
  // Its statement is the engine's own: what is wrong in it is what the header says.
  const statement = withoutLimit(kind.compile(audit, scope));
  return bindText(binder, statement, { around: (sql) => sql, values, relations }).then(placeless);
}

/** How many rows are kept is known to a run alone. */
const withoutLimit = (sql: string): string => sql.replaceAll('$kept_rows', '1');

const placeless = ({ faults, ...bound }: BoundText): BoundText => ({
  ...bound,
  faults: faults.map((fault: BindingFault) => ({ ...fault, offset: undefined })),
});
