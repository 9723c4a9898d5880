/**
 * Colours text. Renderers are given a style, so that the same text is plain in a file and coloured on a
 * terminal.
 */

/** Named by what a piece of text means, not by colours. */
export interface Style {
  /** Names and headlines. */
  readonly strong: (text: string) => string;
  /** What a reader may skip. */
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const asIs = (text: string): string => text;

/** Without colours: files, pipes, `NO_COLOR`, notebooks. */
export const PLAIN: Style = Object.freeze({ strong: asIs, faint: asIs, good: asIs, warn: asIs, bad: asIs });
