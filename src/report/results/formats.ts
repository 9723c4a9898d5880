/** Chooses the format of `psyberg sql` by name. Columns -> text. Pure. */
import { type BoxOptions, boxText } from './box.ts';
import { csvText } from './csv.ts';
import type { ResultText, TextColumn } from './format.ts';
import { jsonArrayText, jsonLinesText } from './json.ts';
import { markdownText } from './markdown.ts';

/** Formats that are text. */
export type TextFormat = 'box' | 'csv' | 'json' | 'jsonl' | 'markdown';

export interface ResultTextOptions extends BoxOptions {
  /** True if a person looks at it: control characters are spelled out if the format could hold them. */
  readonly isForTerminal: boolean;
}

export function resultText(
  format: TextFormat,
  columns: readonly TextColumn[],
  options: ResultTextOptions,
): ResultText {
  switch (format) {
    case 'box':
      return boxText(columns, options);
    case 'csv':
      return csvText(columns, options.isForTerminal);
    case 'json':
      return jsonArrayText(columns);
    case 'jsonl':
      return jsonLinesText(columns);
    case 'markdown':
      return markdownText(columns);
  }
}
