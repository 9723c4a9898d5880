/**
 * Reads the macros of a project: `macros/*.sql` -> MacroSpec[]. Reads files; every problem is reported. What
 * only DuckDB can check (the bodies) is checked where the macros are defined.
 */
import path from 'node:path';
import type { MacroSpec } from '../model/process-spec.ts';
import { scanSql, unquoted } from '../model/scan-sql.ts';
import { textOfFile } from './file-text.ts';
import { type ProjectProblem, positionAt, type ReportProblem, reporterFor } from './problems.ts';
import { relativeFile } from './relative-file.ts';
import { sqlFilesIn } from './sql-files.ts';

const MACROS_FOLDER = 'macros';

const HEAD =
  /create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?(?:macro|function)\s+(?:if\s+not\s+exists\s+)?/iy;
const NAME = /"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][A-Za-z0-9_$\u0080-\uffff]*/y;

/** The macros of a project, each after those that it uses. */
export function readMacros(root: string, problems: ProjectProblem[]): readonly MacroSpec[] {
  const folder = path.join(root, MACROS_FOLDER);
  const known = new Map<string, MacroSpec>();
  for (const name of sqlFilesIn(folder) ?? []) {
    const file = path.join(folder, name);
    const report = reporterFor(problems, relativeFile(root, file), 'macro-invalid');
    for (const macro of macrosIn(file, report)) {
      const other = known.get(macro.name.toLowerCase());
      if (other === undefined) known.set(macro.name.toLowerCase(), macro);
      else
        report(
          macro.place,
          `the macro ${macro.name} is already defined in ${placeText(root, other)}`,
          'keep one of them, or give one another name; forms with other parameters stand in one statement',
        );
    }
  }
  return inOrder(root, known, problems);
}

const placeText = (root: string, { file, place }: MacroSpec): string =>
  `${relativeFile(root, file)}:${place.line}`;

function macrosIn(file: string, report: ReportProblem): MacroSpec[] {
  const text = textOfFile(file, report);
  const scan = scanSql(text);
  if (scan.unclosed !== undefined)
    report(positionAt(text, scan.unclosed.offset), `this ${scan.unclosed.what} is never closed`);
  for (const { name, offset } of scan.parameters)
    report(
      positionAt(text, offset),
      `a macro cannot name ${name === '?' ? '?' : `$${name}`}`,
      'make it a parameter of the macro, and pass the value where the macro is used',
    );
  return scan.statements.flatMap(({ first, semicolon }): MacroSpec[] => {
    const nameAt = endOf(HEAD, text, first);
    const nameEnd = nameAt === undefined ? undefined : endOf(NAME, text, nameAt);
    if (nameAt === undefined || nameEnd === undefined) {
      const found = text.slice(first, semicolon).split(/\s+/, 2).join(' ');
      report(
        positionAt(text, first),
        `a file of ${MACROS_FOLDER}/ holds only create macro, found '${found}'`,
        'write create macro name(parameters) as …',
      );
      return [];
    }
    const name = unquoted(text.slice(nameAt, nameEnd));
    const place = positionAt(text, nameAt);
    if (/^\s*\./.test(text.slice(nameEnd))) {
      report(place, 'the name of a macro has no schema', 'write the name alone');
      return [];
    }
    const definition = text.slice(nameAt, semicolon ?? text.length).trimEnd();
    if (/\b_row_id\b/i.test(definition))
      report(place, `the macro ${name} names _row_id`, 'name it in the query, and pass it to the macro');
    return [{ name, file, place, definition }];
  });
}

function endOf(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

/** The macros that the body of one uses. */
const usedBy = ({ name, definition }: MacroSpec, known: ReadonlyMap<string, MacroSpec>): MacroSpec[] => {
  const quoted = definition.startsWith('"') ? definition.indexOf('"', 1) + 1 : name.length;
  const { calls } = scanSql(definition.slice(quoted));
  return [...known].flatMap(([key, macro]) => (calls.has(key) ? [macro] : []));
};

/**
 * Orders each macro after those that it uses; a circle is reported once, at the macro by which it is entered.
 */
function inOrder(
  root: string,
  known: ReadonlyMap<string, MacroSpec>,
  problems: ProjectProblem[],
): readonly MacroSpec[] {
  const ordered = new Set<MacroSpec>();
  const trail: MacroSpec[] = [];
  const visit = (macro: MacroSpec): void => {
    if (ordered.has(macro)) return;
    const seenAt = trail.indexOf(macro);
    if (seenAt >= 0) {
      reportCircle(root, trail.slice(seenAt), problems);
      return;
    }
    trail.push(macro);
    for (const used of usedBy(macro, known)) visit(used);
    trail.pop();
    ordered.add(macro);
  };
  for (const macro of known.values()) visit(macro);
  return [...ordered];
}

function reportCircle(root: string, circle: readonly MacroSpec[], problems: ProjectProblem[]): void {
  const [first] = circle as [MacroSpec];
  const names = [...circle, first].map(({ name }) => name);
  reporterFor(problems, relativeFile(root, first.file), 'macro-invalid')(
    first.place,
    circle.length === 1
      ? `the macro ${first.name} uses itself`
      : `the macros use each other in a circle: ${names.join(' -> ')}`,
    circle.length === 1 ? 'write out what it means' : 'remove one of these uses',
  );
}

/** Those of `macros`, in their order, that SQL texts use, also through others. */
export function macrosUsed(texts: readonly string[], macros: readonly MacroSpec[]): readonly MacroSpec[] {
  if (macros.length === 0) return [];
  const known = new Map(macros.map((macro) => [macro.name.toLowerCase(), macro]));
  const used = new Set<MacroSpec>();
  const use = (macro: MacroSpec): void => {
    if (used.has(macro)) return;
    used.add(macro);
    for (const each of usedBy(macro, known)) use(each);
  };
  for (const text of texts)
    for (const name of scanSql(text).calls) {
      const macro = known.get(name);
      if (macro !== undefined) use(macro);
    }
  return macros.filter((macro) => used.has(macro));
}
