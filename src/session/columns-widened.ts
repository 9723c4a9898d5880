/**
 * Whether a query makes other values of rows that were loaded, since a column that it reads is not what
 * it was: from float to double, whose 0.1 is another number and another text, from a date to a timestamp,
 * which is another text, or with fields that came or went inside. Schemas + SQL text -> columns, or none.
 * Pure. Integers and decimals keep their values however wide; so does what only passes a column on, takes
 * the wide type of it, groups and orders by it, or reads another field of it.
 */
import type { NestedField, Schema } from '../iceberg/table-metadata.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { columnsNamed, type Word, wordsOf } from './columns-named.ts';

export interface WidenedColumn {
  /** Field id of the column itself. */
  readonly id: number;
  /** Its name of now; of a field inside of structs theirs before it. */
  readonly path: readonly string[];
  /** `fields`: it has more inside. `unlike`: some went, or have a value in rows from before they came. */
  readonly kind: 'type' | 'fields' | 'unlike';
  readonly before: string;
  readonly after: string;
}

/** Of the columns of both schemas those whose values are not what they were to every expression. */
export function widenedBetween(then: Schema, now: Schema): WidenedColumn[] {
  return now.fields.flatMap((column): WidenedColumn[] => {
    const former = then.fields.find(({ id }) => id === column.id);
    if (former === undefined) return [];
    const [before, after] = [leaves([former], []), leaves([column], [])];
    const types = new Map(before.map(({ field }) => [field.id, String(field.type)]));
    const ids = new Set(after.map(({ field }) => field.id));
    const came = after.filter(({ field }) => !types.has(field.id));
    const went = before.some(({ field }) => !ids.has(field.id));
    const isFilled = came.some(({ field }) => (field['initial-default'] ?? null) !== null);
    const name = column.name.toLowerCase();
    const widened = after.flatMap(({ field, path }): WidenedColumn[] => {
      const [was, is] = [types.get(field.id) ?? '', String(field.type)];
      const isOther = (was === 'float' && is === 'double') || (was === 'date' && is.startsWith('timestamp'));
      return isOther ? [{ id: column.id, path, kind: 'type', before: was, after: is }] : [];
    });
    if (came.length === 0 && !went) return widened;
    const fields = went || isFilled ? 'unlike' : 'fields';
    return [{ id: column.id, path: [name], kind: fields, before: '', after: '' }, ...widened];
  });
}

function leaves(
  fields: readonly NestedField[],
  parent: readonly string[],
): { readonly field: NestedField; readonly path: readonly string[] }[] {
  return fields.flatMap((field) => {
    const path = [...parent, field.name.toLowerCase()];
    if (typeof field.type === 'string') return [{ field, path }];
    if (field.type.type === 'struct') return leaves(field.type.fields, path);
    const inside = field.type.type === 'list' ? [field.type.element] : [field.type.key, field.type.value];
    return inside.flatMap((type) => leaves([{ ...field, type }], parent));
  });
}

/** Those of them with which the query does more than pass them on. */
export function computedWith(spec: ProcessSpec, widened: readonly WidenedColumn[]): WidenedColumn[] {
  if (widened.length === 0) return [];
  const { isNamed, readsRows } = columnsNamed(spec);
  const words = wordsOf(spec, spec.sql);
  const isWhole = words.filter(({ text, kind }) => kind === 'word' && text === 'select').length <= 1;
  const inMacros = (spec.macros ?? []).flatMap(({ definition }) => wordsOf(spec, definition));
  return widened.filter((column) => {
    const { path, kind } = column;
    if (!isNamed(path[0] ?? '')) return false;
    const name = path.at(-1) ?? '';
    const isMeant = ({ text, isName }: Word): boolean => isName && path.includes(text);
    if (readsRows || inMacros.some(isMeant) || words.some(isWithoutName)) return true;
    // By a star.
    if (!words.some(isMeant)) return !isWhole || (kind === 'unlike' && spec.onSchemaChange !== 'refuse');
    return words.some(
      (word, at) =>
        isMeant(word) &&
        !(words[at + 1]?.text === '.' && (kind !== 'type' || word.text !== name)) &&
        !isPassedOn(words, at, { column, isWhole, isRefused: spec.onSchemaChange === 'refuse' }),
    );
  });
}

