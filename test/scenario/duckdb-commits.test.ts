// Goal: what DuckDB writes into a table is what every reader can use, or is refused before anybody sees it.
// Method: statements of `psyberg sql` over values that DuckDB 1.5.5 is known to write wrongly; what was committed
// is read from the manifests.
import { expect, it } from 'vitest';
import { type World, worldForTest } from '../support/world.ts';

/** Of the head's entries: status, partition, and the bounds of the first column. */
async function entriesOf(world: World, table: string): Promise<Record<string, unknown>[]> {
  const engine = await world.psyberg.internals.engine();
  const list = (await world.history(table)).at(-1)?.['manifest-list'] as string;
  const manifests = await engine.query<{ manifest_path: string; manifest_length: bigint }>({
    sql: 'select manifest_path, manifest_length from read_avro($list)',
    parameters: { list },
  });
  const entries: Record<string, unknown>[] = [];
  for (const { manifest_path: manifest, manifest_length } of manifests) {
    const [file] = await engine.query({
      sql: 'select size from read_blob($manifest)',
      parameters: { manifest },
    });
    expect(manifest_length).toBe(file?.['size']);
    entries.push(
      ...(await engine.query({
        sql: 'select status, data_file.partition::varchar as partition, hex(data_file.lower_bounds[1]) as lower from read_avro($manifest) order by all',
        parameters: { manifest },
      })),
    );
  }
  return entries;
}

const CUT = "'AAAAAAAAAAAAAAA\u2022 the 16th byte is the first of three'";

it('texts: bounds are cut after characters, and truncated ones after code points', async () => {
  const world = await worldForTest();
  await world.create('raw.texts', 'k varchar, id bigint', { partitionedBy: 'truncate(3, k)' });
  await world.land(
    'raw.texts',
    `values (${CUT}, 1), ('🇩🇪🇫🇷🇯🇵', 2), ('e\u0301cole', 3), ('plain', 4), (null, 5)`,
  );
  const entries = await entriesOf(world, 'raw.texts');
  expect(entries.map((entry) => entry['status'])).toEqual([1, 1, 1, 1, 1]);
  expect(entries.map((entry) => entry['partition'])).toEqual(
    ['AAA', 'NULL', 'e\u0301c', 'pla', '🇩🇪🇫'].map((text) => expect.stringContaining(`: ${text}}`)),
  );
  const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();
  expect(entries.map((entry) => entry['lower'])).toEqual([
    null,
    null,
    hex('e\u0301cole'),
    hex('plain'),
    hex('🇩🇪🇫🇷'),
  ]);
  expect(await world.rows("select id from raw.texts where k > 'A'")).toHaveLength(4);
  // A table that is made of a query, and rows that are changed.
  await world.sql(`create table raw.made with ('format-version' = '3') as select ${CUT} as k`);
  await world.sql("insert into raw.made values ('b')");
  await world.sql(`update raw.made set k = ${CUT} where k = 'b'`);
  expect((await entriesOf(world, 'raw.made')).map((entry) => entry['lower'])).not.toContain(
    Buffer.from('AAAAAAAAAAAAAAA\u2022').subarray(0, 16).toString('hex').toUpperCase(),
  );
  expect(await world.rows("select k from raw.made where k > 'A'")).toHaveLength(2);
});

it('what cannot be put right is refused, with the way on', async () => {
  const world = await worldForTest();
  await world.create('raw.old', 'id bigint', { formatVersion: '1' });
  await world.land('raw.old', 'values (1)');
  await expect(world.sql('insert into raw.old values (2)')).rejects.toMatchObject({
    code: 'catalog-refused',
    kind: 'refused',
    message: expect.stringContaining('raw.old is of Iceberg format version 1'),
    hint: expect.stringContaining(`psyberg sql "alter table raw.old set ('format-version' = '2')"`),
  });
  expect(await world.rows('select id from raw.old')).toEqual(['["1"]']);
  await world.sql("alter table raw.old set ('format-version' = '2')");
  await world.sql('insert into raw.old values (2)');
  expect(await world.rows('select id from raw.old')).toEqual(['["1"]', '["2"]']);

  await world.create('raw.ids', 'id uuid', { partitionedBy: 'bucket(4, id)' });
  await expect(world.land('raw.ids', 'values (uuid())')).rejects.toMatchObject({
    code: 'catalog-refused',
    message: expect.stringContaining('raw.ids is partitioned by bucket[4] of id (uuid)'),
  });
  await expect(
    world.sql(
      "create table raw.nanos partitioned by (bucket(4, t)) with ('format-version' = '3') as select timestamp_ns '2023-09-14' as t",
    ),
  ).rejects.toMatchObject({ code: 'catalog-refused' });
});
