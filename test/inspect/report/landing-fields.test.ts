// Goal: what partitions say of landing is found where it stands, and nowhere else. Method: specs as values.
import { expect, it } from 'vitest';
import type { TableMetadata } from '../../../src/iceberg/table-metadata.ts';
import { landedHourOf, landingFieldsOf } from '../../../src/inspect/report/landing-fields.ts';

const COLUMNS = [
  ['ts', 'timestamp'],
  ['landing_date', 'date'],
  ['landing_hour', 'int'],
  ['loaded_at', 'timestamptz'],
  ['dt', 'string'],
  ['hr', 'string'],
  ['country', 'string'],
] as const;

function fields(...of: readonly (readonly [column: string, transform: string])[]) {
  const metadata = {
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields: COLUMNS.map(([name, type], index) => ({ id: index + 1, name, type, required: false })),
      },
    ],
    'current-schema-id': 0,
  } as unknown as TableMetadata;
  const spec = {
    'spec-id': 0,
    fields: of.map(([column, transform], index) => ({
      'source-id': COLUMNS.findIndex(([name]) => name === column) + 1,
      'field-id': 1000 + index,
      name: `p${index}`,
      transform,
    })),
  };
  return landingFieldsOf(metadata, spec, 1);
}

it('a day and an hour of the day, or the hour of another time', () => {
  const both = fields(['country', 'identity'], ['landing_date', 'identity'], ['landing_hour', 'identity']);
  expect(both).toEqual({ day: 'p1', hour: 'p2', columns: ['landing_date', 'landing_hour'] });
  expect(landedHourOf({ p0: 'DE', p1: '1970-01-02', p2: 6 }, both ?? { hour: '', columns: [] })).toBe(30);
  const texts = fields(['dt', 'identity'], ['hr', 'identity']);
  expect(landedHourOf({ p0: '1970-01-02', p1: '06' }, texts ?? { hour: '', columns: [] })).toBe(30);
  expect(fields(['loaded_at', 'hour'])).toEqual({ hour: 'p0', columns: ['hour(loaded_at)'] });
});

it('neither the event time, nor a day alone, nor a value that is no hour', () => {
  expect(fields(['ts', 'hour'])).toBeUndefined();
  expect(fields(['landing_date', 'identity'])).toBeUndefined();
  expect(fields(['landing_hour', 'identity'])).toBeUndefined();
  for (const tuple of [
    { p0: '1970-01-02', p1: 25 },
    { p0: 'monday', p1: 3 },
    { p0: null, p1: 3 },
    { p0: '1970-01-02' },
  ])
    expect(landedHourOf(tuple, { day: 'p0', hour: 'p1', columns: [] })).toBeUndefined();
});
