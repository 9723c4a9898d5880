/**
 * Makes steps from statements of `sql/` and the values that they bind. Pure. In a plan a value is JSON, or
 * the name of one that only running produces; the header of the statement gives its type when it is bound.
 */
import type { RunInput, Step, StepValue } from '../model/step.ts';
import {
  type DeclaredParameter,
  type ParametersOf,
  type Statement,
  type StatementName,
  statementFile,
} from '../statements/index.ts';

/** Step -> the statements that it may be; none where it is a request to the catalog. */
const STATEMENTS = {
  'change-view': ['tables/write_change_list'],
  'read-files': ['landing/read_files'],
  'open-session': [],
  'create-target': ['compile/create_target'],
  'begin-main': ['tables/write_empty_list'],
  'clear-hours': ['tables/files_in_hours', 'tables/listed_files'],
  'carry-over': ['compile/write_files', 'compile/write_first_files'],
  'begin-hours': ['compile/begin_hours'],
  'read-ahead': ['compile/read_ahead'],
  'compute-hour': ['compile/compute_hour'],
  'may-stop': ['compile/hour_is_unchanged'],
  'differing-hours': ['compile/differing_hours'],
  'end-hours': [],
  insert: ['compile/write_files', 'compile/write_first_files'],
  'compose-snapshot': ['tables/write_manifest_list'],
  'count-sources': ['audit/count_sources'],
  'count-staged': ['audit/count_staged'],
  audit: ['audit/verdict', 'audit/source_to_target_count'],
  publish: [],
  'end-name': [],
  'protect-watermarks': [],
  'close-session': [],
} as const satisfies Readonly<Record<Step['kind'], readonly StatementName[]>>;

/** A query over no row, for its columns: bound as a step is, and in no plan. */
export type OverNoRow = 'compile/describe_query' | 'compile/column_types';

/** What a look runs: bound as a step is, and in no plan. */
export type LookStatement =
  | 'look/query_rows'
  | 'look/source_rows'
  | 'look/empty_sources'
  | 'look/begin_rows'
  | 'look/computed_rows'
  | 'compile/compute_hour';

/** A step of a plan, or a statement that is bound like one. */
export type StepLike = Step['kind'] | OverNoRow | LookStatement;

/** A value as a plan holds it: 64-bit integers are text, hours ISO texts. */
type AsJson<Value> = [Value] extends [readonly unknown[]]
  ? readonly string[]
  : string extends Value
    ? string
    : bigint extends Value
      ? string | number
      : Value;

/** What a step binds, by the header of its statement. */
export type StepParameters<Name extends StatementName> = {
  readonly [Parameter in keyof ParametersOf<Name>]:
    | AsJson<Exclude<ParametersOf<Name>[Parameter], undefined>>
    | { readonly from_run: RunInput };
};

/** SQL and values of a step. */
export interface BareStep {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, StepValue>>;
  readonly types?: Readonly<Record<string, string>>;
}

/** A statement as a step of a plan. */
export const bareStep = <Name extends StatementName>(
  { sql }: Statement<Name>,
  parameters: StepParameters<Name>,
): BareStep => ({ sql, parameters: parameters as BareStep['parameters'] });

/** A statement around SQL of the project as a step of a plan. */
export const stepAround = (sql: string, { parameters, types }: Omit<BareStep, 'sql'>): BareStep => ({
  sql,
  parameters,
  ...(types === undefined ? {} : { types }),
});

/** The parameters that a step may bind, as the headers of its statements declare them. */
export function declaredParameters(kind: StepLike): DeclaredParameter[] {
  const names: readonly StatementName[] = isStatement(kind) ? [kind] : STATEMENTS[kind];
  const parameters = names.flatMap((name) => statementFile(name).parameters);
  return [...new Map(parameters.map((each) => [each.name, { ...each, optional: true }])).values()];
}

const isStatement = (kind: StepLike): kind is OverNoRow | LookStatement => kind.includes('/');
