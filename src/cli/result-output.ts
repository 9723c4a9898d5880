/** What becomes of the results of statements: text in a format, or the one document of `--json`. */
import type { Script } from '../engine/index.ts';
import { usageError } from '../model/errors.ts';
import { jsonLine } from '../report/json-text.ts';
import type { ResultText } from '../report/results/format.ts';
import { type ResultTextOptions, resultText, type TextFormat } from '../report/results/formats.ts';
import { jsonMembersText } from '../report/results/json.ts';
import { countText, plural } from '../report/text.ts';
import type { ResultSink } from './result-sink.ts';

type OnResult = NonNullable<Script['onResult']>;
type Result = Parameters<OnResult>[0];

export interface ResultOutput {
  readonly onResult: OnResult;
  /** Ends what was written. `branches`: of the answer, what was read from where. */
  finish(branches?: unknown): Promise<void>;
}

interface OutputOptions {
  readonly sink: ResultSink;
  /** At most so many rows of each result. */
  readonly limit?: number | undefined;
}

export interface TextOptions extends OutputOptions {
  readonly format: TextFormat;
  /** Asked for each result: a terminal may have another width by then. */
  readonly formatOptions: () => ResultTextOptions;
  /** Called where a limit cut rows off and the format has no place to say so. */
  readonly onCut: (rows: number) => void;
}

/** Every result in one format, one below the other. */
export function textOutput({ sink, limit, format, formatOptions, onCut }: TextOptions): ResultOutput {
  let separator = '';
  const begin = async (): Promise<void> => {
    await sink.write(separator);
    separator = BETWEEN[format];
  };
  return {
    async onResult(result) {
      if (result.kind === 'rows') {
        await begin();
        const text = resultText(format, result.columns, formatOptions());
        const { isCut, rows } = await writeRows(result, text, { sink, limit });
        if (isCut && !SAYS_SO.has(format)) onCut(rows);
      } else if (format === 'box') {
        await begin();
        await sink.write(
          result.kind === 'effect' ? 'done\n' : `${plural(result.changedRows, 'row')} changed\n`,
        );
      }
    },
    finish: () => sink.finish(),
  };
}

/** What is written between two results. JSON needs nothing: its readers take one value after the other. */
const BETWEEN: Readonly<Record<TextFormat, string>> = {
  box: '\n',
  csv: '\n',
  markdown: '\n',
  json: '',
  jsonl: '',
};
const SAYS_SO: ReadonlySet<TextFormat> = new Set(['box', 'markdown']);

/** `{"columns", "rows"}`, of several statements `{"results": [{"columns", "rows"}, …]}`. */
export function documentOutput({ sink, limit }: OutputOptions): ResultOutput {
  let several = false;
  return {
    async onResult(result, { index, count }) {
      several = count > 1;
      if (index === 0) await sink.write(several ? '{"results": [\n{' : '{');
      else await sink.write(',\n{');
      await writeRows(result, jsonMembersText(result.columns), { sink, limit });
      if (several) await sink.write('}');
    },
    async finish(branches) {
      await sink.write(several ? '\n]' : '');
      await sink.write(branches === undefined ? '' : `,\n"branches": ${jsonLine(branches)}`);
      await sink.write('}\n');
      await sink.finish();
    },
  };
}

/**
 * The rows of the last statement are in a file by then. Those before it may not return any: they would be
 * lost.
 */
export function copiedOutput(onCopied: (rows: number) => Promise<void>): ResultOutput {
  let rows = 0;
  return {
    async onResult(result, { index, count }) {
      if (result.kind === 'rows' && index < count - 1)
        throw usageError(
          'output-without-rows',
          `a Parquet file holds one result, and statement ${index + 1} of ${count} returns rows as well`,
          { hint: 'leave it out, or write each result by a command of its own' },
        );
      rows = result.changedRows;
    },
    finish: () => onCopied(rows),
  };
}

/** Writes rows until there are no more, the limit is reached, or nobody reads them. */
async function writeRows(
  result: Result,
  text: ResultText,
  { sink, limit = Number.POSITIVE_INFINITY }: OutputOptions,
): Promise<{ readonly rows: number; readonly isCut: boolean }> {
  let rows = 0;
  let isCut = false;
  for await (const part of result.parts()) {
    const taken = part.slice(0, Math.min(part.length, limit - rows));
    isCut = taken.length < part.length;
    rows += taken.length;
    if (!(await sink.write(text.rows(taken)))) return { rows, isCut: false };
    if (isCut) break;
  }
  await sink.write(text.end({ rows, isCut }));
  return { rows, isCut };
}

/** For stderr, where the result itself cannot say it. */
export const cutNote = (rows: number): string => `the first ${countText(rows)} rows; there are more`;
