/**
 * A source whose schema changes while sessions run, beside what it has to hold: a plain DuckDB table with a
 * column for each field id, to which names never matter. Changes -> commits, and the same rows by plain SQL.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import type { NestedField } from '../../src/iceberg/table-metadata.ts';
import { hourAt, type World } from './world.ts';

export type Evolution =
  | { readonly kind: 'land'; readonly hours: readonly number[] }
  /** Two columns take each other's name. */
  | { readonly kind: 'swap'; readonly names: readonly [string, string] }
  /** A column is dropped, or renamed for good, and another takes its name. */
  | { readonly kind: 'again'; readonly name: string; readonly keeps: boolean }
  /** Renamed, and back with the next such change. */
  | { readonly kind: 'away'; readonly name: string }
  | { readonly kind: 'widen'; readonly name: string }
  | { readonly kind: 'reorder'; readonly by: number }
  | { readonly kind: 'add' }
  | { readonly kind: 'drop-added' }
  | { readonly kind: 'partition'; readonly by: string | undefined }
  | { readonly kind: 'delete'; readonly rest: number }
  | { readonly kind: 'rollback' };

const TOP = ['a', 'b', 'c', 'd'];
const MEMBERS = ['s.x', 's.y'];
const name = fc.constantFrom(...TOP, ...MEMBERS);
const kind = <Kind extends string>(of: Kind) => fc.constant(of);
export const landing: fc.Arbitrary<Evolution> = fc.record({
  kind: kind('land'),
  hours: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }),
});
export const evolutions: fc.Arbitrary<Evolution> = fc.oneof(
  { weight: 7, arbitrary: landing },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind('swap'),
      names: fc.constantFrom<readonly [string, string]>(
        ['a', 'e'],
        ['b', 'f'],
        ['s.x', 's.z'],
        ['ts', 'other_ts'],
        ['b', 'f'],
        ['a', 'e'],
        ['s.x', 's.z'],
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: kind('again'), name, keeps: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('away'), name }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('widen'), name }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('reorder'), by: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('add') }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('drop-added') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('partition'),
      by: fc.constantFrom(undefined, 'a', 'b', 'hour(ts)', 'bucket(3, id)', 'b, hour(ts)'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('delete'), rest: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('rollback') }) },
);

const WIDER: Readonly<Record<string, string>> = {
  int: 'long',
  float: 'double',
  'decimal(9, 2)': 'decimal(12, 2)',
  'decimal(12, 2)': 'decimal(30, 2)',
};
const SQL_TYPE: Readonly<Record<string, string>> = {
  int: 'integer',
  long: 'bigint',
  string: 'varchar',
  float: 'real',
};
const sqlType = (type: unknown): string => SQL_TYPE[String(type)] ?? String(type);
export const COLUMNS =
  'id bigint, ts timestamp, a integer, b varchar, c decimal(9, 2), d real, e integer, f varchar, other_ts timestamp, s struct(x integer, y varchar, z integer)';

type Fields = readonly NestedField[];
interface StructType {
  readonly type: 'struct';
  readonly fields: readonly NestedField[];
}
const isStruct = (type: unknown): type is StructType => (type as StructType | undefined)?.type === 'struct';

/** What DuckDB 1.5.5 cannot do to a table of several partitionings. */
const DUCKDB_REFUSES =
  /entries without partition info|Duplicate field_id|duplicate name|only supports merge-on-read|partition field/;

export class EvolvingTable {
  readonly #world: World;
  readonly #plain: DuckDBConnection;
  readonly table: string;
  /** What was held when the snapshots were made. */
  readonly #states: { readonly snapshotId: bigint; readonly state: string }[] = [];
  readonly #held: string;
  #next = 1;
  #away = new Map<string, string>();

  private constructor(world: World, plain: DuckDBConnection, table: string) {
    this.#world = world;
    this.#plain = plain;
    this.table = table;
    this.#held = `held_${table.replace('.', '_')}`;
  }

  static async create(
    world: World,
    plain: DuckDBConnection,
    table: string,
    options: { readonly formatVersion: string },
  ): Promise<EvolvingTable> {
    await world.create(table, COLUMNS, options);
    const created = new EvolvingTable(world, plain, table);
    await plain.run(`create table ${created.#held} (seq integer)`);
    await created.#keepUp();
    return created;
  }

  async #fields(): Promise<Fields> {
    return currentSchema(await this.#world.metadata(this.table)).fields;
  }

  /** A column for each field, of its present type; of a struct whether it is there. */
  async #keepUp(): Promise<void> {
    for (const field of leaves(await this.#fields())) {
      await this.#plain.run(`alter table ${this.#held} add column if not exists f${field.id} ${field.type}`);
      if (field.type !== 'boolean')
        await this.#plain.run(`alter table ${this.#held} alter f${field.id} type ${field.type}`);
    }
  }

  /** The rows as the table has to show them now: a subquery. */
  async shown(): Promise<string> {
    return `(select ${shownColumns(await this.#fields())} from ${this.#held})`;
  }

