// Compares a printed page, or a part of a page between its marks, with the file; writes it under `npm run docs`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const writes = process.env['PSYBERG_WRITE_DOCS'] === '1';

/** `part`: the name in the marks `<!-- rooms -->` and `<!-- /rooms -->`; without it the page is the text. */
export function documented(file: string, text: string, part?: string, command = 'npm run docs'): void {
  const path = join(ROOT, file);
  const page = part === undefined ? text : withPart(readFileSync(path, 'utf8'), text, part);
  if (writes) writeFileSync(path, page);
  expect(readFileSync(path, 'utf8'), `${file} is out of date; run: ${command}`).toBe(page);
}

function withPart(page: string, text: string, part: string): string {
  const [begin, end] = [`<!-- ${part} -->`, `<!-- /${part} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no ${begin} … ${end}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
