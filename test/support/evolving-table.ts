/**
 * A source whose schema changes while sessions run, beside what it has to hold: a plain DuckDB table with a
 * column for each field id, to which names never matter. Changes -> commits, and the same rows by plain SQL.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import type { NestedField } from '../../src/iceberg/table-metadata.ts';
import type { Evolution } from './evolutions.ts';
import {
  added,
  type Fields,
  find,
  isStruct,
  last,
  leafPaths,
  leaves,
  mapped,
  narrow,
  renamed,
  shownColumns,
  sqlType,
  without,
} from './schema-fields.ts';
import { hourAt, type World } from './world.ts';

const WIDER: Readonly<Record<string, string>> = {
  int: 'long',
  float: 'double',
  'decimal(9, 2)': 'decimal(12, 2)',
  'decimal(12, 2)': 'decimal(30, 2)',
};
const COLUMNS =
  'id bigint, ts timestamp, a integer, b varchar, c decimal(9, 2), d real, e integer, f varchar, other_ts timestamp, s struct(x integer, y varchar, z integer)';

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

/** Values of a row by field id: of its id and hour, others for each field. */
function values(fields: Fields, id: number, hour: number): Map<number, string> {
  const row = new Map<number, string>();
  const at = (of: number): string =>
    `timestamp '${hourAt(of).slice(0, 19).replace('T', ' ')}' + to_seconds(${(id * 797) % 3600})`;
  const textOf = (field: NestedField): string => {
    if (field.name === 'id') return `${id}::bigint`;
    if (field.name === 'ts' || field.name === 'other_ts')
      return at((hour + (field.name === 'ts' ? 0 : 1)) % 6);
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
