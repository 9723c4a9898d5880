/** Names the sources without rows, for a look. Plan, its sources as a fragment -> statement. Pure. */
import type { Plan } from '../model/plan.ts';
import {
  identifierFragment,
  joinedFragment,
  literalFragment,
  renderStatement,
  type SqlFragment,
  type Statement,
  statement,
  statementFragment,
} from '../statements/index.ts';

/** Sources that have no rows at all tell nothing about the hours. */
const sourcesWithHours = ({ sources }: Plan): Plan['sources'] =>
  sources.filter(({ lookup }) => lookup !== true);

/** `sources`: the CTEs of the plan's sources, each under its alias. */
export function emptySourcesStatement(plan: Plan, sources: SqlFragment): Statement {
  const each = sourcesWithHours(plan).map(({ alias }) =>
    statementFragment(
      renderStatement('look/empty_source', {
        alias: literalFragment(alias),
        source: identifierFragment(alias),
      }),
    ),
  );
  return statement('look/empty_sources', { sources, each: joinedFragment(each, '\nunion all\n') });
}
