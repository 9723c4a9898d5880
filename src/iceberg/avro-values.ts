/**
 * Reads values of Avro types from the bytes of a file, field by field. Schema -> reader. Pure. Avro
 * specification, "Binary Encoding". Every type can also be passed over: of a manifest list with 100,000 rows
 * a session wants ten.
 */
import type { AvroComplexType, AvroField, AvroRecord, AvroType } from '../model/avro-schema.ts';
import type { AvroReader } from './avro-header.ts';
import { BYTES, fixed, LONG, passOver, rowFinder, type Shape } from './avro-shapes.ts';
import type { LastRead } from './rows-read-before.ts';

/**
 * A value of an Avro type: `long` is a bigint, `int` a number, `bytes` and `fixed` are buffers, a record is
 * an object, and so is a map, by its keys.
 */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | readonly AvroValue[]
  | AvroObject;
export type AvroObject = { readonly [name: string]: AvroValue };

/** Which rows are wanted, and which of their fields. */
export interface AvroRowsAsked {
  /** Names of fields; others are passed over. */
  readonly only: readonly string[];
  /** Only rows whose `long` field of that name has one of the values. */
  readonly among?: RowsAmong | undefined;
}

interface RowsAmong {
  readonly field: string;
  readonly values: ReadonlySet<bigint>;
  /** The file of this kind that was read last: rows that it has too are only read if they are asked for. */
  readonly last?: LastRead;
}

/**
 * Reads a row; undefined if it is not wanted. Throws RangeError if no field tells which rows are wanted:
 * otherwise it would look as if there were none.
 */
export function rowReader(
  schema: AvroType,
  expected: AvroRecord,
  asked: AvroRowsAsked | undefined,
): (from: AvroReader) => AvroObject | undefined {
  const known = { names: namesById(expected), types: new Map() };
  const { type, fields } = schema as AvroComplexType;
  if (asked === undefined || type !== 'record') {
    const { read } = codecOf(schema, known);
    return (from) => read(from) as AvroObject;
  }
  const { only, among } = asked;
  const codecs = fieldCodecs(fields ?? [], known);
  const read = (from: AvroReader): AvroObject => {
    const record: Record<string, AvroValue> = {};
    for (const { name, codec } of wanted) {
      if (name === undefined) passOver(from, codec.shape);
      else record[name] = codec.read(from);
    }
    return record;
  };
  const wanted = codecs.map(({ name, codec }) => ({ name: only.includes(name) ? name : undefined, codec }));
  if (among === undefined) return read;
  const key = codecs.findIndex(({ name }) => name === among.field);
  if (key < 0) throw new RangeError(`the rows of the file have no ${among.field}`);
  const findRow = rowFinder(
    codecs.map(({ codec }) => codec.shape),
    { key, read: (codecs[key] as (typeof codecs)[number]).codec.read, values: among.values },
  );
  return (from) => {
    const start = from.offset;
    if (!findRow(from)) return undefined;
    from.offset = start;
    return read(from);
  };
}

/** Reads the `long` field of that name of a row, and passes over its others. */
export function keyReader(
  schema: AvroType,
  expected: AvroRecord,
  field: string,
): (from: AvroReader) => AvroValue {
  const { fields = [] } = schema as AvroComplexType;
  const codecs = fieldCodecs(fields, { names: namesById(expected), types: new Map() });
  return (from) => {
    let key: AvroValue = null;
    for (const { name, codec } of codecs) {
      if (name === field) key = codec.read(from);
      else passOver(from, codec.shape);
    }
    return key;
  };
}

/** What is collected while a schema is read: names of fields by their ids, and types by their names. */
interface Known {
  readonly names: ReadonlyMap<number, string>;
  readonly types: Map<string, AvroComplexType>;
}

