// Goal: a reader can hold any function, name or file in mind. Method: every file of src is parsed and measured.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'rolldown/parseAst';
import { describe, expect, it } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const FUNCTION_LINES_MAX = 60;
const LINE_MAX = 110;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly program: Node;
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    return { path, text, program: parseAst(text, { lang: 'ts' }, path) as unknown as Node };
  });

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

function nodesOf(root: Node): Node[] {
  const children = Object.values(root).flatMap((value) =>
    Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
  );
  return [root, ...children.flatMap(nodesOf)];
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const lineOf = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

/** The names that a file declares and exports; names that it passes on from others are not its own. */
function exportedNames({ program }: SourceFile): string[] {
  return (program['body'] as Node[]).flatMap((statement) => {
    const declared = statement['declaration'];
    if (statement.type !== 'ExportNamedDeclaration' || !isNode(declared)) return [];
    const declarators = (declared['declarations'] as Node[] | undefined) ?? [declared];
    return declarators.flatMap((each) => (isNode(each['id']) ? [String(each['id']['name'])] : []));
  });
}

/** Files of src that a file imports, also for types and at run time. */
function importsOf({ path, text }: SourceFile): string[] {
  const found = [...text.matchAll(/(?:from\s+|import\()'(\.[^']+\.ts)'/g)];
  return found.map((match) => normalize(join(dirname(path), match[1] as string)));
}

/** Files that lie on a circle, by Tarjan's strongly connected components. */
function circles(): string[][] {
  const edges = new Map(files.map((file) => [file.path, importsOf(file)]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path) as number);
    stack.push(path);
    for (const next of edges.get(path) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(path, Math.min(low.get(path) as number, low.get(next) as number));
    }
    if (low.get(path) !== index.get(path)) return;
    const component = stack.splice(stack.indexOf(path));
    if (component.length > 1) found.push(component.toSorted());
  };
  for (const { path } of files) if (!index.has(path)) visit(path);
  return found;
}

/** Where a line cannot be broken: a text, a pattern, the path of an import. */
function unbreakable({ text, program }: SourceFile): ReadonlySet<number> {
  const lines = new Set<number>();
  for (const node of nodesOf(program))
    if (node.type === 'Literal' || node.type === 'TemplateLiteral')
      for (let line = lineOf(text, node.start); line <= lineOf(text, node.end); line += 1) lines.add(line);
  return lines;
}

describe('the shape of the code', () => {
  it(`has no function of more than ${FUNCTION_LINES_MAX} lines`, () => {
    const long = files.flatMap((file) =>
      nodesOf(file.program)
        .filter((node) => FUNCTIONS.has(node.type))
        .map((node) => ({ from: lineOf(file.text, node.start), to: lineOf(file.text, node.end) }))
        .filter(({ from, to }) => to - from + 1 > FUNCTION_LINES_MAX)
        .map(({ from, to }) => `${file.path}:${from} ${to - from + 1} lines`),
    );
    expect(long).toEqual([]);
  });
  it('has no name that two files export', () => {
    const places = new Map<string, Set<string>>();
    for (const file of files)
      for (const name of exportedNames(file))
        places.set(name, (places.get(name) ?? new Set()).add(file.path));
    const twice = [...places].filter(([, paths]) => paths.size > 1);
    expect(twice.map(([name, paths]) => `${name}: ${[...paths].join(', ')}`)).toEqual([]);
  });
  it('has no circle of files', () => {
    expect(circles()).toEqual([]);
  });
  it(`has no line of more than ${LINE_MAX} characters that could be broken`, () => {
    const long = files.flatMap((file) => {
      const lines = file.text.split('\n').map((line, at) => ({ line, number: at + 1 }));
      const over = lines.filter(({ line }) => line.length > LINE_MAX);
      const whole = over.length === 0 ? new Set<number>() : unbreakable(file);
      return over.filter(({ number }) => !whole.has(number)).map(({ number }) => `${file.path}:${number}`);
    });
    expect(long).toEqual([]);
  });
});
