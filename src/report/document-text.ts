/** Writes a document for a terminal, or for a file that people read. Document -> text. Pure. */
import type { Block, Canvas, Document, Spans, Tone } from './document.ts';
import { UNLIMITED, wrapText } from './fit.ts';
import { PLAIN, type Style } from './style.ts';
import { columnsText, indent } from './text.ts';

export interface PageOptions {
  readonly style?: Style;
  /** Number of characters in a line; default: no limit. SQL keeps its lines. */
  readonly width?: number;
}

/** Number of blanks before what belongs to a heading. */
const INDENT = 2;

export function documentText(
  document: Document,
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  const page: Page = { style, width };
  return document
    .map((block, index) => {
      const text = blockText(block, page);
      if (index === 0 || text === '') return text;
      return isApart(document[index - 1] as Block, block) ? `\n${text}` : text;
    })
    .filter((text) => text !== '')
    .join('\n');
}

interface Page {
  readonly style: Style;
  readonly width: number;
}

/** Whether an empty line comes before a block because it begins something new. */
const isApart = (before: Block, block: Block): boolean =>
  block.kind === 'details' ||
  block.kind === 'heading' ||
  before.kind === 'details' ||
  before.kind === 'picture';

function blockText(block: Block, page: Page): string {
  const { style, width } = page;
  const spans = (text: Spans): string => spansText(text, style);
  switch (block.kind) {
    case 'title':
    case 'heading':
      return wrapText(spans(block.text), width, INDENT);
    case 'lines': {
      const margin = INDENT * (block.level ?? 1);
      const lines = block.lines.map((line) => wrapText(spans(line), width - margin, INDENT));
      return indent(lines.join('\n'), margin);
    }
    case 'facts': {
      const margin = INDENT * (block.level ?? 1);
      const rows = block.facts.map(([name, value]) => [name, spans(value)]);
      return indent(columnsText(rows, { width: width - margin, fits: ['cut', 'wrap'] }), margin);
    }
    case 'table': {
      const margin = INDENT * (block.level ?? 1);
      return indent(tableText(block, page, width - margin), margin);
    }
    case 'code':
      return indent(block.text, INDENT * 2);
    case 'picture':
      return block.draw(canvasOf(page)).join('\n');
    case 'details':
      return [wrapText(spans(block.summary), width, INDENT), documentText(block.blocks, page)]
        .filter((text) => text !== '')
        .join('\n');
  }
}

function tableText(
  { head, rows, alignRight = [], fits = [] }: Extract<Block, { kind: 'table' }>,
  { style }: Page,
  width: number,
): string {
  const cells = rows.map((row) => row.map((cell) => spansText(cell, style)));
  return columnsText(head.length === 0 ? cells : [head.map(style.faint), ...cells], {
    alignRight,
    fits,
    width,
  });
}

const spansText = (spans: Spans, style: Style): string =>
  spans.map((span) => (typeof span === 'string' ? span : painted(style, span.text, span.tone))).join('');

const painted = (style: Style, text: string, tone: Tone): string =>
  tone === 'code' ? text : style[tone](text);

const canvasOf = ({ style, width }: Page): Canvas => ({
  width,
  paint: (text, tone) => painted(style, text, tone),
});
