// Goal: what DuckDB is not to see of a table is as little as possible. Method: pairs of transform and type, and
// the metadata that a view shows.
import { describe, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { transformTrust } from '../../src/iceberg/trusted-transforms.ts';
import { canHideBounds, NAME_MAPPING, sharedVoids, withoutFields } from '../../src/iceberg/unread-fields.ts';

describe('transformTrust', () => {
  it.each([
    ['bucket[16]', 'uuid', 'wrong'],
    ['bucket[16]', 'decimal(38, 2)', 'right'],
    ['bucket[16]', 'string', 'right'],
    ['truncate[3]', 'string', 'wrong'],
    ['truncate[3]', 'binary', 'right'],
    ['truncate[3]', 'long', 'right'],
    ['truncate[3]', 'decimal(9, 2)', 'wrong'],
    ['truncate[3]', 'decimal(10, 2)', 'right'],
    ['truncate[3]', 'decimal(18,2)', 'right'],
    ['truncate[3]', 'decimal(19, 2)', 'wrong'],
    ['day', 'timestamptz', 'wrong-before-1970'],
    ['month', 'timestamp_ns', 'wrong-before-1970'],
    ['day', 'date', 'right'],
    ['hour', 'timestamptz', 'right'],
    ['year', 'timestamp', 'right'],
    ['identity', 'uuid', 'right'],
    ['void', 'string', 'right'],
  ])('%s of %s: %s', (transform, type, trust) => {
    expect(transformTrust(transform, type)).toBe(trust);
  });
});

describe('withoutFields', () => {
  const field = (id: number, name: string) => ({ id, name, required: false, type: 'string' });
  const partition = (id: number, transform: string) => ({
    'source-id': 1,
    'field-id': id,
    name: `p${id}`,
    transform,
  });
  const metadata = {
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [field(1, 'a'), field(2, 'b')] }],
    'current-schema-id': 0,
    'last-partition-id': 1001,
    'partition-specs': [
      { 'spec-id': 0, fields: [partition(1000, 'truncate[3]'), partition(1001, 'identity')] },
      { 'spec-id': 1, fields: [partition(1000, 'bucket[4]')] },
    ],
    properties: { kept: 'yes' },
  } as unknown as TableMetadata;

  it('makes the fields of that spec void, under ids of their own, and maps the other columns', () => {
    const shown = withoutFields(metadata, {
      partitionFields: [{ specId: 0, fieldId: 1000 }],
      columns: [2],
    });
    expect(shown['partition-specs']).toEqual([
      { 'spec-id': 0, fields: [{ ...partition(1002, 'void'), name: 'p1000' }, partition(1001, 'identity')] },
      { 'spec-id': 1, fields: [partition(1000, 'bucket[4]')] },
    ]);
    expect(shown.properties).toEqual({ kept: 'yes', [NAME_MAPPING]: '[{"field-id":1,"names":[]}]' });
  });

  it('leaves a name mapping of the table alone: files without ids are read by it', () => {
    expect(canHideBounds(metadata)).toBe(true);
    expect(canHideBounds({ properties: { [NAME_MAPPING]: '[]' } })).toBe(false);
  });
});

describe('sharedVoids', () => {
  it('are void fields whose id has values in another spec', () => {
    const field = (id: number, transform: string) => ({
      'field-id': id,
      'source-id': 1,
      name: `p${id}`,
      transform,
    });
    const metadata = {
      'partition-specs': [
        { 'spec-id': 0, fields: [field(1000, 'year'), field(1001, 'void')] },
        { 'spec-id': 1, fields: [field(1000, 'void'), field(1001, 'void'), field(1002, 'identity')] },
      ],
    } as unknown as TableMetadata;
    expect(sharedVoids(metadata)).toEqual([{ specId: 1, fieldId: 1000 }]);
  });
});