/** Of a date, or of its midnight, each of these casts makes the same value. */
const TIMES: ReadonlySet<string> = new Set([
  'timestamp',
  'datetime',
  'timestamp_ntz',
  'timestamp_ns',
  'date',
]);
/** By the wide type: the types to which a cast gives what it gave, in DuckDB's SQL and in Spark's. */
const SAME_CASTS: Readonly<Record<string, ReadonlySet<string>>> = {
  double: new Set(['double', 'float8', 'float', 'float4', 'real']),
  timestamp: TIMES,
  timestamp_ns: TIMES,
  timestamptz: new Set(['timestamptz']),
};
/** Of one of these comes the value of the wide type, or none. */
const ANY_TYPE: ReadonlySet<string> = new Set(['sum', 'avg', 'count', 'fsum', 'mean']);
const OF_ITS_TYPE: ReadonlySet<string> = new Set(['min', 'max', 'any_value']);
const BEHIND_ITEM: ReadonlySet<string | undefined> = new Set([',', 'as', 'from', ')', undefined, 'where']);

/** `isRefused`: whether a target of other columns is. */
function isPassedOn(
  words: readonly Word[],
  at: number,
  {
    column: { kind, after: type },
    isWhole,
    isRefused,
  }: { readonly column: WidenedColumn; readonly isWhole: boolean; readonly isRefused: boolean },
): boolean {
  const first = beginOf(words, at);
  const text = (index: number): string | undefined => words[index]?.text;
  const [before, after] = [text(first - 1), text(at + 1)];
  const called = before === '(' && after === ')' ? (text(first - 2) ?? '') : '';
  if (before === 'as') return true;
  if (after === 'is') return text(at + 2) === 'null' || (text(at + 2) === 'not' && text(at + 3) === 'null');
  const isItem = before === 'select' || before === 'distinct' || before === ',';
  const isReturned = isWhole && isItem && depthAt(words, first) === 0 && BEHIND_ITEM.has(after);
  if (kind !== 'type')
    return (
      called === 'count' ||
      after === '[' ||
      ((isReturned || called === 'unnest') && (kind === 'fields' || isRefused))
    );
  const isSame = (index: number): boolean => SAME_CASTS[type]?.has(text(index) ?? '') === true;
  if (after === ':' && text(at + 2) === ':') return isSame(at + 3);
  if (before === 'by') return BEHIND_ITEM.has(after);
  if (before === '(' && after === 'as' && text(first - 2) === 'cast') return isSame(at + 2);
  if (isWhole && OF_ITS_TYPE.has(called)) return BEHIND_ITEM.has(text(at + 2));
  return isReturned || ANY_TYPE.has(called);
}

const depthAt = (words: readonly Word[], at: number): number =>
  words
    .slice(0, at)
    .reduce(
      (depth, { text, kind }) => depth + (kind === 'sign' ? (text === '(' ? 1 : text === ')' ? -1 : 0) : 0),
      0,
    );

/** `columns(…)`, `#1` and NATURAL JOIN. */
const isWithoutName = ({ text, kind }: Word, at: number, words: readonly Word[]): boolean =>
  (kind === 'word' && (text === 'natural' || (text === 'columns' && words[at + 1]?.text === '('))) ||
  (text === '#' && kind === 'sign');

/** Where `events.d` begins. */
function beginOf(words: readonly Word[], at: number): number {
  let first = at;
  while (words[first - 1]?.text === '.' && words[first - 2]?.isName === true) first -= 2;
  return first;
}
