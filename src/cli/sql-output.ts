/** The results of `psyberg sql`, opened where its options say. Request -> ResultOutput. */
import type { QueryOptions } from '../psyberg.ts';
import type { ResultTextOptions } from '../report/results/formats.ts';
import { PLAIN } from '../report/style.ts';
import { outputWidth } from './output-width.ts';
import { copiedOutput, cutNote, documentOutput, type ResultOutput, textOutput } from './result-output.ts';
import { descriptorSink, fileSink, heldSink, placeOf } from './result-sink.ts';
import type { Shell } from './shell.ts';
import type { ResultRequest } from './sql-options.ts';

export interface SqlOutput extends ResultOutput {
  readonly copyTo: QueryOptions['copyTo'];
  /** Takes back what was begun, as far as nobody has seen it. */
  abandon(): Promise<void>;
}

/** Opens the file of `--output`, or stdout. Throws `file-not-writable`. */
export function openOutput(shell: Shell, request: ResultRequest): SqlOutput {
  const { format, output, limit } = request;
  const isJson = shell.options.json === true;
  if (output !== undefined && format === 'parquet') return parquetOutput(shell, output, limit);
  if (output === undefined && isJson) {
    const sink = heldSink(descriptorSink(1));
    return { ...documentOutput({ sink, limit }), copyTo: undefined, abandon: () => sink.abandon() };
  }
  const sink = output === undefined ? descriptorSink(1) : fileSink(output);
  const text = textOutput({
    sink,
    limit,
    format: format === undefined || format === 'parquet' ? 'box' : format,
    formatOptions: () => (output === undefined ? forStdout(shell) : FOR_A_FILE),
    onCut: (rows) => shell.note(cutNote(rows)),
  });
  return {
    copyTo: undefined,
    onResult(...result) {
      shell.endSteps();
      return text.onResult(...result);
    },
    abandon: () => sink.abandon(),
    async finish(branches) {
      await text.finish(branches);
      if (output !== undefined) tellFile(shell, output, { format: format ?? 'box' });
    },
  };
}

const FOR_A_FILE: ResultTextOptions = {
  style: PLAIN,
  width: outputWidth({}),
  isForTerminal: false,
};

/** How results are written to stdout, for a person or for a pipe. */
export const forStdout = ({ style }: Shell): ResultTextOptions => ({
  style,
  width: outputWidth(process.stdout),
  isForTerminal: process.stdout.isTTY === true,
});

function parquetOutput(shell: Shell, output: string, limit: number | undefined): SqlOutput {
  const place = placeOf(output);
  return {
    ...copiedOutput(async (rows) => {
      place.finish();
      tellFile(shell, output, { format: 'parquet', rows: String(rows) });
    }),
    copyTo: { file: place.written, limit },
    abandon: async () => place.abandon(),
  };
}

/** What was written, to people on stderr and to programs on stdout. */
function tellFile(
  shell: Shell,
  file: string,
  about: { readonly format: string; readonly rows?: string },
): void {
  if (shell.options.json === true) shell.json({ file, ...about });
  else shell.note(`wrote ${file}${about.rows === undefined ? '' : ` (${about.rows} rows)`}`);
}
