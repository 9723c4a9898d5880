// Goal: what is read of a small manifest without DuckDB means to every question what DuckDB reads of it. Method:
// random manifests, each question over the entries that are known and over the files.
import { existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hoursOfManifests,
  renderStatement,
  statement,
  statementFragment,
} from '../../src/statements/index.ts';
import { knownEntries, listedFiles, queryBounds, queryHours } from '../../src/tables/read/known-entries.ts';
import { engineInFolder } from '../support/engine-in-folder.ts';
import { propertySeed } from '../support/property-seed.ts';

const { engine, folder } = await engineInFolder('psyberg-known-');

let written = 0;
async function write(entries: readonly string[]): Promise<string> {
  written += 1;
  const path = join(folder, `${written}.avro`);
  const query = entries.join(' union all ');
  await engine.execute({ sql: `copy (${query}) to '${path}' (format avro)`, parameters: {} });
  return path;
}

const HOUR = { us: 3_600_000_000n, ns: 3_600_000_000_000n, ms: 3_600_000n, s: 3600n, day: 1n } as const;
/** 2023-09-14T05:00Z, in hours since 1970. */
const FIVE = 470_765;

const hour = fc.constantFrom(FIVE - 20_000_000, -5, 0, FIVE - 24, FIVE - 1, FIVE, FIVE + 1, FIVE + 30);
const unit = fc.constantFrom('us', 'ns', 'ms', 's', 'day' as const);
/** A bound: of an hour and a bit, missing, or of a width of its own. */
const bound = fc.record({
  hour,
  more: fc.constantFrom(0n, 1n, 7n),
  width: fc.constantFrom(8, 8, 8, 4, 2, 0),
});
const PARTITIONS = {
  none: { type: 'void', value: () => 'null::integer' },
  hour: { type: 'hour', value: (at: number) => `{'h': ${at}::integer}` },
  day: { type: 'day', value: (at: number) => `{'d': date '1970-01-01' + ${Math.floor(at / 24)}::integer}` },
  month: { type: 'month', value: (at: number) => `{'m': ${Math.floor(at / 730)}::integer, 's': 'a"''ü'}` },
  text: {
    type: 'void',
    value: (at: number) => `{'s': ${at % 2 === 0 ? "'\\\\x'" : 'null::varchar'}, 'n': ${at}::bigint}`,
  },
  decimal: { type: 'void', value: (at: number) => `{'c': ${at % 100}::decimal(9, 2)}` },
} as const;
const file = fc.record({
  status: fc.constantFrom(0, 1, 2),
  snapshot: fc.constantFrom('null', '9007199254740993'),
  rows: fc.constantFrom(0, 1, 3),
  nulls: fc.constantFrom(undefined, 0, 1, 3),
  lower: bound,
  upper: bound,
  partitionHour: fc.constantFrom(FIVE - 1, FIVE, FIVE + 1),
  text: fc.constantFrom('61', 'C3BC', 'C3', 'FF', ''),
  otherText: fc.constantFrom('61', '62', 'C3BC', 'E2', ''),
  nan: fc.constantFrom(undefined, 0, 2),
  floatWidth: fc.constantFrom(4, 8),
});
type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

/** Field ids: 1 the event time, 4 a text, 5 a double. */
function entry(
  { lower, upper, ...of }: File,
  index: number,
  {
    unit: counted,
    partition,
  }: { readonly unit: keyof typeof HOUR; readonly partition: keyof typeof PARTITIONS },
): string {
  const stored = (each: typeof lower): string[] => {
    const value = (BigInt(each.hour) * HOUR[counted]) / (counted === 'day' ? 24n : 1n) + each.more;
    const width = each.width;
    return width === 0 ? [] : [`{'key': 1, 'value': iceberg_bytes(${BigInt.asIntN(64, value)}, ${width})}`];
  };
  const map = (pairs: readonly string[], type: string): string =>
    pairs.length === 0 ? `map([], [])::map(integer, ${type})` : `map_from_entries([${pairs.join(', ')}])`;
  const bounds = (each: typeof lower, text: string): string =>
    map(
      [
        ...stored(each),
        ...(text === '' ? [] : [`{'key': 4, 'value': unhex('${text}')}`]),
        `{'key': 5, 'value': unhex('${'00'.repeat(of.floatWidth)}')}`,
      ],
      'blob',
    );
  const count = (id: number, value: number | undefined): string[] =>
    value === undefined ? [] : [`{'key': ${id}, 'value': ${value}::bigint}`];
  return `select ${of.status} as status, ${of.snapshot}::bigint as snapshot_id, struct_pack(
    content := 0, file_path := '/t/data/${index} "ü''.parquet', file_format := 'PARQUET',
    partition := ${PARTITIONS[partition].value(of.partitionHour)}, record_count := ${of.rows}::bigint,
    file_size_in_bytes := 9::bigint, null_value_counts := ${map(count(1, of.nulls), 'bigint')},
    nan_value_counts := ${map(count(5, of.nan), 'bigint')},
    lower_bounds := ${bounds(lower, of.text)}, upper_bounds := ${bounds(upper, of.otherText)}) as data_file`;
}

