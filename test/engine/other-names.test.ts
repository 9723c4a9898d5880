// Goal: a connection can call a catalog by another name, and nothing else of a text changes.
import { describe, expect, it } from 'vitest';
import { withOtherNames, withWrittenNames } from '../../src/engine/other-names.ts';

const NAMES = new Map([['psyberg_session', 'psyberg_sess_01']]);

describe('another name', () => {
  it('stands where the catalog is named', () => {
    expect(withOtherNames('from "psyberg_session"."sources"."e" join "psyberg_session".x.y', NAMES)).toBe(
      'from "psyberg_sess_01"."sources"."e" join "psyberg_sess_01".x.y',
    );
  });
  it.each([
    `select '"psyberg_session".a'`,
    '-- "psyberg_session".a\nselect 1',
    'select "psyberg_session" from t',
    'select "my ""psyberg_session"".a"',
    'select $$"psyberg_session".a$$',
    'select psyberg_session.a',
  ])('does not stand in %s', (sql) => {
    expect(withOtherNames(sql, NAMES)).toBe(sql);
  });
  it('is not told', () => {
    expect(withWrittenNames('no table psyberg_sess_01.sources.e', NAMES)).toBe(
      'no table psyberg_session.sources.e',
    );
  });
});
