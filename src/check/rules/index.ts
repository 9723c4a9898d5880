/** Lists the rules of `psyberg check`, a file each. What a file alone can tell is checked when it is read. */
import { auditsBind } from './audits-bind.ts';
import { auditsUsed } from './audits-used.ts';
import { hoursOfSession } from './hours-of-session.ts';
import { joinsOverHours } from './joins-over-hours.ts';
import { macrosDefined } from './macros-defined.ts';
import { nonDeterministic } from './non-deterministic.ts';
import { queriesBind } from './queries-bind.ts';
import { rowsStandAlone } from './rows-alone.ts';
import { rowsInNoOrder } from './rows-in-no-order.ts';
import type { Rule } from './rule.ts';
import { selectStar } from './select-star.ts';
import { sourceColumns } from './source-columns.ts';
import { sourcesKnown } from './sources-known.ts';
import { sourcesUsed } from './sources-used.ts';
import { tableFiles } from './table-files.ts';
import { tablesDeclared } from './tables-declared.ts';
import { targetColumns } from './target-columns.ts';
import { targetFits } from './target-fits.ts';

export type { Found } from './rule.ts';

export const RULES: readonly Rule[] = [
  macrosDefined,
  queriesBind,
  auditsBind,
  sourcesKnown,
  sourceColumns,
  targetColumns,
  targetFits,
  tableFiles,
  joinsOverHours,
  rowsStandAlone,
  hoursOfSession,
  nonDeterministic,
  rowsInNoOrder,
  selectStar,
  tablesDeclared,
  sourcesUsed,
  auditsUsed,
];
