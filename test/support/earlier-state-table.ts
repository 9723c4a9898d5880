/** A state table as an earlier release made it: without the columns that came later. */
import { type StateTable, stateTable } from '../../src/state/tables/state-table.ts';

export const earlierStateTable = (of: StateTable): StateTable =>
  stateTable({
    ...of,
    columns: Object.fromEntries(
      of.columns.flatMap(({ name, type }) => (of.added.has(name) ? [] : [[name, type]])),
    ),
    added: {},
  });
