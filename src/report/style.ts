/**
 * How text is coloured. The renderers take one, so the same text is plain in a file and coloured on a
 * terminal.
 */

/** Words, not colours: what a piece of text means. */
export interface Style {
  /** Names and headlines. */
  readonly strong: (text: string) => string;
  /** What one may skip. */
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const asIs = (text: string): string => text;

/** No colours: files, pipes, `NO_COLOR`, notebooks. */
export const PLAIN: Style = Object.freeze({ strong: asIs, faint: asIs, good: asIs, warn: asIs, bad: asIs });
