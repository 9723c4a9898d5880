/**
 * Applies a change to a view. Metadata + updates + time -> metadata. Pure. The rules are those of Apache
 * Iceberg's `ViewMetadata.Builder`.
 */
import { conflict, usageError } from '../model/errors.ts';
import { withoutSlash } from '../model/without-slash.ts';
import { LAST_ADDED } from './metadata-draft.ts';
import { FORMAT_VERSION_MAX } from './read-metadata.ts';
import { checkSchema, sameSchema } from './schema-fields.ts';
import type { Schema } from './table-metadata.ts';
import type { ProposedSchema } from './table-update.ts';
import type { ViewMetadata, ViewRequirement, ViewUpdate, ViewVersion } from './view-metadata.ts';

const VIEW_FORMAT_VERSION = 1;
/** How many versions a view keeps, and the property that says otherwise. */
const HISTORY_SIZE_DEFAULT = 10;
const HISTORY_SIZE = 'version.history.num-entries';
/**
 * A replacement without a query for a dialect of its predecessor would break that dialect's readers, so it is
 * accepted only with this property set.
 */
const DROP_DIALECT = 'replace.drop-dialect.allowed';

interface ViewDraft {
  uuid: string | undefined;
  location: string | undefined;
  schemas: Schema[];
  versions: ViewVersion[];
  currentVersionId: number | undefined;
  log: { 'version-id': number; 'timestamp-ms': number }[];
  readonly properties: Map<string, string>;
  readonly nowMs: number;
  changed: boolean;
  lastAddedSchemaId: number | undefined;
  lastAddedVersionId: number | undefined;
  readonly addedVersionIds: Set<number>;
  /** Of this change's versions, only the last that it made current was ever current for a reader. */
  becameCurrent: { 'version-id': number; 'timestamp-ms': number } | undefined;
}

export interface NewView {
  readonly uuid: string;
  readonly location: string;
  readonly schema: ProposedSchema;
  /** Its ids are only wishes: the first version is 1, the first schema 0. */
  readonly version: ViewVersion;
  readonly properties: Readonly<Record<string, string>>;
}

/** The metadata of a new view. @throws PsybergError `invalid-view-update`. */
export const newViewMetadata = (
  { uuid, location, schema, version, properties }: NewView,
  nowMs: number,
): ViewMetadata =>
  applyViewUpdates(
    undefined,
    [
      { action: 'assign-uuid', uuid },
      { action: 'set-location', location },
      { action: 'set-properties', updates: properties },
      { action: 'add-schema', schema },
      {
        action: 'add-view-version',
        'view-version': { ...version, 'version-id': 1, 'schema-id': LAST_ADDED },
      },
      { action: 'set-current-view-version', 'view-version-id': LAST_ADDED },
    ],
    nowMs,
  );

/** @throws PsybergError `commit-conflict` when one is not met. */
export function checkViewRequirements(
  metadata: ViewMetadata,
  requirements: readonly ViewRequirement[],
): void {
  for (const { uuid } of requirements) {
    if (uuid.toLowerCase() === metadata['view-uuid'].toLowerCase()) continue;
    throw conflict(
      'commit-conflict',
      `Requirement failed: view UUID does not match: expected ${metadata['view-uuid']} != ${uuid}`,
      {
        hint: 'load the view again and repeat the change on what it is now',
      },
    );
  }
}

/**
 * Applies all updates in order.
 * @param base the view as it is, or `undefined` to create one from the updates alone.
 * @returns the same object when nothing changed: then there is nothing to write.
 */
export function applyViewUpdates(
  base: ViewMetadata | undefined,
  updates: readonly ViewUpdate[],
  nowMs: number,
): ViewMetadata {
  const draft: ViewDraft = {
    uuid: base?.['view-uuid'],
    location: base?.location,
    schemas: [...(base?.schemas ?? [])],
    versions: [...(base?.versions ?? [])],
    currentVersionId: base?.['current-version-id'],
    log: [...(base?.['version-log'] ?? [])],
    properties: new Map(Object.entries(base?.properties ?? {})),
    nowMs,
    changed: false,
    lastAddedSchemaId: undefined,
    lastAddedVersionId: undefined,
    addedVersionIds: new Set(),
    becameCurrent: undefined,
  };
  for (const update of updates) applyViewUpdate(draft, update);
  if (base !== undefined && !draft.changed) return base;
  return close(draft, base);
}

