/**
 * Defines Iceberg view metadata as the specification writes it ("View Metadata"), and the parts of a change
 * to a view. Field names are kept letter by letter, so that a value can be read with the specification beside
 * it.
 */
import { parseJson, renderJson } from './json.ts';
import { unreadable } from './read-metadata.ts';
import type { Schema } from './table-metadata.ts';
import type { ProposedSchema } from './table-update.ts';

/** The query of a view in one dialect. */
export interface ViewRepresentation {
  readonly type: 'sql';
  readonly sql: string;
  readonly dialect: string;
}
export interface ViewVersion {
  readonly 'version-id': number;
  readonly 'timestamp-ms': number;
  /** In a request, -1 means the schema that the same request added last. */
  readonly 'schema-id': number;
  readonly summary: Readonly<Record<string, string>>;
  readonly representations: readonly ViewRepresentation[];
  readonly 'default-catalog'?: string | undefined;
  readonly 'default-namespace': readonly string[];
}
export interface ViewMetadata {
  readonly 'view-uuid': string;
  readonly 'format-version': number;
  readonly location: string;
  readonly 'current-version-id': number;
  readonly versions: readonly ViewVersion[];
  readonly 'version-log': readonly { readonly 'version-id': number; readonly 'timestamp-ms': number }[];
  readonly schemas: readonly Schema[];
  readonly properties?: Readonly<Record<string, string>>;
}

export type ViewUpdate =
  | { readonly action: 'assign-uuid'; readonly uuid: string }
  | { readonly action: 'upgrade-format-version'; readonly 'format-version': number }
  | { readonly action: 'add-schema'; readonly schema: ProposedSchema }
  | { readonly action: 'set-location'; readonly location: string }
  | { readonly action: 'set-properties'; readonly updates: Readonly<Record<string, string>> }
  | { readonly action: 'remove-properties'; readonly removals: readonly string[] }
  | { readonly action: 'add-view-version'; readonly 'view-version': ViewVersion }
  | { readonly action: 'set-current-view-version'; readonly 'view-version-id': number };

export interface ViewRequirement {
  readonly type: 'assert-view-uuid';
  readonly uuid: string;
}

/**
 * Parses a view's metadata file. @throws SyntaxError when it is not JSON; PsybergError `metadata-unreadable`
 * when it is no view.
 */
export function parseViewMetadata(text: string): ViewMetadata {
  const metadata = parseJson<ViewMetadata>(text);
  // If a table's file is registered as a view, that must fail here and not for its readers.
  if (
    typeof metadata?.['view-uuid'] !== 'string' ||
    !Array.isArray(metadata.versions) ||
    !Array.isArray(metadata.schemas)
  )
    throw unreadable('not the metadata of a view');
  return { ...metadata, properties: metadata.properties ?? {} };
}

/** Renders metadata as the text of a metadata file. */
export const renderViewMetadata = (metadata: ViewMetadata): string => renderJson(metadata);
