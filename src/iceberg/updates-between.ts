/**
 * Finds the updates that turn one state of a table into another: several commits as one. Metadata + metadata
 * -> updates and what they require of the table. Pure. What came and went in between is left out.
 */
import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../model/errors.ts';
import type { Snapshot, SnapshotId, SnapshotReference, TableMetadata } from './table-metadata.ts';
import type { TableRequirement, TableUpdate } from './table-update.ts';

export interface TableChange {
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}

/**
 * The requirements name the references and the schema that the updates replace, as `before` has them. `after`
 * was made from `before` by updates: snapshots, references, schemas, properties and the format version may
 * differ.
 * @throws PsybergError `unsupported` if anything else does.
 */
export function updatesBetween(before: TableMetadata, after: TableMetadata): TableChange {
  refuseOthers(before, after);
  const refs = changedRefs(before, after);
  const schemas = schemaUpdates(before, after);
  return {
    requirements: [
      { type: 'assert-table-uuid', uuid: before['table-uuid'] },
      ...refs.map(
        ({ name }): TableRequirement => ({
          type: 'assert-ref-snapshot-id',
          ref: name,
          'snapshot-id': before.refs?.[name]?.['snapshot-id'] ?? null,
        }),
      ),
      ...(schemas.length === 0 ? [] : schemaRequirements(before)),
    ],
    updates: [
      ...(after['format-version'] === before['format-version']
        ? []
        : [{ action: 'upgrade-format-version' as const, 'format-version': after['format-version'] }]),
      ...schemas,
      ...propertyUpdates(before.properties ?? {}, after.properties ?? {}),
      ...newSnapshots(before, after).map((snapshot) => ({ action: 'add-snapshot' as const, snapshot })),
      ...refs.map(refUpdate),
      ...removal(before, after),
    ],
  };
}

/**
 * Refuses changes to fields that no commit of a session makes: an update that is left out would be lost
 * without a word.
 */
function refuseOthers(before: TableMetadata, after: TableMetadata): void {
  const fixed = [
    'table-uuid',
    'location',
    'partition-specs',
    'default-spec-id',
    'sort-orders',
    'default-sort-order-id',
  ] as const;
  const other = fixed.find((field) => !isDeepStrictEqual(before[field], after[field]));
  if (other !== undefined)
    throw usageError('unsupported', `A change of ${other} cannot be committed together with others`);
}

interface ChangedRef {
  readonly name: string;
  /** Undefined if it was removed. */
  readonly ref: SnapshotReference | undefined;
}

function changedRefs(before: TableMetadata, after: TableMetadata): ChangedRef[] {
  const names = new Set([...Object.keys(before.refs ?? {}), ...Object.keys(after.refs ?? {})]);
  return [...names].flatMap((name) => {
    const ref = after.refs?.[name];
    return isDeepStrictEqual(before.refs?.[name], ref) ? [] : [{ name, ref }];
  });
}

const refUpdate = ({ name, ref }: ChangedRef): TableUpdate =>
  ref === undefined
    ? { action: 'remove-snapshot-ref', 'ref-name': name }
    : { action: 'set-snapshot-ref', 'ref-name': name, ...ref };

/** If the last column id were not required, another schema could have taken the same ids meanwhile. */
const schemaRequirements = (before: TableMetadata): TableRequirement[] => [
  { type: 'assert-current-schema-id', 'current-schema-id': before['current-schema-id'] },
  { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': before['last-column-id'] },
];

function schemaUpdates(before: TableMetadata, after: TableMetadata): TableUpdate[] {
  const known = new Set(before.schemas.map((schema) => schema['schema-id']));
  const kept = new Set(after.schemas.map((schema) => schema['schema-id']));
  const gone = [...known].filter((id) => !kept.has(id));
  return [
    ...after.schemas
      .filter((schema) => !known.has(schema['schema-id']))
      .map((schema): TableUpdate => ({ action: 'add-schema', schema })),
    ...(after['current-schema-id'] === before['current-schema-id']
      ? []
      : [{ action: 'set-current-schema' as const, 'schema-id': after['current-schema-id'] }]),
    ...(gone.length === 0 ? [] : [{ action: 'remove-schemas' as const, 'schema-ids': gone }]),
  ];
}

type Properties = Readonly<Record<string, string>>;

function propertyUpdates(before: Properties, after: Properties): TableUpdate[] {
  const set = Object.entries(after).filter(([key, value]) => before[key] !== value);
  const removals = Object.keys(before).filter((key) => !(key in after));
  return [
    ...(set.length === 0 ? [] : [{ action: 'set-properties' as const, updates: Object.fromEntries(set) }]),
    ...(removals.length === 0 ? [] : [{ action: 'remove-properties' as const, removals }]),
  ];
}

/** Ordered by their sequence numbers: a table accepts them only in this order. */
function newSnapshots(before: TableMetadata, after: TableMetadata): Snapshot[] {
  const known = idsOf(before);
  const number = (snapshot: Snapshot): bigint => snapshot['sequence-number'] ?? 0n;
  return (after.snapshots ?? [])
    .filter((snapshot) => !known.has(snapshot['snapshot-id']))
    .toSorted((one, other) => (number(one) < number(other) ? -1 : 1));
}

function removal(before: TableMetadata, after: TableMetadata): TableUpdate[] {
  const kept = idsOf(after);
  const ids = [...idsOf(before)].filter((id) => !kept.has(id));
  return ids.length === 0 ? [] : [{ action: 'remove-snapshots', 'snapshot-ids': ids }];
}

const idsOf = ({ snapshots = [] }: TableMetadata): Set<SnapshotId> =>
  new Set(snapshots.map((snapshot) => snapshot['snapshot-id']));
