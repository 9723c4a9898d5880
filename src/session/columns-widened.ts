/**
 * Finds the columns whose type changed such that the query may now make other values of rows that were loaded
 * before: a float that became a double (0.1 is another number and another text then), a date that became a
 * timestamp (another text), a struct with fields that came or went. Schemas + SQL text -> columns, or none.
 * Pure. Not found are wider integers and decimals, whose values stay the same but for `typeof`, and columns
 * that the query only passes on, casts to the wide type, groups or orders by, or reads unchanged fields of
 * (`columns-passed.ts`).
 */
import type { NestedField, Schema } from '../iceberg/table-metadata.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { columnsNamed, madeRowsAreValues } from './columns-named.ts';
import {
  isArgumentOfFields,
  isPassedOn,
  type Layered,
  readsField,
  type WidenedColumn,
} from './columns-passed.ts';
import { closeOf, type Word, wordsOf } from './query-words.ts';

/** The columns of both schemas that some expression may see otherwise now; of a struct also single fields. */
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
    const widened = after.flatMap(({ field, path, around }): WidenedColumn[] => {
      const [was, is] = [types.get(field.id) ?? '', String(field.type)];
      const isOther = (was === 'float' && is === 'double') || (was === 'date' && is.startsWith('timestamp'));
      const isNumber = was !== is && (was === 'int' || was.startsWith('decimal'));
      const more = { path, before: was, after: is, around: aroundAll([around]) };
      if (!isOther && !isNumber) return [];
      return [{ id: column.id, kind: isOther ? 'type' : 'number', ...more }];
    });
    if (came.length === 0 && !went) return widened;
    const changed = [...came, ...before.filter(({ field }) => !ids.has(field.id))];
    const around = aroundAll(changed.map((leaf) => leaf.around));
    const fields = went || isFilled ? 'unlike' : 'fields';
    return [{ id: column.id, path: [name], kind: fields, before: '', after: '', around }, ...widened];
  });
}

interface Named extends Layered {
  readonly name: string;
}
interface Leaf {
  readonly field: NestedField;
  readonly path: readonly string[];
  readonly around: readonly Named[];
}

function leaves(
  fields: readonly NestedField[],
  parent: readonly Named[],
  of: Layered = { layers: 0, isMap: false },
): Leaf[] {
  return fields.flatMap((field) => {
    const path = [...parent, { ...of, name: field.name.toLowerCase() }];
    const { type } = field;
    if (typeof type === 'string') return [{ field, path: path.map(({ name }) => name), around: parent }];
    if (type.type === 'struct') return leaves(type.fields, path);
    const inside = type.type === 'list' ? [type.element] : [type.key, type.value];
    const layer = { layers: of.layers + 1, isMap: of.isMap || type.type === 'map' };
    return inside.flatMap((each) => leaves([{ ...field, type: each }], parent, layer));
  });
}

/** Keyed by name; of two structs of one name the one that lies deeper counts. */
function aroundAll(all: readonly (readonly Named[])[]): ReadonlyMap<string, Layered> {
  const found = new Map<string, Layered>();
  for (const { name, layers, isMap } of all.flat()) {
    const other = found.get(name);
    const most = Math.max(layers, other?.layers ?? 0);
    found.set(name, { layers: most, isMap: isMap || other?.isMap === true });
  }
  return found;
}

/**
 * The columns with which the query does more than pass them on: those whose rows from before it may change.
 */
export function computedWith(spec: ProcessSpec, widened: readonly WidenedColumn[]): WidenedColumn[] {
  if (widened.length === 0) return [];
  const { isNamed, readsRows } = columnsNamed(spec);
  const words = wordsOf(spec, spec.sql);
  const isWhole = words.filter(({ text, kind }) => kind === 'word' && text === 'select').length <= 1;
  const macros = (spec.macros ?? []).map(({ definition }) => wordsOf(spec, definition));
  const ofRows = !isWhole && madeRowsAreValues(words);
  const isRefused = spec.onSchemaChange === 'refuse';
  return widened.filter((column) => {
    const { path, kind } = column;
    if (!isNamed(path[0] ?? '')) return false;
    if (kind === 'number') return [words, ...macros].some((text) => isOfItsType(text, path.at(-1)));
    if (readsRows || words.some(isWithoutName) || macros.some((macro) => isMadeIn(macro, column)))
      return true;
    const meant = placesOf(words, column);
    // It is read by a star.
    if (meant.length === 0) return !isWhole || (kind === 'unlike' && !isRefused);
    if (ofRows) return true;
    return meant.some(
      (at) =>
        !readsField(words, at, column) &&
        !isPassedOn(words, at, { column, isWhole, isRefused }) &&
        !isArgumentOfFields(words, at, { column, macros }),
    );
  });
}

/** Functions that tell a wider integer from the same number before. */
const OF_THE_TYPE: ReadonlySet<string> = new Set(['typeof', 'bit_count']);

const isOfItsType = (words: readonly Word[], name: string | undefined): boolean =>
  words.some(
    ({ text, isName }, at) =>
      isName &&
      OF_THE_TYPE.has(text) &&
      words[at + 1]?.text === '(' &&
      words[closeOf(words, at + 1) - 1]?.text === name,
  );

/**
 * True if a macro reads the column itself, more than unchanged fields of it. Before `as` are its parameters.
 */
function isMadeIn(macro: readonly Word[], column: WidenedColumn): boolean {
  const body = macro.findIndex(({ text }) => text === 'as');
  return placesOf(macro, column, true).some(
    (at) => column.kind === 'type' || (at > body && !readsField(macro, at, column)),
  );
}

/**
 * The places where a query names the column, or something in it. A struct inside may have the name of another
 * column: such a name counts only behind the column itself, or where some struct inside is read as a whole.
 */
function placesOf(words: readonly Word[], column: WidenedColumn, isMacro = false): number[] {
  const { path, kind, around } = column;
  const names = new Set([...path, ...around.keys()]);
  const places = [...words.keys()].filter((at) => words[at]?.isName === true && names.has(words[at].text));
  if (kind === 'type' || isMacro) return places;
  const isInside = (at: number): boolean => {
    const of = words[at - 1]?.text === '.' ? (words[at - 2]?.text ?? '') : '';
    return around.has(of) || of === ']' || of === ')';
  };
  const sure = places.filter((at) => words[at]?.text === path[0] || isInside(at));
  const isRead = sure.some((at) => isInside(at) && !readsField(words, at, column));
  return isRead ? places : sure;
}

/** True for `columns(…)`, `#1` and NATURAL JOIN, which read columns without their names. */
const isWithoutName = ({ text, kind }: Word, at: number, words: readonly Word[]): boolean =>
  (kind === 'word' && (text === 'natural' || (text === 'columns' && words[at + 1]?.text === '('))) ||
  (text === '#' && kind === 'sign');