function namesById(expected: AvroRecord): Map<number, string> {
  const names = new Map<number, string>();
  const look = (type: AvroType | undefined): void => {
    if (typeof type === 'string' || type === undefined) return;
    if (Array.isArray(type)) {
      for (const each of type as readonly AvroType[]) look(each);
      return;
    }
    const { fields = [], items, values } = type as AvroComplexType;
    for (const field of fields) {
      names.set(field['field-id'], field.name);
      look(field.type);
    }
    look(items);
    look(values);
  };
  look(expected as AvroType);
  return names;
}

/** How values of a type are read and passed over. */
interface Codec {
  readonly read: (from: AvroReader) => AvroValue;
  readonly shape: Shape;
}

const PRIMITIVES: Readonly<Record<string, Codec>> = {
  null: { read: () => null, shape: fixed(0) },
  boolean: { read: (from) => from.byte() === 1, shape: fixed(1) },
  int: { read: (from) => from.long(), shape: LONG },
  long: { read: (from) => from.bigLong(), shape: LONG },
  float: { read: (from) => from.take(4).readFloatLE(), shape: fixed(4) },
  double: { read: (from) => from.take(8).readDoubleLE(), shape: fixed(8) },
  bytes: { read: (from) => from.bytes(), shape: BYTES },
  string: { read: (from) => from.text(), shape: BYTES },
};

function codecOf(type: AvroType, known: Known): Codec {
  if (typeof type === 'string') {
    const named = known.types.get(type);
    return named === undefined ? primitive(type) : codecOf(named, known);
  }
  if (Array.isArray(type)) {
    const branches = (type as readonly AvroType[]).map((each) => codecOf(each, known));
    return {
      read: (from) => (branches[from.long()] as Codec).read(from),
      shape: { kind: 'union', branches: branches.map(({ shape }) => shape) },
    };
  }
  const complex = type as AvroComplexType;
  if (complex.name !== undefined) known.types.set(complex.name, complex);
  switch (complex.type) {
    case 'record':
      return recordCodec(complex.fields ?? [], known);
    case 'array':
      return listCodec(codecOf(complex.items as AvroType, known));
    case 'map':
      return mapCodec(codecOf(complex.values as AvroType, known));
    case 'fixed':
      return { read: (from) => from.take(complex.size ?? 0), shape: fixed(complex.size ?? 0) };
    case 'enum':
      return { read: (from) => complex.symbols?.[from.long()] ?? null, shape: LONG };
    default:
      return codecOf(complex.type, known);
  }
}

function primitive(name: string): Codec {
  const codec = PRIMITIVES[name];
  if (codec === undefined) throw new RangeError(`no type of Avro: ${name}`);
  return codec;
}

const fieldCodecs = (
  fields: readonly AvroField[],
  known: Known,
): readonly { readonly name: string; readonly codec: Codec }[] =>
  fields.map(({ name, type, 'field-id': id }) => ({
    name: known.names.get(id) ?? name,
    codec: codecOf(type, known),
  }));

function recordCodec(fields: readonly AvroField[], known: Known): Codec {
  const codecs = fieldCodecs(fields, known);
  return {
    read(from) {
      const record: Record<string, AvroValue> = {};
      for (const { name, codec } of codecs) record[name] = codec.read(from);
      return record;
    },
    shape: { kind: 'record', fields: codecs.map(({ codec }) => codec.shape) },
  };
}

/** Blocks of items until an empty one; a negative count is followed by the block's length. */
function eachItem(from: AvroReader, read: () => void): void {
  for (let count = from.long(); count !== 0; count = from.long()) {
    if (count < 0) from.long();
    for (let index = 0; index < Math.abs(count); index += 1) read();
  }
}

const listCodec = ({ read, shape }: Codec): Codec => ({
  read(from) {
    const items: AvroValue[] = [];
    eachItem(from, () => items.push(read(from)));
    return items;
  },
  shape: { kind: 'items', items: [shape] },
});

const mapCodec = ({ read, shape }: Codec): Codec => ({
  read(from) {
    const values: Record<string, AvroValue> = {};
    eachItem(from, () => {
      const key = from.text();
      values[key] = read(from);
    });
    return values;
  },
  shape: { kind: 'items', items: [BYTES, shape] },
});