  async #alter(fields: readonly object[], lastColumnId?: number): Promise<void> {
    await this.#world.commit(this.table, [
      {
        action: 'add-schema',
        schema: { type: 'struct', 'schema-id': -1, fields },
        ...(lastColumnId === undefined ? {} : { 'last-column-id': lastColumnId }),
      },
      { action: 'set-current-schema', 'schema-id': -1 },
    ] as never);
    await this.#keepUp();
  }

  /** Does it; undefined where the table gave it nothing to do. */
  async apply(evolution: Evolution): Promise<string | undefined> {
    const fields = await this.#fields();
    const has = (path: string): boolean => find(fields, path) !== undefined;
    switch (evolution.kind) {
      case 'land': {
        const rows = evolution.hours.map((hour) => {
          const id = this.#next++;
          return values(fields, id, hour);
        });
        await this.#land(fields, rows);
        break;
      }
      case 'swap': {
        const [one, other] = evolution.names;
        if (!has(one) || !has(other)) return undefined;
        await this.#alter(
          renamed(fields, (path) => (path === one ? last(other) : path === other ? last(one) : undefined)),
        );
        break;
      }
      case 'again': {
        const field = find(fields, evolution.name);
        if (field === undefined) return undefined;
        const id = (await this.#world.metadata(this.table))['last-column-id'] + 1;
        const kept = evolution.keeps
          ? renamed(fields, (path) => (path === evolution.name ? `old_${id}` : undefined))
          : without(fields, evolution.name);
        const fresh = { id, name: last(evolution.name), required: false, type: narrow(field.type) };
        await this.#alter(added(kept, evolution.name, fresh), id);
        break;
      }
      case 'away': {
        const [path = '', to = ''] = [...this.#away][0] ?? [];
        if (path !== '') {
          this.#away.delete(path);
          if (has(path) || !has(to)) return undefined;
          await this.#alter(renamed(fields, (each) => (each === to ? last(path) : undefined)));
          return 'back';
        }
        if (!has(evolution.name)) return undefined;
        const away = `${evolution.name.replace(/[^.]+$/, '')}away`;
        if (has(away)) return undefined;
        this.#away.set(evolution.name, away);
        await this.#alter(renamed(fields, (each) => (each === evolution.name ? 'away' : undefined)));
        break;
      }
      case 'widen': {
        const type = WIDER[String(find(fields, evolution.name)?.type)];
        if (type === undefined) return undefined;
        await this.#alter(
          mapped(fields, (path, field) => (path === evolution.name ? { ...field, type } : field)),
        );
        break;
      }
      case 'reorder': {
        const turn = <T>(list: readonly T[]): T[] => [
          ...list.slice(evolution.by),
          ...list.slice(0, evolution.by),
        ];
        await this.#alter(
          turn(fields).map((field) =>
            isStruct(field.type)
              ? { ...field, type: { ...field.type, fields: turn(field.type.fields) } }
              : field,
          ),
        );
        break;
      }
      case 'add': {
        const id = (await this.#world.metadata(this.table))['last-column-id'] + 1;
        const inside = id % 2 === 0;
        const fresh = { id, name: `n${id}`, required: false, type: 'int' };
        await this.#alter(added(fields, inside ? 's.n' : 'n', fresh), id);
        break;
      }
      case 'drop-added': {
        const found = leafPaths(fields).find((path) => /(^|\.)(n|old_)\d+$/.test(path));
        if (found === undefined) return undefined;
        await this.#alter(without(fields, found));
        break;
      }
      case 'partition': {
        const { by } = evolution;
        if (/\bb\b/.test(by ?? '') && !has('b')) return undefined;
        if (by === 'a' && !has('a')) return undefined;
        try {
          await this.#world.sql(
            by === undefined
              ? `alter table ${this.table} reset partitioned by`
              : `alter table ${this.table} set partitioned by (${by})`,
          );
        } catch (error) {
          return `partition refused: ${(error as Error).message.slice(0, 60)}`;
        }
        break;
      }
      case 'delete': {
        try {
          await this.#world.sql(`delete from ${this.table} where id % 3 = ${evolution.rest}`);
        } catch (error) {
          if (DUCKDB_REFUSES.test((error as Error).message)) return undefined;
          throw error;
        }
        await this.#plain.run(`delete from ${this.#held} where f1 % 3 = ${evolution.rest}`);
        break;
      }
      case 'rollback': {
        const before = this.#states.at(-2);
        if (before === undefined) return undefined;
        await this.#world.rollback(this.table, before.snapshotId);
        this.#states.pop();
        await this.#plain.run(`delete from ${this.#held}`);
        await this.#plain.run(`insert into ${this.#held} by name from ${before.state}`);
        return evolution.kind;
      }
    }
    if (evolution.kind === 'land' || evolution.kind === 'delete') await this.#keepState();
    return evolution.kind;
  }

  async #land(fields: Fields, rows: readonly ReadonlyMap<number, string>[]): Promise<void> {
    const select = (row: ReadonlyMap<number, string>): string =>
      fields
        .map((field) => {
          const value = isStruct(field.type)
            ? `{${field.type.fields.map((each) => `'${each.name}': ${row.get(each.id)}`).join(', ')}}`
            : row.get(field.id);
          return `${value} as "${field.name}"`;
        })
        .join(', ');
    await this.#world.land(
      this.table,
      rows.map((row) => `select ${select(row)}`).join(' union all '),
      'name',
    );
    for (const row of rows) {
      const known = leaves(fields).map(
        ({ id, type }) => `${type === 'boolean' ? 'true' : row.get(id)} as f${id}`,
      );
      await this.#plain.run(`insert into ${this.#held} by name select ${known.join(', ')}`);
    }
  }

  async #keepState(): Promise<void> {
    const snapshot = (await this.#world.history(this.table)).at(-1);
    if (snapshot === undefined) return;
    const state = `${this.#held}_${snapshot['snapshot-id']}`;
    await this.#plain.run(`create or replace table ${state} as from ${this.#held}`);
    this.#states.push({ snapshotId: snapshot['snapshot-id'], state });
  }
}

