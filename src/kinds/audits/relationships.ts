/** `relationships`: every value of a column is one of a column of a source. */
import type * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import { identifierFragment, renderStatement } from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface RelationshipsAudit extends AuditSpec {
  readonly column: string;
  /** The alias. */
  readonly to: string;
  readonly toColumn: string;
}
const argument = strictMap({ column: filled, to: filled, to_column: filled });

export const relationships: AuditKind<RelationshipsAudit, z.infer<typeof argument>> = selectsBadRows({
  argument,
  sourceKey: 'to',
  readsLookups: true,
  example: '- relationships: { column: <column>, to: <alias>, to_column: <column> }',
  meaning:
    'Every value of the column in the staged rows is in a column of a source, among the rows that the session reads of it. NULL passes.',
  keys: {
    column: 'The column of the target.',
    to: 'The alias of the source.',
    to_column: 'The column of the source.',
  },
  read: ({ column, to, to_column: toColumn }, { aliasOf }) => ({ column, to: aliasOf(to), toColumn }),
  badRows: ({ column, to, toColumn }, { sources, staged }) =>
    renderStatement('audit/relationships', {
      sources: sources(),
      source: identifierFragment(to),
      to_column: identifierFragment(toColumn),
      column: identifierFragment(column),
      staged,
    }),
  readsTarget: () => false,
});
