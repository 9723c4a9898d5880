/**
 * Makes foreign text harmless on a terminal: characters that move the cursor, ring, colour or turn the
 * direction of writing are shown by their codes. Text -> text. Pure.
 */

/**
 * C0 and C1 controls, line and paragraph separators, and the marks of bidirectional text, which could make a
 * value read like another one (Unicode TR 36, "Bidirectional Text Spoofing").
 */
const HARMFUL = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line of visible text, in which `\n`, `\t`, `\x1b`, `\u202e` stand for such characters. */
export const harmless = (text: string): string =>
  text.replace(HARMFUL, (character) => {
    const code = character.charCodeAt(0);
    return SHORT[character] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
  });

/** The same for text whose line ends are intended. */
export const harmlessLines = (text: string): string => text.split('\n').map(harmless).join('\n');

/** The same for JSON, which stays valid and keeps its meaning with these characters spelled out. */
export const harmlessJson = (json: string): string =>
  json.replace(HARMFUL, (character) =>
    character === '\n' ? character : `\\u${hex(character.charCodeAt(0), 4)}`,
  );

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');
