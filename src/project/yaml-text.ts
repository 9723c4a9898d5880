/**
 * Parses YAML with places: text -> value, with the line and column in the file of every key and value. Pure.
 */
import { type Document, isMap, isNode, isPair, isScalar, parseDocument, Schema, type YAMLError } from 'yaml';
import type { TextPosition } from '../model/process-spec.ts';
import { positionAt, type ReportProblem } from './problems.ts';

export type Path = readonly PropertyKey[];

export interface YamlText {
  /** Plain values; undefined if the text is not YAML at all, which has then been reported. */
  readonly value: unknown;
  /** The place of the value at `path`, or of the nearest value around it. */
  readonly placeOf: (path: Path) => TextPosition;
  /** The place of the key itself. */
  readonly placeOfKey: (path: Path) => TextPosition;
  /** How a text, number or word is spelled; undefined if there is none. */
  readonly scalarAt: (path: Path) => WrittenScalar | undefined;
}

export interface WrittenScalar {
  readonly source: string;
  /** True if it has no quotes and is no block. */
  readonly isPlain: boolean;
}

/**
 * The schema of YAML 1.2, made once. The library makes one for each text, which was a tenth of the CPU of
 * reading a process (150 of them 280 ms in place of 252, 2026-11-29).
 */
const SCHEMA = new Schema({ schema: 'core', resolveKnownTags: true });

/**
 * Parses the YAML in `text` from `first` to `last` (exclusive). Syntax errors are reported with their place
 * in `text`.
 */
export function parseYamlText(
  text: string,
  range: { readonly first: number; readonly last: number },
  report: ReportProblem,
): YamlText {
  const yaml = text.slice(range.first, range.last);
  const document = parseDocument(yaml, {
    prettyErrors: false,
    uniqueKeys: true,
    // A directive may ask for another version of YAML, which has a schema of its own.
    ...(yaml.includes('%YAML') ? {} : { schema: SCHEMA }),
  });
  const place = (offset: number): TextPosition => positionAt(text, range.first + offset);
  const tabs = document.errors.filter(({ code }) => code === 'TAB_AS_INDENT');
  // A tab causes an error for each line that it displaces.
  for (const found of tabs.length > 0 ? tabs : [...document.errors, ...document.warnings]) {
    report(
      place(found.pos[0]),
      `not valid YAML: ${found.message.replace(/\s+/g, ' ').trim()}`,
      hintFor(found),
    );
  }
  const placeOf = (path: Path): TextPosition => place(offsetOf(document, path));
  const placeOfKey = (path: Path): TextPosition => {
    const parent = nodeAt(document, path.slice(0, -1));
    const pair = isMap(parent)
      ? parent.items.find(
          (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(path.at(-1)),
        )
      : undefined;
    const key = pair?.key;
    return isNode(key) && key.range ? place(key.range[0]) : placeOf(path);
  };
  return {
    value: document.errors.length > 0 ? undefined : toPlain(document, report, place),
    placeOf,
    placeOfKey,
    scalarAt: (path) => {
      const node = nodeAt(document, path);
      return isScalar(node) ? { source: node.source ?? '', isPlain: node.type === 'PLAIN' } : undefined;
    },
  };
}

function toPlain(
  document: Document,
  report: ReportProblem,
  place: (offset: number) => TextPosition,
): unknown {
  try {
    return document.toJS() as unknown;
  } catch (cause) {
    // An alias without its anchor, or aliases that would expand without end, show only here.
    report(place(0), `not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`);
    return undefined;
  }
}

function nodeAt(document: Document, path: Path): unknown {
  return path.length === 0 ? document.contents : document.getIn(path, true);
}

function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length--) {
    const node = nodeAt(document, path.slice(0, length));
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function hintFor({ code, message }: YAMLError): string | undefined {
  const bracket = /end with a ([\]}])/.exec(message)?.[1];
  if (bracket !== undefined)
    return `a ${bracket === ']' ? '[' : '{'} above is not closed: end it with ${bracket}`;
  if (code === 'DUPLICATE_KEY') return 'keep one of them';
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BAD_INDENT') return 'give keys of one block the same indentation';
  return undefined;
}
