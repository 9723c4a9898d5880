/**
 * A stateless process's query over some rows of its sources, all at once and in two halves: if it takes rows
 * together, the halves give others. Plan + spec -> fragments. Pure.
 */
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import {
  cteFragment,
  identifierFragment,
  joinedFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
  userQueryFragment,
} from '../../statements/index.ts';
import { wholeRows } from './source-ctes.ts';

const sampleTable = (index: number): SqlFragment => identifierFragment(`psyberg_sample_${index + 1}`);

export type RowsApart = Readonly<Record<'samples' | 'whole' | 'first_half' | 'second_half', SqlFragment>>;

export function rowsApart(plan: Plan, spec: ProcessSpec): RowsApart {
  const { sources } = plan;
  const sampled = sources.filter(({ lookup }) => lookup !== true);
  const samples = sampled.map((source, index) =>
    statementFragment(
      renderStatement('fragments/sampled_rows', {
        sample: sampleTable(index),
        rows: statementFragment(wholeRows(plan, source)),
      }),
    ),
  );
  const over = (part: (sample: SqlFragment) => string): SqlFragment => {
    const rowsOf = (source: PlanSource): string =>
      source.lookup === true ? wholeRows(plan, source) : part(sampleTable(sampled.indexOf(source)));
    const ctes = sources.map((source) => cteFragment(source.alias, rowsOf(source)));
    const query = { sources: joinedFragment(ctes, ',\n'), query: userQueryFragment(spec.sql) };
    return statementFragment(renderStatement('look/own_query', query));
  };
  const half = (number: '0' | '1') => (sample: SqlFragment) =>
    renderStatement('fragments/half_of_rows', { sample, half: statementFragment(number) });
  return {
    samples: joinedFragment(samples, ',\n'),
    whole: over((sample) => renderStatement('fragments/all_of_rows', { sample })),
    first_half: over(half('0')),
    second_half: over(half('1')),
  };
}