function applyViewUpdate(draft: ViewDraft, update: ViewUpdate): void {
  switch (update.action) {
    case 'assign-uuid':
      if (draft.uuid === update.uuid) return;
      if (draft.uuid !== undefined) throw invalid('Cannot reassign uuid');
      draft.uuid = update.uuid;
      break;
    case 'upgrade-format-version':
      if (update['format-version'] !== VIEW_FORMAT_VERSION)
        throw invalid(`Unsupported format version: ${update['format-version']}`);
      return;
    case 'add-schema':
      addSchema(draft, update.schema);
      return;
    case 'set-location': {
      const location = withoutSlash(update.location);
      if (draft.location === location) return;
      draft.location = location;
      break;
    }
    case 'set-properties':
      for (const [name, value] of Object.entries(update.updates)) draft.properties.set(name, value);
      if (Object.keys(update.updates).length === 0) return;
      break;
    case 'remove-properties':
      for (const name of update.removals) draft.properties.delete(name);
      if (update.removals.length === 0) return;
      break;
    case 'add-view-version':
      addVersion(draft, update['view-version']);
      return;
    case 'set-current-view-version':
      setCurrentVersion(draft, update['view-version-id']);
      return;
    default:
      throw usageError(
        'unknown-update',
        `Unknown view update: ${String((update as { action: unknown }).action)}`,
      );
  }
  draft.changed = true;
}

function addSchema(draft: ViewDraft, schema: ProposedSchema): void {
  // A view's schema is not bound to a format version: every type that exists is allowed.
  checkSchema(schema, FORMAT_VERSION_MAX);
  const existing = draft.schemas.find((known) => sameSchema(known, schema));
  // "-1" after this must find the schema even if nothing was added.
  draft.lastAddedSchemaId =
    existing?.['schema-id'] ??
    draft.schemas.reduce((next, known) => Math.max(next, known['schema-id'] + 1), 0);
  if (existing) return;
  draft.schemas = [...draft.schemas, { ...schema, type: 'struct', 'schema-id': draft.lastAddedSchemaId }];
  draft.changed = true;
}

function addVersion(draft: ViewDraft, given: ViewVersion): void {
  if (given['schema-id'] === LAST_ADDED && draft.lastAddedSchemaId === undefined)
    throw invalid('Cannot set last added schema: no schema has been added');
  const schemaId =
    given['schema-id'] === LAST_ADDED ? (draft.lastAddedSchemaId as number) : given['schema-id'];
  const version = { ...given, 'schema-id': schemaId };
  const existing = draft.versions.find((known) => sameVersion(known, version));
  if (existing) {
    draft.lastAddedVersionId = existing['version-id'];
    return;
  }
  if (!draft.schemas.some((schema) => schema['schema-id'] === schemaId))
    throw invalid(`Cannot add version with unknown schema: ${schemaId}`);
  if (version.representations.length === 0) throw invalid('Invalid view version: it has no representations');
  const dialects = new Set<string>();
  for (const { dialect } of version.representations) {
    if (dialects.has(dialect.toLowerCase()))
      throw invalid(`Invalid view version: Cannot add multiple queries for dialect ${dialect.toLowerCase()}`);
    dialects.add(dialect.toLowerCase());
  }
  // The client's id is only a wish: another client may have chosen the same one.
  const id = draft.versions.reduce(
    (next, known) => Math.max(next, known['version-id'] + 1),
    version['version-id'],
  );
  draft.versions = [...draft.versions, { ...version, 'version-id': id }];
  draft.lastAddedVersionId = id;
  draft.addedVersionIds.add(id);
  draft.changed = true;
}

