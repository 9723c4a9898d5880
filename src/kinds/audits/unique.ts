/** `unique`: no key twice, among the staged rows or beside what the target holds already. */
import * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import {
  identifierListFragment,
  noneIsNullFragment,
  renderStatement,
  withinKeysFragment,
} from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface UniqueAudit extends AuditSpec {
  readonly columns: readonly string[];
  readonly over: 'staged' | 'target';
}
const argument = strictMap({
  columns: z.array(filled).min(1),
  over: z.enum(['staged', 'target']).optional(),
});

export const unique: AuditKind<UniqueAudit, z.infer<typeof argument>> = selectsBadRows({
  argument,
  example: '- unique: { columns: [<column>] }',
  meaning:
    'Columns whose values, taken together, occur once. A key with a NULL in it is never twice, as in SQL.',
  keys: {
    columns: 'Their names.',
    over: 'Where the keys of the session are looked for. `staged`: among the rows of the session; `target`: in the whole target, so that a key which an earlier session loaded is found. Default: `staged`.',
  },
  read: ({ columns, over }) => ({ columns, over: over ?? 'staged' }),
  badRows: ({ columns, over }, { staged, whole, engine }) => {
    const fragments = {
      staged,
      columns: identifierListFragment(columns),
      none_is_null: noneIsNullFragment(columns),
    };
    if (over === 'target' && engine === 'spark')
      return renderStatement('spark/unique_over_target_on_spark', { ...fragments, target: whole });
    return over === 'staged'
      ? renderStatement('audit/unique', fragments)
      : renderStatement('audit/unique_over_target', {
          ...fragments,
          target: whole,
          within_keys: withinKeysFragment('staged_keys', columns),
        });
  },
  readsTarget: ({ over }) => over === 'target',
});
