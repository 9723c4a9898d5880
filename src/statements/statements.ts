/**
 * The engine's own SQL: files in `sql/`, by name. Name + placeholders -> SQL text with bound parameters.
 *
 * A file starts with a header: `-- @name folder/file`, `-- What: …`, one `-- @param $name TYPE` a parameter,
 * `-- @returns …`. Two marks only: `$name` is a bound value, `{{name}}` a fragment made by `quote.ts` (a
 * quoted identifier, a field-id map, the user's query).
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PsybergError } from '../model/errors.ts';
import { scanSql } from '../model/scan-sql.ts';
import { type SqlFragment, statementFragment } from './quote.ts';

export interface Statement {
  readonly name: string;
  /** The text after the header. */
  readonly body: string;
  readonly parameters: readonly string[];
  readonly placeholders: readonly string[];
}

/** `sql/` of the package: beside `src/` in a clone, beside `dist/` when installed. */
const SQL_DIRECTORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'sql');
const loaded = new Map<string, Statement>();

/**
 * Reads `sql/<name>.sql` once. Throws `statement-invalid` when the header and the body disagree: a bug of
 * this package.
 */
export function statement(name: string): Statement {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const parsed = parseStatement(name, readFileSync(join(SQL_DIRECTORY, `${name}.sql`), 'utf8'));
  loaded.set(name, parsed);
  return parsed;
}

/** Splits a file into header and body, and checks that exactly the declared parameters are used. */
export function parseStatement(name: string, text: string): Statement {
  const lines = text.split('\n');
  const bodyStart = lines.findIndex((line) => !line.startsWith('--'));
  const header = lines.slice(0, bodyStart);
  const body = lines.slice(bodyStart).join('\n').trim().replace(/;$/, '');
  const declaredName = header
    .map((line) => /^-- @name (\S+)/.exec(line)?.[1])
    .find((found) => found !== undefined);
  const declared = header.flatMap((line) => /^-- @param \$(\w+) \S/.exec(line)?.[1] ?? []);
  // A parameter that stands inside a fragment is declared with the fragment's name: `(inside
  // {{range_start}})`.
  const inFragments = header.flatMap(
    (line) => /^-- @param \$(\w+) .*\(inside \{\{\w+\}\}\)/.exec(line)?.[1] ?? [],
  );
  const used = [...new Set(scanSql(body).parameters.map((parameter) => parameter.name))];
  const problems = [
    ...(declaredName === name ? [] : [`@name is ${declaredName}`]),
    ...used.filter((each) => !declared.includes(each)).map((each) => `$${each} is not declared`),
    ...declared
      .filter((each) => !used.includes(each) && !inFragments.includes(each))
      .map((each) => `$${each} is not used`),
  ];
  if (problems.length > 0)
    throw new PsybergError('statement-invalid', `sql/${name}.sql: ${problems.join('; ')}`);
  const placeholders = [...new Set([...body.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] as string))];
  return Object.freeze({
    name,
    body,
    parameters: Object.freeze(declared),
    placeholders: Object.freeze(placeholders),
  });
}

/** Fills every `{{placeholder}}`. Throws `statement-invalid` when one is missing or unknown. */
export function renderStatement(name: string, fragments: Readonly<Record<string, SqlFragment>> = {}): string {
  const { body, placeholders } = statement(name);
  const given = Object.keys(fragments);
  const wrong = [
    ...placeholders.filter((each) => !given.includes(each)),
    ...given.filter((each) => !placeholders.includes(each)),
  ];
  if (wrong.length > 0)
    throw new PsybergError(
      'statement-invalid',
      `sql/${name}.sql: placeholders missing or unknown: ${wrong.join(', ')}`,
    );
  return body.replace(
    /\{\{(\w+)\}\}/g,
    (_all, placeholder: string) => (fragments[placeholder] as SqlFragment).sql,
  );
}

/**
 * The column `first_row_id` of a manifest list. `none`: format version 2 has no such column. `assigned`:
 * manifests without one get theirs, from `$first_row_id` on. `kept`: a view shows what there is.
 */
export type RowLineage = 'none' | 'assigned' | 'kept';

/** The options of COPY that make an Avro file a manifest list. */
export const manifestListFragment = (lineage: RowLineage = 'none'): SqlFragment =>
  statementFragment(
    renderStatement('tables/manifest_list_format', {
      row_lineage: statementFragment(lineage === 'none' ? '' : ',\n  first_row_id: 520'),
    }),
  );

/** A statement that writes a manifest list, with the format's options and the last select filled in. */
export function manifestListStatement(
  name: string,
  lineage: RowLineage = 'none',
  fragments: Readonly<Record<string, SqlFragment>> = {},
): string {
  const listed = renderStatement('tables/listed_manifests', {
    row_lineage: statementFragment(
      lineage === 'none'
        ? ''
        : lineage === 'kept'
          ? ', first_row_id'
          : renderStatement('tables/first_row_ids'),
    ),
  });
  return renderStatement(name, {
    ...fragments,
    ...(statement(name).placeholders.includes('listed') ? { listed: statementFragment(listed) } : {}),
    ...(statement(name).placeholders.includes('no_manifest_row')
      ? { no_manifest_row: statementFragment(renderStatement('tables/no_manifest_row')) }
      : {}),
    manifest_list_format: manifestListFragment(lineage),
  });
}
