// Goal: text takes the room that a terminal gives it, and is cut between characters. Method: characters
// of all that Unicode has, and texts of the difficult ones, beside the package string-width.
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, it } from 'vitest';
import { cutMiddle, cutToWidth, displayWidth, padToWidth } from '../../src/report/width.ts';
import { propertySeed } from '../support/property-seed.ts';

const RED = (text: string): string => `\u001b[31m${text}\u001b[39m`;

/** Letters and pictures of one place, of two and of none, alone and in sequences. */
const PIECES = [
  'a',
  ' ',
  'é',
  'e\u0301',
  '日',
  'ｱ',
  'ｶﾞ',
  '각',
  '\u1100\u1161\u11a8',
  '…',
  '─',
  '😀',
  '❤',
  '❤\ufe0f',
].concat(['👩‍👩‍👧', '👍🏽', '🇩🇪', '1\ufe0f\u20e3', '1', '\u200b', '\u00ad', 'का', '𠀀', '\u0007', '\u202e']);
const someText = fc.array(fc.constantFrom(...PIECES), { maxLength: 20 }).map((pieces) => pieces.join(''));

describe('the width of a text', () => {
  it('is that of each character', () => {
    const differing: string[] = [];
    // Of the large blocks of ideograms and of planes without letters every 37th.
    const isLarge = (code: number): boolean =>
      (code > 0x3400 && code < 0xa000) || (code > 0xac00 && code < 0xd700) || code > 0x20000;
    for (let code = 0; code <= 0x10ffff; code += isLarge(code) ? 37 : 1) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      // What this Unicode does not have yet no terminal agrees on.
      if (/\p{Cn}/u.test(character)) continue;
      if (displayWidth(character) !== stringWidth(character)) differing.push(code.toString(16));
    }
    expect(differing).toEqual([]);
  });
  it('is that of texts of them', () => {
    fc.assert(
      fc.property(someText, (text) => {
        expect(displayWidth(text)).toBe(stringWidth(text));
      }),
      { numRuns: 2000, ...propertySeed() },
    );
  });
  it('does not count codes of colours', () => {
    expect(['abc', RED('日本'), `${RED('')}…`, ''].map(displayWidth)).toEqual([3, 4, 1, 0]);
  });
});

describe('a text that is cut', () => {
  it('is no wider, ends with an ellipsis, or keeps both ends of a name', () => {
    expect([cutToWidth('abcdef', 4), cutMiddle('account_state_load', 9)]).toEqual(['abc…', 'acco…load']);
    expect([cutToWidth(RED('abcdef'), 4), cutMiddle(RED('abcdef'), 4)]).toEqual([RED('abc…'), RED('ab…f')]);
    expect([cutToWidth('abc', 3), cutMiddle('abc', 1), cutToWidth('abc', 1)]).toEqual(['abc', '…', '…']);
  });
  it('never has a part of a character', () => {
    const whole = (text: string): string[] =>
      Array.from(new Intl.Segmenter('en').segment(text), ({ segment }) => segment);
    fc.assert(
      fc.property(someText, fc.integer({ min: 1, max: 24 }), (text, width) => {
        for (const cut of [cutToWidth(text, width), cutMiddle(text, width)]) {
          expect(displayWidth(cut)).toBeLessThanOrEqual(width);
          if (cut === text || text.includes('…')) continue;
          const [head = '', tail = ''] = cut.split('…', 2);
          const [all, first, last] = [text, head, tail].map(whole) as [string[], string[], string[]];
          expect([all.slice(0, first.length), all.slice(all.length - last.length)]).toEqual([first, last]);
        }
      }),
      { numRuns: 1000, ...propertySeed() },
    );
  });
  it('is filled up by places', () => {
    expect([padToWidth('日', 4), padToWidth('日', 4, 'left'), padToWidth('abc', 2)]).toEqual([
      '日  ',
      '  日',
      'abc',
    ]);
  });
});
