// Goal: who has copied a warehouse is told how to work on the copy. Method: reports as values.
import { expect, it } from 'vitest';
import type { RelocateReport } from '../../src/model/relocate-record.ts';
import { relocateText } from '../../src/report/relocate-report.ts';

const copiedTo = (to: string): string =>
  relocateText({
    from: '/lake/warehouse',
    to,
    copied: true,
    dry_run: false,
    warehouse: '/lake/warehouse',
    tables: [],
    namespaces: [],
    forgotten: [],
    files: { copied: 2, already_there: 0, bytes: '10' },
  } as unknown as RelocateReport);

it('names the pointers of a copy where they lie apart from it', () => {
  expect(copiedTo('s3://bucket/lake')).toMatch(
    /write "warehouse: s3:\/\/bucket\/lake" under catalog in psyberg.yaml, with the state or database of its pointers$/m,
  );
  expect(copiedTo('/data/lake')).toMatch(
    /write "warehouse: \/data\/lake" under catalog in psyberg.yaml, with its --database if you gave one$/m,
  );
});
