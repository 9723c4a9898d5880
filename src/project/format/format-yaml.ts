/**
 * Formats YAML in one layout, with its comments. Text -> text that holds the same values, or why it stays as
 * it is. Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, Lexer, parseDocument, visit, YAMLMap, YAMLSeq } from 'yaml';
import type { Formatted } from './format-sql.ts';

type Printing = Parameters<YAMLMap['toString']>[0];

const WIDTH = 110;

/** Formats one document. It ends with a newline, unless it is empty. */
export function formatYaml(text: string): Formatted {
  const before = parsed(text);
  if ('message' in before) return { kind: 'invalid', ...before };
  const formatted = withGaps(text, printed(before.document, text));
  const after = parsed(formatted);
  const isSame =
    !('message' in after) &&
    isDeepStrictEqual(after.value, before.value) &&
    isDeepStrictEqual(commentsOf(formatted), commentsOf(text));
  const isSettled =
    !('message' in after) && withGaps(formatted, printed(after.document, formatted)) === formatted;
  return isSame && isSettled
    ? { kind: 'formatted', text: formatted }
    : { kind: 'kept', why: 'formatted, its YAML would not be sure to hold the same' };
}

type Parsed =
  | { readonly document: Document; readonly value: unknown }
  | { readonly message: string; readonly offset: number };

function parsed(text: string): Parsed {
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined)
    return { message: `not valid YAML: ${error.message.replace(/\s+/g, ' ').trim()}`, offset: error.pos[0] };
  try {
    return { document, value: document.toJS({ mapAsMap: true }) as unknown };
  } catch (cause) {
    // An alias without its anchor shows only here.
    return { message: `not valid YAML: ${(cause as Error).message}`, offset: 0 };
  }
}

/**
 * `{ a: 1 }` with inner spaces, `[a]` without. A long one that was written over several lines stays like
 * that.
 */
function printed(document: Document, text: string): string {
  const print =
    (node: YAMLMap | YAMLSeq, type: typeof YAMLMap | typeof YAMLSeq, padding: boolean) =>
    (context?: Printing, onComment?: () => void, onChompKeep?: () => void): string => {
      const [first = 0, end = 0] = node.range ?? [];
      const oneLine = context === undefined || !text.slice(first, end).includes('\n');
      return type.prototype.toString.call(
        node,
        context === undefined
          ? context
          : {
              ...context,
              flowCollectionPadding: padding ? ' ' : '',
              options: { ...context.options, lineWidth: oneLine ? 0 : WIDTH },
            },
        onComment,
        onChompKeep,
      );
    };
  let isFolded = false;
  visit(document, {
    Scalar(_key, { type }) {
      if (type === 'BLOCK_FOLDED') isFolded = true;
    },
    Map(_key, node) {
      if (node.flow === true) node.toString = print(node, YAMLMap, true);
    },
    Seq(_key, node) {
      if (node.flow === true) node.toString = print(node, YAMLSeq, false);
    },
  });
  return document.toString({ lineWidth: isFolded ? WIDTH : 0 });
}

const commentsOf = (text: string): string[] =>
  [...new Lexer().lex(text)].filter((each) => each.startsWith('#'));

const WITH_COMMENT = /^(\s*)(\S.*?)(\s+)(#.*)$/;

const keyOf = (value = '', comment = ''): string => `${value.replaceAll(/\s+/g, '')} ${comment.trimEnd()}`;

/** Comments after a value are often aligned by hand, so the spaces before them stay. */
function withGaps(before: string, after: string): string {
  const gaps = new Map<string, string>();
  for (const line of before.split('\n')) {
    const [, , value, gap, comment] = WITH_COMMENT.exec(line) ?? [];
    if (gap !== undefined) gaps.set(keyOf(value, comment), gap);
  }
  return after
    .split('\n')
    .map((line) => {
      const [, indent, value, gap, comment] = WITH_COMMENT.exec(line) ?? [];
      return gap === undefined
        ? line
        : `${indent}${value}${gaps.get(keyOf(value, comment)) ?? gap}${comment}`;
    })
    .join('\n');
}
