/** `accepted_values`: a column of the staged rows holds nothing but these values. */
import * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import { identifierFragment, renderStatement, sparkAsTypeFragment } from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface AcceptedValuesAudit extends AuditSpec {
  readonly column: string;
  /** As texts: the statement gives them the column's type. */
  readonly values: readonly string[];
}
const argument = strictMap({
  column: filled,
  values: z
    .array(z.union([z.string(), z.number(), z.boolean()], 'must be text, numbers, true or false'))
    .min(1),
});

export const acceptedValues: AuditKind<AcceptedValuesAudit, z.infer<typeof argument>> = selectsBadRows({
  argument,
  example: '- accepted_values: { column: <column>, values: [<value>] }',
  meaning: 'Every value of the column in the staged rows is one of a list. NULL passes.',
  keys: {
    column: 'Its name.',
    values:
      "The values. They are compared in the column's type: `2024-01-31` is a date where the column is one.",
  },
  read: ({ column, values }) => ({ column, values: values.map(String) }),
  badRows: ({ column: name }, { staged, engine, typeOf }) => {
    const column = identifierFragment(name);
    if (engine === 'duckdb') return renderStatement('audit/accepted_values', { staged, column });
    const value = sparkAsTypeFragment('accepted.value', typeOf(name));
    return renderStatement('spark/accepted_values_on_spark', { staged, column, value });
  },
  values: ({ values }) => ({ values: { type: 'VARCHAR[]', value: values } }),
  readsTarget: () => false,
});
