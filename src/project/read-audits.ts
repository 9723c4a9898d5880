/**
 * Reads the audits of a header as data. Whatever the schema refused is skipped here: it has been reported,
 * and such a process gets no spec.
 */
import fs from 'node:fs';
import path from 'node:path';
import { AUDIT_NAMES, auditKind, type Expression, type QueryFile } from '../kinds/audits/index.ts';
import { type AuditSpec, PARAMETER_NAMES, type TextPosition } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import type { SqlSyntax } from '../model/sql-tokens.ts';
import { argumentsOf, parametersDeclared, reportUses } from './audit-parameters.ts';
import { textOfFile } from './file-text.ts';
import { aliasOf } from './header-names.ts';
import type { OwnAudits } from './own-audits.ts';
import { isMap, listOf } from './plain-values.ts';
import { type ProjectProblem, positionAt, type ReportProblem, reporterFor } from './problems.ts';
import { relativeFile } from './relative-file.ts';
import { type QueryText, readQueryText, unknownParameter } from './sql-text.ts';
import type { Path } from './yaml-text.ts';

interface Reading {
  readonly root: string;
  readonly report: ReportProblem;
  readonly problems: ProjectProblem[];
  readonly placeOf: (path: Path) => TextPosition;
  readonly own: OwnAudits;
  /** Names of the project's variables. */
  readonly named: ReadonlySet<string>;
  /** The dialect of their SQL. */
  readonly syntax: SqlSyntax;
}

/** Reads the audits, and the files of those that are SQL of the project's own. */
export function readAudits(header: Readonly<Record<string, unknown>>, reading: Reading): AuditSpec[] {
  const { own, placeOf } = reading;
  const written = listOf(header['audits']).map((audit) =>
    typeof audit === 'string' ? { [audit]: null } : isMap(audit) ? audit : {},
  );
  const free = freeNames(written);
  return written.flatMap((audit, index): AuditSpec[] => {
    const path = ['audits', index];
    const ownName = Object.keys(audit).find((key) => own.has(key));
    const kind = ownName === undefined ? AUDIT_NAMES.find((each) => Object.hasOwn(audit, each)) : 'sql';
    if (kind === undefined) return [];
    const definition = auditKind(kind);
    const file = ownName === undefined ? undefined : own.get(ownName);
    const accepted = definition.argument.safeParse(file ?? audit[kind]);
    if (!accepted.success) return [];
    const key = ownName ?? kind;
    const given = ownName === undefined ? audit['parameters'] : audit[ownName];
    const at = ownName === undefined && given !== undefined ? [...path, 'parameters'] : [...path, key];
    const read = definition.read(accepted.data, {
      aliasOf: (alias) => exactAlias(header, alias),
      queryOf: (name) => readQueryFile(name, { ...reading, audit: ownName, given, path: at }),
      expressionOf: (sql, name) => readExpression(sql, placeOf([...path, key, name]), reading),
    });
    if (read === undefined) return [];
    const name = typeof audit['name'] === 'string' ? audit['name'] : free(read.name ?? kind);
    const severity = audit['severity'] === 'warn' ? 'warn' : 'block';
    return [{ place: placeOf(path), ...read, kind, name, severity }];
  });
}

/** Gives out names that no audit of the header has, with a number if one is wanted again. */
function freeNames(audits: readonly Readonly<Record<string, unknown>>[]): (wanted: string) => string {
  const taken = new Set(audits.map((audit) => audit['name']));
  return (wanted) => {
    let name = wanted;
    for (let number = 2; taken.has(name); number++) name = `${wanted}_${number}`;
    taken.add(name);
    return name;
  };
}

/** Aliases are compared without case, as in DuckDB; the spec then has the alias as the source writes it. */
const exactAlias = (header: Readonly<Record<string, unknown>>, written: string): string =>
  listOf(header['sources'])
    .map(aliasOf)
    .find((alias) => alias?.toLowerCase() === written.toLowerCase()) ?? written;

interface FileReading extends Reading {
  /** The name by which the header uses it, if it does not name the file. */
  readonly audit: string | undefined;
  /** The values that the header gives its parameters, and where. */
  readonly given: unknown;
  readonly path: Path;
}

function readQueryFile(written: string, reading: FileReading): QueryFile | undefined {
  const { root, problems, report, named, syntax, placeOf, given, path: at } = reading;
  const file = path.resolve(root, written);
  if (!fs.existsSync(file) || !fs.statSync(file).isFile()) {
    report(
      placeOf(at),
      `the audit file ${written} does not exist`,
      'create it, or correct the path; paths start at the folder of psyberg.yaml',
    );
    return undefined;
  }
  const shown = relativeFile(root, file);
  // Two processes may share an audit, whose problems are reported once.
  const known = problems.some((problem) => problem.file === shown);
  const ownProblems: ProjectProblem[] = [];
  const reportOwn = reporterFor(ownProblems, shown, 'audit-file-invalid');
  const text = textOfFile(file, reportOwn);
  const declared = parametersDeclared(text, named, reportOwn);
  const query = readQueryText(text, {
    first: 0,
    what: 'the audit',
    named: new Set([...named, ...declared.map(({ name }) => name)]),
    syntax,
    report: reportOwn,
  });
  const { sql, parameters, placeholders, sqlOffset } = query;
  for (const { name, offset } of placeholders)
    if (!declared.some((each) => each.name === name))
      reportOwn(
        positionAt(text, offset + (text.length - text.trimStart().length)),
        `{{${name}}} is declared nowhere`,
        `begin the file with: -- @param ${name} IDENTIFIER`,
      );
  const namesOf = (uses: QueryText['parameters']) => new Set(uses.map(({ name }) => name));
  reportUses(declared, { values: namesOf(parameters), identifiers: namesOf(placeholders) }, reportOwn);
  if (!known) problems.push(...ownProblems);
  const name = path.basename(file, '.sql');
  const arguments_ = argumentsOf({
    audit: reading.audit ?? shown,
    file: shown,
    parameters: declared,
    given,
    path: at,
    placeOf,
    report,
  });
  if (arguments_ === undefined) return undefined;
  return { file, name, sql, parameters, placeholders, place: sqlOffset, ...arguments_ };
}

/** Reads one expression over a row; undefined, and reported, if it is not one. */
function readExpression(
  sql: string,
  place: TextPosition,
  { report, named, syntax }: Reading,
): Expression | undefined {
  const scanned = scanSql(sql, syntax);
  const [problem, hint] = problemOf(scanned, [...PARAMETER_NAMES, ...named]);
  if (problem === undefined) return { sql, parameters: scanned.parameters };
  report(place, problem, hint);
  return undefined;
}

/** What is wrong with an expression, and what to do about it; nothing if it is right. */
function problemOf(
  { statements, parameters, unclosed }: ReturnType<typeof scanSql>,
  names: readonly string[],
): readonly [problem?: string, hint?: string] {
  if (unclosed !== undefined) return [`this ${unclosed.what} is never closed`];
  if (statements.length !== 1 || statements[0]?.semicolon !== undefined)
    return [
      'the sql of an expression must be one condition',
      'write such as amount >= 0, without a semicolon',
    ];
  const unknown = parameters.find(({ name }) => !names.includes(name));
  return unknown === undefined ? [] : unknownParameter(unknown.name, names);
}
