// The documents, taken apart: every page with its code blocks, inline code, headings and links.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

export interface Page {
  /** Relative to the project. */
  readonly file: string;
  readonly text: string;
}

export const pages: readonly Page[] = [
  ...['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true })
    .map((name) => `docs/${String(name)}`)
    .filter((name) => name.endsWith('.md')),
].map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }));

export const pageOf = (file: string): Page => pages.find((page) => page.file === file) as Page;

/** Texts of the code blocks in a language. */
export const blocksOf = ({ text }: Page, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] as string,
  );

/** The page without its code blocks. */
export const proseOf = ({ text }: Page): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** What stands between backticks in the prose. */
export const inlineCodeOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] as string);

/** The anchors of a page's headings, as GitHub makes them. */
export const anchorsOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Targets of the links that lead to a file. */
export const linksOf = (page: Page): string[] =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] as string)
    .filter((target) => !/^https?:/.test(target));

/** A line of a shell as words; quotes hold words together. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s"']|"(?:[^"\\]|\\.)*"|'[^']*')+/g)].map(([word]) =>
    word.replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_all, double, single) => double ?? single),
  );