const last = (path: string): string => path.split('.').at(-1) as string;
const narrow = (type: unknown): unknown =>
  ({ long: 'int', double: 'float', 'decimal(12, 2)': 'decimal(9, 2)', 'decimal(30, 2)': 'decimal(9, 2)' })[
    String(type)
  ] ?? type;

function mapped(fields: Fields, change: (path: string, field: NestedField) => object): object[] {
  return fields.map((field) => {
    const of = change(field.name, field) as NestedField;
    return isStruct(field.type)
      ? {
          ...of,
          type: {
            ...field.type,
            fields: field.type.fields.map((each) => change(`${field.name}.${each.name}`, each)),
          },
        }
      : of;
  });
}

const renamed = (fields: Fields, to: (path: string) => string | undefined): object[] =>
  mapped(fields, (path, field) => ({ ...field, name: to(path) ?? field.name }));

function find(fields: Fields, path: string): NestedField | undefined {
  const [first, second] = path.split('.');
  const field = fields.find((each) => each.name === first);
  if (second === undefined) return field;
  return isStruct(field?.type) ? field.type.fields.find((each) => each.name === second) : undefined;
}

function without(fields: Fields, path: string): object[] {
  const [first, second] = path.split('.');
  if (second === undefined) return fields.filter((field) => field.name !== first);
  return fields.map((field) =>
    field.name === first && isStruct(field.type)
      ? {
          ...field,
          type: { ...field.type, fields: field.type.fields.filter((each) => each.name !== second) },
        }
      : field,
  );
}

const added = (fields: readonly object[], path: string, fresh: object): object[] =>
  path.includes('.')
    ? (fields as Fields).map((field) =>
        field.name === path.split('.')[0] && isStruct(field.type)
          ? { ...field, type: { ...field.type, fields: [...field.type.fields, fresh] } }
          : field,
      )
    : [...fields, fresh];

const leafPaths = (fields: Fields): string[] =>
  fields.flatMap((field) =>
    isStruct(field.type) ? field.type.fields.map((each) => `${field.name}.${each.name}`) : [field.name],
  );

/** Fields with values, and for structs whether they are there. */
const leaves = (fields: Fields): { readonly id: number; readonly type: string }[] =>
  fields.flatMap((field) =>
    isStruct(field.type)
      ? [
          { id: field.id, type: 'boolean' },
          ...field.type.fields.map((each) => ({ id: each.id, type: sqlType(each.type) })),
        ]
      : [{ id: field.id, type: sqlType(field.type) }],
  );

const shownColumns = (fields: Fields): string =>
  fields
    .map((field) =>
      isStruct(field.type)
        ? `case when f${field.id} then {${field.type.fields.map((each) => `'${each.name}': f${each.id}`).join(', ')}} end as "${field.name}"`
        : `f${field.id} as "${field.name}"`,
    )
    .join(', ');

/** Values of a row by field id: of its id and hour, others for each field. */
function values(fields: Fields, id: number, hour: number): Map<number, string> {
  const row = new Map<number, string>();
  const at = (of: number): string =>
    `timestamp '${hourAt(of).slice(0, 19).replace('T', ' ')}' + to_seconds(${(id * 797) % 3600})`;
  const textOf = (field: NestedField): string => {
    if (field.name === 'id') return `${id}::bigint`;
    if (field.name === 'ts' || field.name === 'other_ts')
      return at((hour + field.id * 0 + (field.name === 'ts' ? 0 : 1)) % 6);
    const type = sqlType(field.type);
    const number = (id * 7 + field.id) % 11;
    if (number === 10) return `null::${type}`;
    return type === 'varchar' ? `'v${number}'` : `${number}::${type}`;
  };
  for (const field of fields)
    if (isStruct(field.type)) for (const each of field.type.fields) row.set(each.id, textOf(each));
    else row.set(field.id, textOf(field));
  return row;
}
