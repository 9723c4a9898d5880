// Goal: what is known of a state table are the rows that this process wrote into that very list, and no others.
import { describe, expect, it } from 'vitest';
import { knownRows, noteRows } from '../../src/state/known-rows.ts';

const row = (source: string) => ({ src_table: source });
const note = (list: string, base: string | undefined, processName: string, rows: { src_table: string }[]) =>
  noteRows(list, { base, processName, rows, endedProcess: undefined });

describe('rows of a manifest list', () => {
  it('are those of the process that wrote it, and what the list before it held of others', () => {
    note('a-1', undefined, 'first', [row('raw.a')]);
    note('a-2', 'a-1', 'second', [row('raw.b')]);
    note('a-3', 'a-2', 'first', [row('raw.c')]);
    expect(knownRows('a-1', 'second')).toBeUndefined();
    expect(knownRows('a-2', 'first')).toEqual([row('raw.a')]);
    expect(knownRows('a-3', 'first')).toEqual([row('raw.c')]);
    expect(knownRows('a-3', 'second')).toEqual([row('raw.b')]);
  });

  it('are not known on a list that somebody else wrote, nor from there on of others', () => {
    note('b-1', undefined, 'first', [row('raw.a')]);
    note('b-3', 'b-2-of-somebody', 'second', []);
    expect(knownRows('b-2-of-somebody', 'first')).toBeUndefined();
    expect(knownRows('b-3', 'first')).toBeUndefined();
    expect(knownRows('b-3', 'second')).toEqual([]);
  });

  it('are none of a process whose rows another one has taken over', () => {
    note('c-1', undefined, 'old', [row('raw.a')]);
    noteRows('c-2', { base: 'c-1', processName: 'new', rows: [row('raw.a')], endedProcess: 'old' });
    expect(knownRows('c-2', 'old')).toEqual([]);
    expect(knownRows('c-1', 'old')).toEqual([row('raw.a')]);
  });
});
