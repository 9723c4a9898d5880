/** `not_null`: columns of the staged rows hold no NULL. */
import * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import { anyIsNullFragment, renderStatement } from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

interface NotNull extends AuditSpec {
  readonly columns: readonly string[];
}

export const notNull = selectsBadRows({
  argument: strictMap({ columns: z.array(filled).min(1) }),
  example: '- not_null: { columns: [<column>] }',
  meaning: 'Columns that may not be NULL.',
  keys: { columns: 'Their names.' },
  read: ({ columns }) => ({ columns }),
  badRows: ({ columns }: NotNull, { staged }) =>
    renderStatement('audit/not_null', { staged, any_is_null: anyIsNullFragment(columns) }),
  readsTarget: () => false,
});
