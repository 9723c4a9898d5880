/**
 * Checks what a commit requires of the table it was prepared on. Metadata + requirements -> nothing, or a
 * conflict. Pure. Messages follow Apache Iceberg's `UpdateRequirement`, because clients compare them.
 */
import { conflict, usageError } from '../model/errors.ts';
import type { TableMetadata } from './table-metadata.ts';
import type { TableRequirement } from './table-update.ts';

/**
 * Checks every requirement against the table as it is now.
 * @param metadata the table, or `undefined` when it does not exist.
 * @throws PsybergError `commit-conflict` (retryable) when one fails; `unknown-requirement` for a type outside
 * the specification.
 */
export function checkRequirements(
  metadata: TableMetadata | undefined,
  requirements: readonly TableRequirement[],
): void {
  const creates = requirements.some((requirement) => requirement.type === 'assert-create');
  if (creates && requirements.length > 1) {
    // Iceberg REST specification: nothing else can be required of a table that does not exist yet.
    throw usageError(
      'invalid-table-update',
      `Invalid create requirements: ${requirements.map((requirement) => requirement.type).join(', ')}`,
    );
  }
  for (const requirement of requirements) checkRequirement(metadata, requirement);
}

function checkRequirement(metadata: TableMetadata | undefined, requirement: TableRequirement): void {
  if (requirement.type === 'assert-create') {
    if (metadata !== undefined) throw failed('table already exists');
    return;
  }
  if (metadata === undefined) throw failed('table does not exist');
  switch (requirement.type) {
    case 'assert-table-uuid':
      // A table of version 1 may have no uuid.
      if (requirement.uuid.toLowerCase() !== String(metadata['table-uuid']).toLowerCase()) {
        throw failed(`UUID does not match: expected ${metadata['table-uuid']} != ${requirement.uuid}`);
      }
      return;
    case 'assert-ref-snapshot-id':
      checkRef(metadata, requirement.ref, requirement['snapshot-id']);
      return;
    case 'assert-last-assigned-field-id':
      checkId('last assigned field id', requirement['last-assigned-field-id'], metadata['last-column-id']);
      return;
    case 'assert-current-schema-id':
      checkId('current schema', requirement['current-schema-id'], metadata['current-schema-id']);
      return;
    case 'assert-last-assigned-partition-id':
      checkId(
        'last assigned partition id',
        requirement['last-assigned-partition-id'],
        metadata['last-partition-id'],
      );
      return;
    case 'assert-default-spec-id':
      checkId('default partition spec', requirement['default-spec-id'], metadata['default-spec-id']);
      return;
    case 'assert-default-sort-order-id':
      checkId('default sort order', requirement['default-sort-order-id'], metadata['default-sort-order-id']);
      return;
    default:
      // Anybody can send this: an unknown requirement must never count as met.
      throw usageError(
        'unknown-requirement',
        `Unknown table requirement: ${String((requirement as { type: unknown }).type)}`,
      );
  }
}

function checkRef(metadata: TableMetadata, name: string, expected: bigint | null): void {
  const ref = metadata.refs && Object.hasOwn(metadata.refs, name) ? metadata.refs[name] : undefined;
  if (ref === undefined) {
    if (expected !== null) throw failed(`branch or tag ${name} is missing, expected ${expected}`);
    return;
  }
  if (expected === null) throw failed(`${ref.type} ${name} was created concurrently`);
  if (ref['snapshot-id'] !== expected)
    throw failed(`${ref.type} ${name} has changed: expected id ${expected} != ${ref['snapshot-id']}`);
}

function checkId(what: string, expected: number, found: number): void {
  if (expected !== found) throw failed(`${what} changed: expected id ${expected} != ${found}`);
}

function failed(reason: string): Error {
  return conflict('commit-conflict', `Requirement failed: ${reason}`, {
    hint: 'load the table again and repeat the change on what it is now',
  });
}