const inOrder = (rows: readonly unknown[]): string[] =>
  rows
    .map((row) => JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)))
    .sort();

describe('entries that are known', () => {
  it('answer every question as their manifests do', async () => {
    let known = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(file, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        unit,
        fc.constantFrom(...(Object.keys(PARTITIONS) as (keyof typeof PARTITIONS)[])),
        fc.constantFrom('timestamptz', 'timestamp', 'date', 'long'),
        async (contents, counted, partition, type) => {
          const manifests: string[] = [];
          for (const [at, files] of contents.entries())
            manifests.push(
              await write(
                files.map((each, index) => entry(each, at * 10 + index, { unit: counted, partition })),
              ),
            );
          if (knownEntries(manifests) !== undefined) known += 1;
          const column = { manifests, field_id: 1, unit: counted, type };
          const field = {
            partition_position: PARTITIONS[partition].type === 'void' ? 0 : 1,
            partition_transform: PARTITIONS[partition].type,
          };
          const hours = { first_hours: [FIVE - 1, FIVE + 30], last_hours: [FIVE, FIVE + 40] };
          const ids = { text_ids: [4], byte_ids: [4], number_ids: [5], double_ids: [5] };
          const [files, placed, misleading, bounds] = [
            { ...column, statuses: [1, 2] },
            { ...column, ...field, ...hours },
            { ...column, ...field },
            { manifests, ...ids },
          ] as const;
          expect(inOrder(await queryHours(engine, 'tables/data_files', files))).toEqual(
            inOrder(await engine.query(statement('tables/data_files', hoursOfManifests()), files)),
          );
          expect(inOrder(await queryHours(engine, 'tables/files_in_hours', placed))).toEqual(
            inOrder(await engine.query(statement('tables/files_in_hours', hoursOfManifests()), placed)),
          );
          expect(inOrder(await queryHours(engine, 'tables/misleading_manifests', misleading))).toEqual(
            inOrder(
              await engine.query(statement('tables/misleading_manifests', hoursOfManifests()), misleading),
            ),
          );
          const entries = statementFragment(renderStatement('fragments/bounds_of_manifests'));
          expect(inOrder(await queryBounds(engine, bounds))).toEqual(
            inOrder(await engine.query(statement('tables/misleading_bounds', { entries }), bounds)),
          );
          expect(inOrder(await listedFiles(engine, manifests))).toEqual(
            inOrder(await engine.query(statement('tables/listed_files'), { manifests })),
          );
        },
      ),
      { numRuns: 30, ...propertySeed() },
    );
    expect(known).toBeGreaterThan(10);
  });

  it('are none of a manifest that is gone, or that ends too early: DuckDB says so', async () => {
    const one = { status: 1, snapshot: 'null', rows: 1, nulls: 0, partitionHour: FIVE, nan: 0 } as const;
    const at = { hour: FIVE, more: 0n, width: 8 } as const;
    const text = { text: '61', otherText: '61', floatWidth: 8 } as const;
    const manifest = await write([
      entry({ ...one, ...text, lower: at, upper: at }, 1, { unit: 'us', partition: 'hour' }),
    ]);
    const asked = { manifests: [manifest], field_id: 1, unit: 'us', type: 'timestamptz', statuses: [1] };
    expect(await queryHours(engine, 'tables/data_files', asked)).toHaveLength(1);
    truncateSync(manifest, 900);
    await expect(queryHours(engine, 'tables/data_files', asked)).rejects.toMatchObject({
      code: 'sql-failed',
    });
    rmSync(manifest);
    expect(existsSync(manifest)).toBe(false);
    await expect(queryHours(engine, 'tables/data_files', asked)).rejects.toMatchObject({
      code: 'sql-failed',
    });
  });
});
