/**
 * The engine's own SQL: files in `sql/`, by name. Name -> header and body.
 *
 * A file starts with a header: `-- @name folder/file`, `-- What: …`, one `-- @param $name TYPE` a parameter,
 * `-- @returns …`, and of a fragment `-- @into …`, where it goes (header.ts reads them). Two marks only:
 * `$name` is a bound value, `{{name}}` a fragment made by `quote.ts` (a quoted identifier, a field-id map,
 * the user's query).
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PsybergError } from '../model/errors.ts';
import { scanSql } from '../model/scan-sql.ts';
import { parseHeader, type StatementHeader } from './header.ts';

export interface StatementFile extends Pick<StatementHeader, 'parameters' | 'row' | 'into'> {
  readonly name: string;
  /** The text after the header. */
  readonly body: string;
  readonly placeholders: readonly string[];
}

/** The package's `sql/`: beside `src/` in a clone, beside `dist/` when installed. */
const SQL_DIRECTORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'sql');
const loaded = new Map<string, StatementFile>();

/**
 * Reads `sql/<name>.sql` once. Throws `statement-invalid` if the header and the body disagree: a bug of this
 * package.
 */
export function statementFile(name: string): StatementFile {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const parsed = parseStatement(name, readFileSync(join(SQL_DIRECTORY, `${name}.sql`), 'utf8'));
  loaded.set(name, parsed);
  return parsed;
}

/** Splits a file into header and body, and checks that exactly the declared parameters are used. */
export function parseStatement(name: string, text: string): StatementFile {
  const lines = text.split('\n');
  const bodyStart = lines.findIndex((line) => !line.startsWith('--'));
  const header = parseHeader(lines.slice(0, bodyStart));
  const body = lines.slice(bodyStart).join('\n').trim().replace(/;$/, '');
  const placeholders = [...new Set([...body.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] as string))];
  const problems = [
    ...(header.name === name ? [] : [`@name is ${header.name}`]),
    ...header.problems,
    ...problemsOfParameters(header, body, placeholders),
    ...(name.startsWith('fragments/') === header.into.length > 0
      ? []
      : ['fragments, and they alone, say where they go (@into)']),
  ];
  if (problems.length > 0)
    throw new PsybergError('statement-invalid', `sql/${name}.sql: ${problems.join('; ')}`);
  const { parameters, row, into } = header;
  return Object.freeze({ name, body, parameters, row, into, placeholders: Object.freeze(placeholders) });
}

function problemsOfParameters(
  { parameters }: StatementHeader,
  body: string,
  placeholders: readonly string[],
): readonly string[] {
  const declared = parameters.map((each) => each.name);
  const used = new Set(scanSql(body).parameters.map((parameter) => parameter.name));
  return [
    ...[...used].filter((each) => !declared.includes(each)).map((each) => `$${each} is not declared`),
    ...declared
      .filter((each, index) => declared.indexOf(each) !== index)
      .map((each) => `$${each} is declared twice`),
    ...parameters.flatMap(({ name, inside }) => {
      if (inside.length === 0) return used.has(name) ? [] : [`$${name} is not used`];
      const unknown = inside.filter((fragment) => !placeholders.includes(fragment));
      return unknown.map((fragment) => `$${name} cannot be inside {{${fragment}}}, which is not there`);
    }),
  ];
}
