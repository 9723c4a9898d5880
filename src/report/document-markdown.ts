/** Writes a document for a pull request. Document -> GitHub's Markdown. Pure. */
import type { Block, Document, Spans } from './document.ts';

/** Width of pictures: what a pull request shows without scrolling. */
const WIDTH = 100;

export const documentMarkdown = (document: Document): string =>
  document
    .map(blockMarkdown)
    .filter((text) => text !== '')
    .join('\n\n');

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case 'title':
      return `### ${spansMarkdown(block.text)}`;
    case 'heading':
      return `**${plainOf(block.text)}**`;
    case 'lines':
      return block.lines.map(lineMarkdown).join('\n');
    case 'facts':
      return block.facts.map(([name, value]) => `- ${escaped(name)}: ${spansMarkdown(value)}`).join('\n');
    case 'table':
      return tableMarkdown(block);
    case 'code':
      return fenced(block.text, block.language);
    case 'picture':
      return fenced(block.draw({ width: WIDTH, paint: (text) => text }).join('\n'), '');
    case 'details':
      return [
        `<details><summary>${htmlOf(plainOf(block.summary))}</summary>`,
        documentMarkdown(block.blocks),
        '</details>',
      ].join('\n\n');
  }
}

function tableMarkdown({ head, rows, alignRight = [] }: Extract<Block, { kind: 'table' }>): string {
  const width = Math.max(head.length, ...rows.map((row) => row.length));
  if (width === 0) return '';
  const columns = Array.from({ length: width }, (_, index) => index);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map((index) => escaped(head[index] ?? ''))),
    line(columns.map((index) => (alignRight.includes(index) ? '--:' : '---'))),
    ...rows.map((row) => line(columns.map((index) => spansMarkdown(row[index] ?? [])))),
  ].join('\n');
}

const plainOf = (spans: Spans): string =>
  spans.map((span) => (typeof span === 'string' ? span : span.text)).join('');

/** An item of a list; one that is indented says more of the one before it. */
function lineMarkdown(line: Spans): string {
  const indent = plainOf(line).search(/\S|$/);
  return `${' '.repeat(indent)}- ${spansMarkdown(line).trimStart()}`;
}

/** Replaces line breaks: in a cell one would end the table. */
const spansMarkdown = (spans: Spans): string =>
  spans
    .map((span) => {
      if (typeof span === 'string') return escaped(span);
      if (span.text.trim() === '') return span.text;
      if (span.tone === 'code') return codeOf(span.text);
      const text = escaped(span.text);
      // Asterisks that stand beside a space are no markup.
      return span.tone === 'faint' ? text : text.replace(/\S(?:.*\S)?/s, '**$&**');
    })
    .join('')
    .replace(/\n/g, '<br>');

/** Uses enough backticks that none inside ends the code. */
function codeOf(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const ticks = '`'.repeat(longest + 1);
  const space = longest === 0 ? '' : ' ';
  return `${ticks}${space}${text.replaceAll('|', '\\|')}${space}${ticks}`;
}

function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Escapes what Markdown and HTML would take for markup; an underscore within a word is none. */
const escaped = (text: string): string =>
  htmlOf(text)
    .replace(/[\\`*|~[\]]/g, '\\$&')
    .replace(/(^|\W)_|_(?=\W|$)/g, (found) => found.replace('_', '\\_'));

const htmlOf = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
