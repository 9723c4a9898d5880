/** A document on stdout. Document -> text of a format. */
import { usageError } from '../model/errors.ts';
import type { Document } from '../report/document.ts';
import type { Shell } from './shell.ts';

export type Format = 'text' | 'markdown';
export const FORMATS: readonly Format[] = ['text', 'markdown'];

/** What --format says. Throws `usage`. */
export function formatOf({ format = 'text' }: { readonly format?: string }): Format {
  const found = FORMATS.find((each) => each === format);
  if (found !== undefined) return found;
  throw usageError('usage', `--format is ${FORMATS.join(' or ')}, found '${format}'`, {
    hint:
      format === 'json'
        ? 'JSON is an option of its own: psyberg plan --json'
        : 'psyberg plan --explain --format markdown',
  });
}

export async function printDocument(shell: Shell, document: Document, format: Format): Promise<void> {
  if (format === 'markdown') {
    const { documentMarkdown } = await import('../report/document-markdown.ts');
    shell.print(documentMarkdown(document));
  } else {
    const { documentText } = await import('../report/document-text.ts');
    shell.print(documentText(document, { style: shell.style, width: shell.width }));
  }
}
