/** `expression`: a condition holds for every staged row. */
import type * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import { renderStatement, userQueryFragment } from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface ExpressionAudit extends AuditSpec {
  readonly expression: string;
}
const argument = strictMap({ sql: filled });

export const expression: AuditKind<ExpressionAudit, z.infer<typeof argument>> = selectsBadRows({
  argument,
  example: '- expression: { sql: "<condition>" }',
  meaning: 'A condition over the columns holds for every staged row. NULL passes, as in a CHECK of SQL.',
  keys: { sql: 'The condition, such as `amount >= 0`; it may name `$parameters` and macros.' },
  read: ({ sql }, { expressionOf }) => {
    const read = expressionOf(sql, 'sql');
    return read === undefined ? undefined : { expression: read.sql, parameters: read.parameters };
  },
  badRows: (audit, { staged }) =>
    renderStatement('audit/expression', { staged, condition: userQueryFragment(audit.expression) }),
  readsTarget: () => false,
});
