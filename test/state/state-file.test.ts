// Goal: the file of a state table that is written without DuckDB holds what the one that it writes holds, under the
// same columns. Method: random rows of every state table, both ways, read again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NestedField } from '../../src/iceberg/table-metadata.ts';
import { stateFile } from '../../src/state/state-file.ts';
import { AUDIT_FAILURE } from '../../src/state/tables/audit-failure.ts';
import { FILE } from '../../src/state/tables/file.ts';
import { HIGH_WATER_MARK } from '../../src/state/tables/high-water-mark.ts';
import { SESSION } from '../../src/state/tables/session.ts';
import { SIGNAL } from '../../src/state/tables/signal.ts';
import type { StateRow } from '../../src/state/tables/state-table.ts';
import { fieldIdsFragment, NOTHING, statement, statementFragment } from '../../src/statements/index.ts';
import { engineInFolder } from '../support/engine-in-folder.ts';
import { propertySeed } from '../support/property-seed.ts';

const { engine, folder } = await engineInFolder('psyberg-state-file-');

const VALUES: Readonly<Record<string, readonly (string | number)[]>> = {
  string: ['', 'a', 'ü\'"\n', '[]', 'x'.repeat(5000), '👩‍👩‍👧'],
  int: ['0', '-1', '2147483647', 7],
  long: ['9007199254740993', '-9223372036854775808', '0'],
  date: ['2023-09-14', '1969-12-31', '0001-01-01'],
  timestamptz: ['2023-09-14T05:00:00.123Z', '1969-12-31T23:59:59Z', '2023-09-14T05:00:00.123456Z'],
};
const TABLES = { AUDIT_FAILURE, FILE, HIGH_WATER_MARK, SESSION, SIGNAL };

const tableOf = async (sql: string, file: string): Promise<unknown> => {
  const { columns, rows } = await engine.table({ sql, parameters: { file } });
  return { columns, rows };
};
const read = async (file: string): Promise<unknown> => [
  await tableOf('from read_parquet($file)', file),
  await tableOf(
    'select name, type, field_id, repetition_type from parquet_schema($file) where num_children is null',
    file,
  ),
];

describe('a file of a state table', () => {
  it('holds the same rows under the same columns, whoever writes it', async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(TABLES) as (keyof typeof TABLES)[])),
        fc.array(fc.array(fc.option(fc.nat()), { minLength: 40, maxLength: 40 }), {
          minLength: 1,
          maxLength: 3,
        }),
        async (name, picks) => {
          const table = TABLES[name];
          const fields: NestedField[] = table.columns.map((column, index) => ({
            id: 2 * index + 1,
            name: column.name,
            type: column.type as NestedField['type'],
            required: false,
          }));
          const rows = picks.map(
            (pick): StateRow =>
              Object.fromEntries(
                table.columns.map(({ name: column, type }, index) => {
                  const [at, values] = [pick[index] ?? null, VALUES[type] as readonly string[]];
                  return [column, at === null ? null : (values[at % values.length] as string)];
                }),
              ),
          );
          written += 1;
          const [here, byDuckdb] = [join(folder, `${written}.parquet`), join(folder, `${written}-d.parquet`)];
          const file = await stateFile(fields, rows);
          if (file === undefined) throw new Error('it was left to DuckDB');
          writeFileSync(here, file);
          await engine.query(
            statement('state/write_file', {
              rows: statementFragment(table.rowsQuery()),
              kept: NOTHING,
              field_ids: fieldIdsFragment(fields),
            }),
            { rows: JSON.stringify(rows), destination: byDuckdb },
          );
          expect(await read(here)).toEqual(await read(byDuckdb));
        },
      ),
      { numRuns: 25, ...propertySeed() },
    );
  });

  it('is left to DuckDB where a value is spelled otherwise, or of a column that somebody added', async () => {
    const fields = [{ id: 1, name: 'at', required: false, type: 'timestamptz' }] as const;
    expect(await stateFile(fields, [{ at: '2023-09-14T05:00:00+02:00' }])).toBeUndefined();
    expect(await stateFile([{ ...fields[0], type: 'double' }], [{ at: null }])).toBeUndefined();
  });
});
