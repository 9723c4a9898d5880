// Prints src/statements/catalogue.ts: what every statement of sql/ takes and returns, for the compiler.
import type { DeclaredColumn, DeclaredParameter, SqlType } from '../../src/statements/header.ts';
import type { StatementFile } from '../../src/statements/statement-file.ts';

const HEAD = `/**
 * What every file of \`sql/\` takes and returns, for the compiler: name -> parameters, fragments and row.
 * Printed from the headers by \`npm run statements\`; a test compares it.
 */

/** A moment in UTC: ISO 8601 text, milliseconds since 1970, or as a bigint microseconds since 1970. */
export type Instant = string | number | bigint;
type Nothing = Record<never, never>;
type AnyRow = Record<string, unknown>;

export interface Catalogue {
`;
const WIDTH = 110;

/** The text of the file, as the formatter writes it. */
export const catalogueText = (files: readonly StatementFile[]): string =>
  `${HEAD}${files.map(entry).join('')}}\n`;

const entry = (file: StatementFile): string => `  '${file.name}': {
${field('parameters', file.parameters.map(parameterText), 'Nothing')}
${fragmentsField(file.placeholders)}
${field('row', file.row?.map(columnText) ?? [], 'AnyRow')}
  };
`;

function field(name: string, members: readonly string[], none: string): string {
  if (members.length === 0) return `    ${name}: ${none};`;
  const line = `    ${name}: { ${members.join('; ')} };`;
  return line.length <= WIDTH
    ? line
    : `    ${name}: {\n${members.map((each) => `      ${wrapped(each)};\n`).join('')}    };`;
}

/** A member that is too long lists its words below each other. */
function wrapped(member: string): string {
  if (member.length + 7 <= WIDTH) return member;
  const [, name, words] = /^(\w+): ('.*)$/.exec(member) ?? [];
  return words === undefined
    ? member
    : `${name}:\n${words
        .split(' | ')
        .map((word) => `        | ${word}`)
        .join('\n')}`;
}

function fragmentsField(names: readonly string[]): string {
  if (names.length === 0) return '    fragments: never;';
  const line = `    fragments: ${names.map((each) => `'${each}'`).join(' | ')};`;
  return line.length <= WIDTH
    ? line
    : `    fragments:\n${names.map((each) => `      | '${each}'`).join('\n')};`;
}

const parameterText = ({ name, type, nullable, optional }: DeclaredParameter): string =>
  `${name}${optional ? '?' : ''}: ${given(type)}${nullable ? ' | null' : ''}${optional ? ' | undefined' : ''}`;

const columnText = ({ name, type, nullable, words }: DeclaredColumn): string =>
  `${name}: ${words?.map((word) => `'${word}'`).join(' | ') ?? returned(type)}${nullable ? ' | null' : ''}`;

/** What may be bound. */
function given(type: SqlType): string {
  if (type.kind === 'list') return `readonly ${inBrackets(given(type.item))}[]`;
  if (type.kind === 'map') throw new Error('maps are not bound');
  switch (type.name) {
    case 'VARCHAR':
    case 'JSON':
    case 'DATE':
      return 'string';
    case 'BOOLEAN':
      return 'boolean';
    case 'INTEGER':
    case 'DOUBLE':
      return 'number';
    case 'BIGINT':
    case 'UBIGINT':
    case 'HUGEINT':
      return 'bigint | number';
    case 'TIMESTAMP':
    case 'TIMESTAMPTZ':
      return 'Instant';
    case 'BLOB':
      return 'Uint8Array';
  }
}

/** What a row holds, as src/engine/values.ts makes it. */
function returned(type: SqlType): string {
  if (type.kind === 'list') return `readonly ${inBrackets(returned(type.item))}[]`;
  if (type.kind === 'map') return `Readonly<Record<string, ${returned(type.value)}>>`;
  switch (type.name) {
    case 'BIGINT':
    case 'UBIGINT':
    case 'HUGEINT':
      return 'bigint';
    case 'TIMESTAMP':
    case 'TIMESTAMPTZ':
    case 'BLOB':
      return 'string';
    default:
      return given(type);
  }
}

const inBrackets = (type: string): string => (type.includes('|') ? `(${type})` : type);
