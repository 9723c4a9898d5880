/**
 * The audits of a header as data. What the schema refused is passed over here: it has been reported, and such
 * a process has no spec.
 */
import fs from 'node:fs';
import path from 'node:path';
import { AUDIT_NAMES, auditKind, type QueryFile } from '../kinds/audits/index.ts';
import type { AuditSpec, TextPosition } from '../model/process-spec.ts';
import { aliasOf } from './header-names.ts';
import { isMap, listOf } from './plain-values.ts';
import { type ProjectProblem, type ReportProblem, reporterFor } from './problems.ts';
import { relativeFile } from './relative-file.ts';
import { readQueryText } from './sql-text.ts';
import type { Path } from './yaml-text.ts';

interface Reading {
  readonly root: string;
  readonly report: ReportProblem;
  readonly problems: ProjectProblem[];
  readonly placeOf: (path: Path) => TextPosition;
}

/** Reads the audits, and the files of those that are the project's own SQL. */
export function readAudits(header: Readonly<Record<string, unknown>>, reading: Reading): AuditSpec[] {
  const written = listOf(header['audits']).map((audit) =>
    typeof audit === 'string' ? { [audit]: null } : isMap(audit) ? audit : {},
  );
  const free = freeNames(written);
  return written.flatMap((audit, index): AuditSpec[] => {
    const kind = AUDIT_NAMES.find((each) => Object.hasOwn(audit, each));
    if (kind === undefined) return [];
    const definition = auditKind(kind);
    const accepted = definition.argument.safeParse(audit[kind]);
    if (!accepted.success) return [];
    const own = definition.read(accepted.data, {
      aliasOf: (alias) => exactAlias(header, alias),
      queryOf: (file) => readQueryFile(file, reading.placeOf(['audits', index, kind]), reading),
    });
    if (own === undefined) return [];
    const name = typeof audit['name'] === 'string' ? audit['name'] : free(own.name ?? kind);
    const severity = audit['severity'] === 'warn' ? 'warn' : 'block';
    return [{ place: reading.placeOf(['audits', index]), ...own, kind, name, severity }];
  });
}

/** Gives out names that no audit of the header has: with a number when one is wanted again. */
function freeNames(audits: readonly Readonly<Record<string, unknown>>[]): (wanted: string) => string {
  const taken = new Set(audits.map((audit) => audit['name']));
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`;
    taken.add(name);
    return name;
  };
}

/**
 * Aliases are compared without case, as DuckDB does; the spec then carries the alias as the source writes it.
 */
const exactAlias = (header: Readonly<Record<string, unknown>>, written: string): string =>
  listOf(header['sources'])
    .map(aliasOf)
    .find((alias) => alias?.toLowerCase() === written.toLowerCase()) ?? written;

function readQueryFile(
  written: string,
  place: TextPosition,
  { root, problems, report }: Reading,
): QueryFile | undefined {
  const file = path.resolve(root, written);
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) {
    report(
      place,
      `the audit file ${written} does not exist`,
      'create it, or correct the path; paths start at the folder of psyberg.yaml',
    );
    return undefined;
  }
  const shown = relativeFile(root, file);
  // Two processes may share an audit: its problems are reported once.
  const known = problems.some((problem) => problem.file === shown);
  const text = fs.readFileSync(file, 'utf8');
  const own: ProjectProblem[] = [];
  const { sql, parameters, sqlOffset } = readQueryText(text, {
    first: text.startsWith('\uFEFF') ? 1 : 0,
    what: 'the audit',
    report: reporterFor(own, shown, 'audit-file-invalid'),
  });
  if (!known) problems.push(...own);
  return { file, name: path.basename(file, '.sql'), sql, parameters, place: sqlOffset };
}
