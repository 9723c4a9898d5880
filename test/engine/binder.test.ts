// Goal: DuckDB judges a text without a warehouse, and says where it is wrong. Method: the real binder, asked
// for columns, trees and complaints.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Binder, openBinder } from '../../src/engine/index.ts';
import { identifierFragment, joinedFragment } from '../../src/statements/index.ts';

let binder: Binder;
beforeAll(async () => {
  binder = await openBinder();
});
afterAll(() => binder.close());

const EVENTS = 'with e as (select null::bigint as id, null::timestamptz as ts where false) ';
const table = joinedFragment(['raw', 'x'].map(identifierFragment), '.');

describe('a binder', () => {
  it('gives the columns of a query that it does not run', async () => {
    const { columns } = (await binder.bind(
      `${EVENTS}select id, ts, null as n, [id] as l, 1 / 0 as z, error('never run') as e from e`,
    )) as { columns: unknown };
    expect(columns).toEqual([
      { name: 'id', type: 'BIGINT' },
      { name: 'ts', type: 'TIMESTAMP WITH TIME ZONE' },
      { name: 'n', type: 'INTEGER' },
      { name: 'l', type: 'BIGINT[]' },
      { name: 'z', type: 'DOUBLE' },
      { name: 'e', type: 'INTEGER' },
    ]);
  });

  it('says at which byte a query is wrong', async () => {
    const sql = `${EVENTS}select 'ä€' as text, idd from e`;
    const { fault } = await binder.bind(sql);
    expect(fault).toMatchObject({ kind: 'Binder', subtype: 'COLUMN_NOT_FOUND', name: 'idd' });
    expect(fault?.byte).toBe(Buffer.from(sql.slice(0, sql.indexOf('idd'))).length);
    expect((await binder.bind(`${EVENTS}selec id from e`)).fault).toMatchObject({
      kind: 'Parser',
      byte: EVENTS.length,
    });
  });

  it.each([
    ["select * from 'x.csv'", 'Permission'],
    ["select * from read_csv('x.csv')", 'Permission'],
    ["copy (select 1) to 'x.csv'", 'Permission'],
  ])('touches no file: %s', async (sql, kind) => {
    expect((await binder.bind(sql)).fault?.kind).toBe(kind);
  });

  it('parses many queries at once, in their order', async () => {
    const queries = ['select 1 as a', 'selec 2', 'pivot t on a', "select 'it''s' as b"];
    const [one, wrong, pivot, text] = await binder.parse(queries);
    expect(JSON.stringify(one?.tree)).toContain('"alias":"a"');
    expect(wrong?.fault).toMatchObject({ kind: 'Parser', byte: 0 });
    expect(pivot).toEqual({});
    expect(JSON.stringify(text?.tree)).toContain("it's");
    expect(await binder.parse([])).toEqual([]);
  });

  it('gives the columns of a table that statements create, and keeps nothing of them', async () => {
    const statements = ['create schema raw', 'create table raw.x (id bigint not null, s struct(a int))'];
    const declared = { columns: [{ name: 'id', type: 'BIGINT' }, expect.objectContaining({ name: 's' })] };
    expect(await binder.declared(statements, table)).toEqual(declared);
    expect(await binder.declared(statements, table)).toEqual(declared);
    expect(
      await binder.declared(['create schema raw', 'create table raw.x (id bigintt)'], table),
    ).toMatchObject({ statement: 1, fault: { kind: 'Catalog' } });
    const other = await binder.declared(['create schema raw', 'create table raw.y (id int)'], table);
    expect(other.fault).toBeDefined();
    expect(other).not.toHaveProperty('statement');
  });

  it('answers one question after the other: what one declares, none beside it sees', async () => {
    const statements = ['create schema raw', 'create table raw.x (id bigint)'];
    const many = Array.from({ length: 10 });
    const asked = many.flatMap(() => [binder.declared(statements, table), binder.bind('from raw.x')]);
    const faults = (await Promise.all(asked)).map(({ fault }) => fault?.kind);
    expect(faults).toEqual(many.flatMap(() => [undefined, 'Catalog']));
  });

  it('knows what was defined for all', async () => {
    expect(await binder.define(['create macro twice(x) as x * 2'])).toBeUndefined();
    expect((await binder.bind('select twice(21) as n')).fault).toBeUndefined();
    expect(await binder.define(['create macro wrong(x) as'])).toMatchObject({ kind: 'Parser' });
  });
});
