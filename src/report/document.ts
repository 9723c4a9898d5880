/**
 * Holds a document as a value: what is said, separate from how it is printed. Text and Markdown are made
 * from the same blocks, so they cannot say different things.
 */
import type { Fit } from './fit.ts';

/** What a piece of text means; `code` is a name or an SQL word. */
export type Tone = 'strong' | 'faint' | 'good' | 'warn' | 'bad' | 'code';
export type Span = string | { readonly text: string; readonly tone: Tone };
export type Spans = readonly Span[];

export type Block =
  | { readonly kind: 'title'; readonly text: Spans }
  | { readonly kind: 'heading'; readonly text: Spans }
  /** Independent lines below each other. */
  | { readonly kind: 'lines'; readonly lines: readonly Spans[]; readonly level?: Level }
  /** Words with what they mean, in two columns. */
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [string, Spans])[]; readonly level?: Level }
  | {
      readonly kind: 'table';
      readonly level?: Level;
      /** Empty: a table without a header. */
      readonly head: readonly string[];
      readonly rows: readonly (readonly Spans[])[];
      readonly alignRight?: readonly number[];
      readonly fits?: readonly Fit[];
    }
  /** Text whose lines must not be changed. */
  | { readonly kind: 'code'; readonly language: 'sql' | 'diff' | ''; readonly text: string }
  /** Lines that the renderer draws to fit its width. */
  | { readonly kind: 'picture'; readonly draw: (canvas: Canvas) => readonly string[] }
  /** What a reader may keep folded, where that is possible. */
  | { readonly kind: 'details'; readonly summary: Spans; readonly blocks: readonly Block[] };

/** Indentation: 0 like a title, 1 below a heading, 2 below the line before it. */
type Level = 0 | 1 | 2;

/** What a picture is drawn on. */
export interface Canvas {
  readonly width: number;
  readonly paint: (text: string, tone: Tone) => string;
}

export type Document = readonly Block[];

export const strong = (text: string): Span => ({ text, tone: 'strong' });
export const faint = (text: string): Span => ({ text, tone: 'faint' });
export const good = (text: string): Span => ({ text, tone: 'good' });
export const warn = (text: string): Span => ({ text, tone: 'warn' });
export const bad = (text: string): Span => ({ text, tone: 'bad' });
export const code = (text: string): Span => ({ text, tone: 'code' });