/** Versions are the same if they behave the same; id and time do not matter. */
const sameVersion = (one: ViewVersion, other: ViewVersion): boolean => versionKey(one) === versionKey(other);
const versionKey = (version: ViewVersion): string =>
  JSON.stringify([
    Object.entries(version.summary).sort(([a], [b]) => (a < b ? -1 : 1)),
    version.representations.map(({ type, sql, dialect }) => [type, sql, dialect]),
    version['default-catalog'] ?? null,
    version['default-namespace'],
    version['schema-id'],
  ]);

function setCurrentVersion(draft: ViewDraft, given: number): void {
  if (given === LAST_ADDED && draft.lastAddedVersionId === undefined)
    throw invalid('Cannot set last version id: no current version id has been set');
  const id = given === LAST_ADDED ? (draft.lastAddedVersionId as number) : given;
  if (draft.currentVersionId === id) return;
  const version = draft.versions.find((known) => known['version-id'] === id);
  if (version === undefined) throw invalid(`Cannot set current version to unknown version: ${id}`);
  draft.currentVersionId = id;
  // A version that becomes current again does so now, not when it was made.
  draft.becameCurrent = {
    'version-id': id,
    'timestamp-ms': draft.addedVersionIds.has(id) ? version['timestamp-ms'] : draft.nowMs,
  };
  draft.changed = true;
}

function close(draft: ViewDraft, base: ViewMetadata | undefined): ViewMetadata {
  if (draft.uuid === undefined) throw invalid('Cannot create a view without a uuid');
  if (draft.location === undefined) throw invalid('Cannot create a view without a location');
  const current = draft.versions.find((version) => version['version-id'] === draft.currentVersionId);
  if (current === undefined) throw invalid('Invalid view: no versions were added');
  const previous = base?.versions.find((version) => version['version-id'] === base['current-version-id']);
  if (previous !== undefined && draft.properties.get(DROP_DIALECT)?.toLowerCase() !== 'true')
    checkDialects(previous, current);
  const log = draft.becameCurrent === undefined ? draft.log : [...draft.log, draft.becameCurrent];
  const kept = keptVersions(draft, current);
  return {
    ...base,
    'view-uuid': draft.uuid,
    'format-version': VIEW_FORMAT_VERSION,
    location: draft.location,
    schemas: draft.schemas,
    'current-version-id': current['version-id'],
    versions: draft.versions.filter((version) => kept.has(version['version-id'])),
    // As in a snapshot log, an entry before a gap would look current for too long.
    'version-log': log.slice(log.findLastIndex((entry) => !kept.has(entry['version-id'])) + 1),
    properties: Object.fromEntries(draft.properties),
  };
}

/** The newest versions, as many as the view keeps; in any case the current one and those of this change. */
function keptVersions(draft: ViewDraft, current: ViewVersion): Set<number> {
  const configured = draft.properties.get(HISTORY_SIZE);
  const size = configured === undefined ? HISTORY_SIZE_DEFAULT : Number(configured);
  if (!Number.isInteger(size) || size <= 0)
    throw invalid(`${HISTORY_SIZE} must be positive but was ${configured}`);
  const kept = new Set([...draft.addedVersionIds, current['version-id']]);
  const newestFirst = draft.versions.map((version) => version['version-id']).sort((a, b) => b - a);
  for (const id of newestFirst) if (kept.size < size) kept.add(id);
  return kept;
}

function checkDialects(previous: ViewVersion, current: ViewVersion): void {
  const dialectsOf = (version: ViewVersion): string[] =>
    version.representations.map(({ dialect }) => dialect.toLowerCase());
  const [before, after] = [dialectsOf(previous), dialectsOf(current)];
  if (before.every((dialect) => after.includes(dialect))) return;
  throw invalid(
    `Cannot replace view due to loss of view dialects (${DROP_DIALECT}=false):\nPrevious dialects: [${before.join(', ')}]\nNew dialects: [${after.join(', ')}]`,
  );
}

/** An update that the specification does not allow on this view (400). */
const invalid = (message: string): Error => usageError('invalid-view-update', message);
