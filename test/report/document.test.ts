// Goal: text and Markdown are two prints of one document. Method: one document of every kind of block, printed
// as both; and an explained plan, whose words are the same in both.
import { expect, it } from 'vitest';
import { bad, code, type Document, faint, strong } from '../../src/report/document.ts';
import { documentMarkdown } from '../../src/report/document-markdown.ts';
import { documentText } from '../../src/report/document-text.ts';
import { explanation } from '../../src/report/explain/explanation.ts';
import { refusals } from '../../src/report/plan-overview.ts';
import { planOf } from '../support/session-data.ts';

const DOCUMENT: Document = [
  { kind: 'picture', draw: ({ width, paint }) => [paint(`a picture of ${width}`, 'strong')] },
  {
    kind: 'details',
    summary: [strong('a_load'), '  work'],
    blocks: [
      { kind: 'lines', lines: [['overwrites ', code('facts.a|b'), ' <now>'], [bad('late_')]] },
      { kind: 'heading', text: [strong('Facts')] },
      { kind: 'facts', facts: [['rows', ['1,200']]] },
      {
        kind: 'table',
        head: ['name', 'rows'],
        alignRight: [1],
        rows: [
          [['a'], ['5']],
          [['b|c'], [faint('10')]],
        ],
      },
      { kind: 'code', language: 'sql', text: 'select "`" as tick' },
    ],
  },
];

it('is text of a width', () => {
  expect(documentText(DOCUMENT, { width: 40 })).toBe(`a picture of 40

a_load  work
  overwrites facts.a|b <now>
  late_

Facts
  rows  1,200
  name  rows
  a        5
  b|c     10
    select "\`" as tick`);
});

it('is Markdown, in which nothing of a name is taken for a mark', () => {
  expect(documentMarkdown(DOCUMENT)).toBe(`\`\`\`
a picture of 100
\`\`\`

<details><summary>a_load  work</summary>

- overwrites \`facts.a\\|b\` &lt;now&gt;
- **late\\_**

**Facts**

- rows: 1,200

| name | rows |
| --- | --: |
| a | 5 |
| b\\|c | 10 |

\`\`\`sql
select "\`" as tick
\`\`\`

</details>`);
});

it('says the same of a plan in both', () => {
  const plan = planOf({
    pattern: 'stateful',
    completeTo: 5,
    sources: { c: { added: [[2, 3], 6], vtts: 6 } },
  });
  const words = (text: string): string[] =>
    text
      .replaceAll('&gt;', '>')
      .replaceAll('&lt;', '<')
      .split(/[^A-Za-z0-9.]+/)
      .filter((word) => /\w{3}/.test(word) && !/^(details|summary)$/.test(word));
  const document = explanation([plan]);
  expect(new Set(words(documentMarkdown(document)))).toEqual(
    new Set(words(documentText(document, { width: 400 }))),
  );
});

it('says in Markdown below a process why it has no plan', () => {
  const error = { code: 'source-changed', kind: 'refused', message: 'rows_ went', hint: 'do *this*' };
  const refused = [{ process_name: 'a_load', error: { ...error, context: {}, retryable: false } }];
  expect(documentMarkdown(refusals(refused as Parameters<typeof refusals>[0]))).toBe(
    '- **a_load** **needs a person (source-changed)**\n  - **rows\\_ went**\n  - do \\*this\\*',
  );
});
