/** `no_missing_events`: every key of the session's source rows is among the staged rows. */
import * as z from 'zod';
import type { AuditSpec } from '../../model/process-spec.ts';
import { identifierFragment, renderStatement } from '../../statements/index.ts';
import { filled, strictMap } from '../shapes.ts';
import type { AuditKind } from './audit-kind.ts';
import { selectsBadRows } from './selects-bad-rows.ts';

export interface NoMissingEventsAudit extends AuditSpec {
  readonly source: string;
  readonly key: string;
  /** The key's column in the target, when it has another name there. */
  readonly targetKey?: string;
}
const argument = strictMap({ source: z.string(), key: filled, target_key: filled.optional() });

export const noMissingEvents: AuditKind<NoMissingEventsAudit, z.infer<typeof argument>> = selectsBadRows({
  argument,
  sourceKey: 'source',
  example: '- no_missing_events: { source: <alias>, key: <column> }',
  meaning:
    'Every key that the session read from the source, in its own hours, was staged. NULL is a key like any other.',
  keys: {
    source: 'The alias.',
    key: 'The column of the source that names an event.',
    target_key: 'Its column in the target. Default: of the same name.',
  },
  read: ({ source, key, target_key: targetKey }, { aliasOf }) => ({
    source: aliasOf(source),
    key,
    ...(targetKey === undefined ? {} : { targetKey }),
  }),
  badRows: ({ source, key, targetKey }, { ownSources, staged }) =>
    renderStatement('audit/no_missing_events', {
      sources: ownSources(),
      source: identifierFragment(source),
      key: identifierFragment(key),
      target_key: identifierFragment(targetKey ?? key),
      staged,
    }),
  readsTarget: () => false,
});
