// Goal: a place in a text with replaced parts leads to the place in the text as it was. Method: texts by hand.
import { describe, expect, it } from 'vitest';
import { edited, placeIn, unitsOfBytes } from '../../src/binding/edited-text.ts';
import { SESSION_VALUES, valuesPutIn } from '../../src/binding/known-values.ts';

describe('an edited text', () => {
  it('says where each place was', () => {
    const text = 'a $x b $yy c';
    const result = edited(text, [
      { from: 7, to: 10, by: 'Y' },
      { from: 2, to: 4, by: 'XXXXX' },
    ]);
    expect(result.text).toBe('a XXXXX b Y c');
    const was = (part: string, more = 0) => result.before(result.text.lastIndexOf(part) + more);
    expect(['a', 'b', 'c'].map((word) => was(word))).toEqual([0, 5, 11]);
    expect([was('XXXXX', 3), was('Y')]).toEqual([2, 7]);
  });

  it('counts bytes and lines', () => {
    expect(unitsOfBytes('ä€𝄞x', 9)).toBe(4);
    expect(placeIn('ab\ncd', { line: 10, column: 5 }, 1)).toEqual({ line: 10, column: 6 });
    expect(placeIn('ab\ncd', { line: 10, column: 5 }, 4)).toEqual({ line: 11, column: 2 });
  });

  it('has values in the place of the names that are known, and not in strings', () => {
    const sql = `select $first_hour, '$first_hour', $"process_name", $unknown`;
    expect(edited(sql, valuesPutIn(sql, SESSION_VALUES)).text).toBe(
      `select (timestamp '2000-01-01 00:00:00'), '$first_hour', ('any'::varchar), $unknown`,
    );
  });
});
