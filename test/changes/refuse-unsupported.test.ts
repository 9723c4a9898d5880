// Goal: a source that DuckDB cannot read is said to be one. Method: metadata and files as data.
import { describe, expect, it } from 'vitest';
import { refuseOtherFormats, refuseUnsupported } from '../../src/changes/refuse-unsupported.ts';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';

describe('a source that DuckDB cannot read', () => {
  const metadata = (version: number, ...names: string[]): TableMetadata =>
    ({
      'format-version': version,
      'current-schema-id': 0,
      schemas: [
        { 'schema-id': 0, type: 'struct', fields: names.map((name, id) => ({ id, name, type: 'long' })) },
      ],
    }) as unknown as TableMetadata;
  const withColumn = (type: unknown): TableMetadata => {
    const [schema] = metadata(3, 'a').schemas;
    const fields = [...(schema?.fields ?? []), { id: 7, name: 'b', type, required: false }];
    return { ...metadata(3), schemas: [{ ...schema, fields }] } as unknown as TableMetadata;
  };
  const thrown = (call: () => void): unknown => {
    try {
      call();
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('is named with what is wrong and what to do about it', () => {
    expect(thrown(() => refuseUnsupported('raw.t', metadata(3, 'a', 'b')))).toBeUndefined();
    expect(thrown(() => refuseUnsupported('raw.t', metadata(2, 'a', 'b', 'A')))).toMatchObject({
      code: 'source-unsupported',
      kind: 'usage',
      message: expect.stringContaining('the source raw.t has the columns a and A'),
      hint: expect.stringContaining('alter table raw.t rename column A to A_2'),
    });
    expect(thrown(() => refuseUnsupported('raw.t', metadata(4, 'a')))).toMatchObject({
      code: 'source-unsupported',
      message: 'the source raw.t is of Iceberg format version 4; versions 1 to 3 can be read',
    });
    const list = { type: 'list', 'element-id': 8, element: 'timestamptz_ns', 'element-required': false };
    for (const [type, column, found] of [
      ['unknown', 'b', 'unknown'],
      ['geography(srid:4326, spherical)', 'b', 'geography(srid:4326, spherical)'],
      [list, 'b.element', 'timestamptz_ns'],
    ])
      expect(thrown(() => refuseUnsupported('raw.t', withColumn(type)))).toMatchObject({
        code: 'source-unsupported',
        kind: 'usage',
        message: expect.stringContaining(`the source raw.t has the column ${column} of the type ${found},`),
        hint: expect.stringMatching(new RegExp(`^drop ${column}, .*nothing was moved$`)),
        context: { table: 'raw.t', column, found },
      });
    for (const type of ['variant', 'geometry', 'timestamp_ns', 'fixed[4]'])
      expect(thrown(() => refuseUnsupported('raw.t', withColumn(type)))).toBeUndefined();
    expect(
      thrown(() => refuseOtherFormats('raw.t', [{ path: '/a', file_format: 'parquet' }])),
    ).toBeUndefined();
    expect(thrown(() => refuseOtherFormats('raw.t', [{ path: '/a.orc', file_format: 'ORC' }]))).toMatchObject(
      {
        code: 'source-unsupported',
        message: expect.stringContaining(
          'data files of the format ORC, and DuckDB reads Parquet alone: /a.orc',
        ),
        hint: expect.stringContaining('write.format.default=parquet'),
      },
    );
  });
});
