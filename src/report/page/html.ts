/** Makes HTML safely: whatever is put into a template is escaped, unless a template made it. Pure. */
import { harmlessLines } from '../harmless.ts';

/** Text that is already HTML; only `html` and {@link markup} make it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = string | number | Markup | null | undefined | false | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Escapes text and quoted attributes; characters that turn the direction of writing are shown by their
 * codes.
 */
export const escapeHtml = (text: string): string =>
  harmlessLines(text).replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** A template: values are escaped, lists are joined, null and false produce nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Markup {
  let text = strings[0] as string;
  for (const [index, value] of values.entries()) text += textOfValue(value) + (strings[index + 1] as string);
  return new Markup(text);
}

function textOfValue(value: HtmlValue): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(textOfValue).join('');
  return escapeHtml(String(value));
}

/** Marks constant text of this package as HTML: the styles and the script of a page. */
export const markup = (text: string): Markup => new Markup(text);

/**
 * Makes an anchor of a name: keeps letters, digits and whatever else an id may hold, and encodes the others.
 */
export const anchorOf = (prefix: string, name: string): string =>
  `${prefix}-${name.replace(/[^A-Za-z0-9_.-]/g, (character) => `~${character.codePointAt(0)?.toString(16)}`)}`;

/** With more processes or sources than this, what has a line for each of them is folded. */
export const MANY = 40;

/**
 * Something that can be unfolded; printing unfolds it. `id`: by which a page that is loaded again knows it.
 */
export const folded = (id: string, summary: HtmlValue, content: HtmlValue): Markup =>
  html`<details id="${id}"><summary>${summary}</summary>${content}</details>`;

export interface PageColumn<Row> {
  readonly head: string;
  readonly cell: (row: Row) => HtmlValue;
  readonly number?: boolean;
}

/** A table that scrolls sideways if it is wider than the page. */
export function tableHtml<Row>(
  caption: string,
  columns: readonly PageColumn<Row>[],
  rows: readonly Row[],
): Markup {
  const kind = (column: PageColumn<Row>): HtmlValue => column.number === true && html` class="n"`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col"${kind(column)}>${column.head}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr>${columns.map((column, index) =>
      index === 0
        ? html`<th scope="row"${kind(column)}>${column.cell(row)}</th>`
        : html`<td${kind(column)}>${column.cell(row)}</td>`,
    )}</tr>
`,
  )}</tbody></table></div>`;
}
