/** Lists the user's own queries of a process: its query, and those of its audits. Spec -> texts. Pure. */
import { patternOf } from '../../kinds/patterns/index.ts';
import type { ProcessSpec, TextPosition } from '../../model/process-spec.ts';

export interface UserQuery {
  readonly sql: string;
  /** Where `sql` begins in its file. */
  readonly begin: TextPosition;
  /** Absolute path. */
  readonly file: string;
  /** The relations that it sees. */
  readonly relations: readonly string[];
  /** For messages. */
  readonly what: string;
  /** `expression`: the condition of an audit, in a query that is made around it. */
  readonly kind: 'query' | 'audit' | 'expression';
}

/** The first is the process's own. */
export function userQueries(spec: ProcessSpec): readonly [UserQuery, ...UserQuery[]] {
  const { sql, sqlOffset: begin, file, processName } = spec;
  const aliases = spec.sources.map(({ alias }) => alias);
  const relations = patternOf(spec).readsPrevious ? [...aliases, 'previous'] : aliases;
  const audits = spec.audits.flatMap((audit): UserQuery[] => {
    const { expression } = audit as { readonly expression?: string };
    const head = {
      begin: audit.place,
      file: audit.file ?? file,
      what: `the audit ${audit.name} of ${processName}`,
    };
    if (audit.sql !== undefined)
      return [{ ...head, kind: 'audit', sql: audit.sql, relations: [...aliases, 'staged', 'target'] }];
    if (expression === undefined) return [];
    return [{ ...head, kind: 'expression', sql: `select (${expression}\n)`, relations: [] }];
  });
  return [{ kind: 'query', sql, begin, file, relations, what: processName }, ...audits];
}
