/** Names the tables of a session, as every engine finds them in its catalog. Spec -> names. Pure. */
import { SESSION_CATALOG } from '../model/engines.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { type SqlFragment, tableFragment } from '../statements/index.ts';

export { SESSION_CATALOG };

const ofTarget = (namespace: string, { target }: Pick<ProcessSpec, 'target'>): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: [namespace], name: target.table.name });

export const sourceTable = (alias: string): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: ['sources'], name: alias });
export const targetTable = (spec: ProcessSpec): SqlFragment => ofTarget('target', spec);
export const stagedTable = (spec: ProcessSpec): SqlFragment => ofTarget('staged', spec);
/** The target as the session found it, as far as the hour before its first one is asked for. */
export const previousTable = (spec: ProcessSpec): SqlFragment => ofTarget('previous', spec);
/** What an engine that commits has written of the target's rows so far, and nothing else of the target. */
export const collectedTable = (spec: ProcessSpec): SqlFragment => ofTarget('collected', spec);
/** The target as it will be. */
export const wholeTable = (spec: ProcessSpec): SqlFragment => ofTarget('whole', spec);
export const straddlingTable = (spec: ProcessSpec): SqlFragment => ofTarget('straddling', spec);
