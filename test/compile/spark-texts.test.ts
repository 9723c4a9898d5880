// Goal: a text that a Spark shell runs holds the process's query as it is written. Method: texts of a dimension whose
// query spells what a session calls its tables, without a Spark.
import { expect, it } from 'vitest';
import { SPARK } from '../../src/compile/index.ts';
import { acceptedValues } from '../../src/kinds/audits/accepted-values.ts';
import type { LayoutType } from '../../src/model/file-layout.ts';
import { identifierFragment } from '../../src/statements/index.ts';
import { planOf, type SessionData, specOf } from '../support/session-data.ts';

it('the hours of a dimension go to a table of the shell, and the query stays as it is', () => {
  const sql = `select ts, '"psyberg_session"."collected"."some"' as note from s union by name select * from previous`;
  const data: SessionData = {
    pattern: 'dimension',
    sources: { s: { added: [[3, 4]], vtts: 4 } },
    completeTo: 2,
    spec: { engine: 'spark', sql },
  };
  const request = { shape: { columns: [], fitsTarget: true }, asked: 'session', keptRows: 10 } as const;
  const { load } = SPARK.look.texts(planOf(data), specOf(data), request);
  expect(load.split(sql)).toHaveLength(3);
  expect(load.match(/^insert into .*$/gm)).toEqual([
    'insert into "psyberg_hours" by name',
    'insert into "psyberg_hours" by name',
  ]);
  // The first hour goes on from the target, the second from the first one.
  expect(load.match(/"psyberg_session"\."previous"\."some"/g)).toHaveLength(1);
  expect(load.replaceAll(sql, '')).not.toContain('"collected"');
});

it('accepted values have the type of their column, as far as the target is there', () => {
  const audit = acceptedValues.read({ column: 'X', values: [0.1] }, {} as never);
  const scope = { engine: 'spark', staged: identifierFragment('staged') } as const;
  const text = (type: LayoutType | undefined): string =>
    acceptedValues.compile(
      { ...audit, name: 'a', kind: 'accepted_values', severity: 'block' } as never,
      {
        ...scope,
        typeOf: (column: string) => (column === 'X' ? type : undefined),
      } as never,
    );
  // Spark takes a float and a text for double-precision numbers by itself.
  expect(text('float')).toContain('staged."X" = cast(accepted.value as float)');
  expect(text('decimal(20, 1)')).toContain('cast(accepted.value as decimal(20, 1))');
  expect(text(undefined)).toMatch(/staged\."X" = accepted\.value\n/);
});
