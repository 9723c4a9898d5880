/**
 * Prepares statements of `sql/` to be run. Name + fragments -> SQL text whose parameters the header declares.
 * The compiler knows what a statement takes and returns from the catalogue, which is printed from the
 * headers.
 */
import { PsybergError } from '../model/errors.ts';
import { MANIFEST_FILE, MANIFEST_FILE_WITH_ROW_IDS } from '../model/manifest-schema.ts';
import { avroFieldIds } from './avro-field-ids.ts';
import type { Catalogue } from './catalogue.ts';
import { type SqlFragment, statementFragment } from './quote.ts';
import { statementFile } from './statement-file.ts';

/** A file of `sql/`, by folder and name. */
export type StatementName = keyof Catalogue;

/** A statement that is run by itself; fragments are nested into these. */
export type RunnableName = Exclude<StatementName, `fragments/${string}`>;

/** The values that a statement binds, with the types from its header. */
export type ParametersOf<Name extends StatementName> = Catalogue[Name]['parameters'];

/** One row of its result. */
export type StatementRow<Name extends StatementName> = Catalogue[Name]['row'];

/** The fragments that fill its placeholders. */
export type FragmentsOf<Name extends StatementName> = Readonly<
  Record<Catalogue[Name]['fragments'], SqlFragment>
>;

/** A statement whose placeholders are filled. */
export interface Statement<Name extends StatementName = StatementName> {
  readonly name: Name;
  readonly sql: string;
  /** See {@link keptStatement}. */
  readonly isKept?: true;
}

/** What is bound to a statement: nothing, what its fragments may need, or all its parameters. */
export type ArgumentsOf<Name extends StatementName> = [keyof ParametersOf<Name>] extends [never]
  ? []
  : Partial<ParametersOf<Name>> extends ParametersOf<Name>
    ? [parameters?: ParametersOf<Name>]
    : [parameters: ParametersOf<Name>];

type FragmentArguments<Fragments> = [keyof Fragments] extends [never] ? [] : [fragments: Fragments];

/** A statement with every `{{placeholder}}` filled in. Throws like {@link renderStatement}. */
export const statement = <Name extends RunnableName>(
  name: Name,
  ...fragments: FragmentArguments<FragmentsOf<Name>>
): Statement<Name> => Object.freeze({ name, sql: rendered(name, fragments[0] ?? {}) });

/**
 * A statement that a connection plans once and then runs again with other values. Only for a statement that
 * reads its values, and neither files nor tables; the values must be cast in its text, or DuckDB plans it
 * anew.
 */
export const keptStatement = <Name extends RunnableName>(
  name: Name,
  ...fragments: FragmentArguments<FragmentsOf<Name>>
): Statement<Name> => Object.freeze({ name, sql: rendered(name, fragments[0] ?? {}), isKept: true });

/**
 * Only the text of a statement, to be nested into another. Throws `statement-invalid` if a fragment is
 * missing or unknown.
 */
export const renderStatement = <Name extends StatementName>(
  name: Name,
  ...fragments: FragmentArguments<FragmentsOf<Name>>
): string => rendered(name, fragments[0] ?? {});

function rendered(name: StatementName, fragments: Readonly<Record<string, SqlFragment>>): string {
  const { body, placeholders } = statementFile(name);
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
 * manifests without one get theirs, from `$first_row_id` on. `kept`: a view shows those that exist.
 */
export type RowLineage = 'none' | 'assigned' | 'kept';

/** The options of COPY that make an Avro file a manifest list. */
export const manifestListFragment = (lineage: RowLineage = 'none'): SqlFragment =>
  statementFragment(
    renderStatement('fragments/manifest_list_format', {
      field_ids: avroFieldIds((lineage === 'none' ? MANIFEST_FILE : MANIFEST_FILE_WITH_ROW_IDS).fields),
    }),
  );

/** The fragments that all statements writing a manifest list need. */
type ListFragment = 'listed' | 'no_manifest_row' | 'manifest_list_format';
export type ListName = {
  [Name in StatementName]: 'manifest_list_format' extends Catalogue[Name]['fragments'] ? Name : never;
}[StatementName];

/** A statement that writes a manifest list, with the format's options and the last select filled in. */
export function listStatement<Name extends ListName>(
  name: Name,
  lineage: RowLineage,
  ...fragments: FragmentArguments<Omit<FragmentsOf<Name>, ListFragment>>
): Statement<Name> {
  const rowIds: Readonly<Record<RowLineage, () => string>> = {
    none: () => '',
    kept: () => ', first_row_id',
    assigned: () => renderStatement('fragments/first_row_ids'),
  };
  const listed = renderStatement('fragments/listed_manifests', {
    row_lineage: statementFragment(rowIds[lineage]()),
  });
  const common: Record<ListFragment, SqlFragment> = {
    listed: statementFragment(listed),
    no_manifest_row: statementFragment(renderStatement('fragments/no_manifest_row')),
    manifest_list_format: manifestListFragment(lineage),
  };
  const { placeholders } = statementFile(name);
  const wanted = Object.entries(common).filter(([placeholder]) => placeholders.includes(placeholder));
  return Object.freeze({ name, sql: rendered(name, { ...fragments[0], ...Object.fromEntries(wanted) }) });
}
